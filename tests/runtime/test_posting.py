"""Runs posted to the real server by many at once: none is lost, none is counted twice."""

from __future__ import annotations

import gzip
import http.client
import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, text

from dashboard import tokens
from ingest.verify import verify
from tests.runtime.processes import PATIENCE, Program, Start

pytestmark = pytest.mark.processes

Json = dict[str, Any]

AGENTS = 100
POSTS = 6


def a_run(number: int) -> Json:
    return {
        "invocation_id": f"run-{number:05}",
        "agent": f"agent-{number % 7}",
        "model": "abc"[number % 3],
        "status": ("success", "failure", "error")[number % 3],
        "start_time": f"2026-11-{1 + number % 20:02}T{number % 24:02}:30:00Z",
        "durationMs": number,
        "cost_usd": number / 1000,
    }


def post(program: Program, body: Any, **headers: str) -> tuple[int, Json]:
    """One request on a connection of its own; an iterator is sent in chunks."""
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=PATIENCE)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", "/api/runs", body, named)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


@pytest.fixture
def serving(start: Start, database_url: str) -> Program:
    settings = {"DATABASE_URL": database_url, "WEB_CONCURRENCY": 2, "WEB_THREADS": 4, "POST_MAX_MB": 1}
    program = start("serve", settings=settings)
    program.wait_ready()
    return program


def bodies(agent: int) -> Iterator[Any]:
    """Runs of its own, and some that others send, too; plain, packed, and in chunks."""
    rng = random.Random(agent)
    for number in range(POSTS):
        own = [a_run(agent * 1_000 + number * 10 + n) for n in range(rng.choice([1, 2, 9]))]
        shared = [a_run(900_000 + n) for n in rng.sample(range(30), 5)]
        runs = own + shared
        rng.shuffle(runs)
        plain = b"\n".join(json.dumps(run).encode() for run in runs)
        yield (
            (plain, {}),
            (gzip.compress(plain), {"Content_Encoding": "gzip"}),
            (iter([plain[:9], plain[9:]]), {}),
        )


def test_a_hundred_agents_at_once_lose_and_double_nothing(serving: Program, engine: Engine) -> None:
    header = {"Authorization": f"Bearer {tokens.create(engine, 'agents', 'ingest')}"}
    together = Barrier(AGENTS)

    def work(agent: int) -> Counter[str]:
        found: Counter[str] = Counter()
        together.wait()
        for number, ways in enumerate(bodies(agent)):
            body, headers = ways[(agent + number) % 3]
            status, answer = post(serving, body, **headers, **header)
            assert status == 200, answer
            found.update({name: answer[name] for name in ("read", "inserted", "alreadyThere", "rejected")})
            assert answer["read"] == answer["inserted"] + answer["alreadyThere"]
        return found

    with ThreadPoolExecutor(AGENTS) as pool:
        total: Counter[str] = sum(pool.map(work, range(AGENTS)), Counter())
    sent = {
        json.loads(line)["invocation_id"]
        for a in range(AGENTS)
        for ways in bodies(a)
        for line in ways[0][0].split(b"\n")
    }
    with engine.connect() as connection:
        stored = list(connection.execute(text("SELECT invocation_id FROM agent_execution")).scalars())
        log = connection.execute(text("SELECT sum(read), sum(inserted), count(*) FROM data_import")).one()
    assert len(stored) == len(set(stored)) == total["inserted"]
    assert set(stored) == sent
    assert (log[0], log[1]) == (total["read"], total["inserted"])
    assert log[2] <= 2  # one for the hour, two where the clock strikes meanwhile
    assert verify(engine) == []


def test_a_token_is_refused_by_all_workers_once_it_is_revoked(serving: Program, engine: Engine) -> None:
    header = {"Authorization": f"Bearer {tokens.create(engine, 'short', 'ingest')}"}
    body = json.dumps(a_run(1)).encode()
    assert {post(serving, body, **header)[0] for _ in range(12)} == {200}
    tokens.revoke(engine, "short")
    assert {post(serving, body, **header)[0] for _ in range(12)} == {401}


def test_too_much_is_refused_in_words_that_arrive(serving: Program) -> None:
    """Also where it comes in chunks, and to a client that reads nothing before it has sent everything."""
    for body in (b" " * 9_000_000, iter([b" " * 1_000_000] * 9), gzip.compress(b" " * 9_000_000)):
        status, answer = post(serving, body)
        assert (status, answer["error"]["code"]) == (413, "body_too_large")
    assert post(serving, json.dumps(a_run(1)).encode())[0] == 200
