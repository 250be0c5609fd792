"""The client against the real server: nothing is lost or doubled, and nothing ever reaches the agent."""

from __future__ import annotations

import asyncio
import base64
import contextvars
import functools
import gc
import http.server
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import Engine, text

from dashboard import tokens
from fixer_client import Client, current_run, sending
from ingest.verify import verify
from tests.runtime.processes import PATIENCE, ROOT, Program, Start, free_port, wait_until

pytestmark = pytest.mark.processes

SERVE = {"WEB_CONCURRENCY": 1, "WEB_THREADS": 4}


@pytest.fixture
def serving(start: Start, database_url: str) -> Program:
    program = start("serve", settings=SERVE | {"DATABASE_URL": database_url})
    program.wait_ready()
    return program


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(sending, "LONGEST_PAUSE", 0.2)
    monkeypatch.setattr(sending, "REFUSED_PAUSE", 0.2)


def rows(engine: Engine, columns: str = "invocation_id") -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(f"SELECT {columns} FROM agent_execution ORDER BY start_time")))


def number(engine: Engine) -> int:
    return len(rows(engine))


def test_a_run_is_told_as_it_goes(serving: Program, engine: Engine, spool: Path) -> None:
    client = Client(serving.address, spool=spool, agent="fixer", agent_version="2.5.0")
    with client.run(model="opus", repository="a/b") as run:
        assert current_run() is run
        run.llm_call(input_tokens=100, output_tokens=20, cost_usd=0.25)
        run.llm_call(input_tokens=50, output_tokens=5, cost_usd=0.5)
        run.tool("bash", 2)
        run.tool("edit")
        run.set(files_modified=["a.py"])
    with client.run(model="opus") as run:
        run.fail("2 tests failed")
    with pytest.raises(ZeroDivisionError), client.run(model="opus"):
        _ = 1 / 0
    with pytest.raises(SystemExit), client.run(model="opus"):
        sys.exit(0)
    current_run().tool("outside of any run")
    assert client.flush(PATIENCE)
    columns = "agent, agent_version, status, input_tokens, output_tokens, cost_usd::float, llm_call_count, "
    columns += "tool_call_count, tools_used, files_modified, error_category, duration_ms >= 0, attributes"
    first, second, third, fourth = rows(engine, columns)
    assert tuple(first) == ("fixer", "2.5.0", "success", 150, 25, 0.75, 2, 3, {"bash": 2, "edit": 1}, ["a.py"], None, True, {"repository": "a/b"})  # fmt: skip
    assert (second.status, second.error_category) == ("failure", "test_failure")
    assert third.status == "error"
    assert fourth.status == "success"
    template = rows(engine, "error_template")[2].error_template
    assert template == "ZeroDivisionError: division by zero"


def test_a_decorated_function_is_a_run_for_each_call(serving: Program, engine: Engine, spool: Path) -> None:
    client = Client(serving.address, spool=spool)

    @client.run(model="m")
    def work(task: int) -> int:
        current_run().set(task=task)
        if task == 3:
            raise ValueError("three")
        return task * 2

    @client.run(model="n")
    async def later(task: int) -> int:
        await asyncio.sleep(0)
        current_run().set(task=task)
        return task

    async def both() -> list[int]:
        return await asyncio.gather(later(8), later(9))

    assert (work(1), work(2), asyncio.run(both())) == (2, 4, [8, 9])
    with pytest.raises(ValueError, match="three"):
        work(3)
    assert work.__name__ == "work"
    assert client.flush(PATIENCE)
    found = sorted(
        (r.model, r.attributes["task"], r.status) for r in rows(engine, "model, attributes, status")
    )
    assert found == [
        ("m", 1, "success"),
        ("m", 2, "success"),
        ("m", 3, "error"),
        ("n", 8, "success"),
        ("n", 9, "success"),
    ]


def test_a_decorated_generator_is_a_run_until_its_end(serving: Program, engine: Engine, spool: Path) -> None:
    client = Client(serving.address, spool=spool)

    @client.run(model="m")
    def steps(task: int) -> Iterator[int]:
        current_run().set(task=task)
        yield 1
        if task == 2:
            raise ValueError("two")
        current_run().tool("bash")
        yield 2

    @client.run(model="n")
    async def later() -> AsyncIterator[int]:
        yield 3
        current_run().tool("edit")

    async def all_of_it() -> list[int]:
        return [one async for one in later()]

    assert (list(steps(1)), asyncio.run(all_of_it())) == ([1, 2], [3])
    with pytest.raises(ValueError, match="two"):
        list(steps(2))
    left = steps(3)
    next(left)
    left.close()  # type: ignore[attr-defined]
    assert client.flush(PATIENCE)
    found = rows(engine, "model, attributes ->> 'task' AS task, status, tools_used")
    assert sorted(map(tuple, found), key=str) == [
        ("m", "1", "success", {"bash": 1}),
        ("m", "2", "error", None),
        ("m", "3", "success", None),
        ("n", None, "success", {"edit": 1}),
    ]


def test_what_takes_from_a_generator_is_not_in_its_run(serving: Program, engine: Engine, spool: Path) -> None:
    """Nor does the generator lose it between two of its steps, whatever its taker has begun meanwhile."""
    client = Client(serving.address, spool=spool)

    @client.run(model="m")
    def steps() -> Generator[str, str, str]:
        told = yield current_run().id
        with client.run(model="inner") as inner:
            try:
                yield current_run().id
            except KeyError:
                inner.fail("thrown in")
        current_run().set(told=told)
        return current_run().id

    taken = steps()
    with client.run(model="taker") as taker:
        first = next(taken)
        assert current_run() is taker
        second = taken.send("hello")
        assert current_run() is taker
        with pytest.raises(StopIteration) as end:
            taken.throw(KeyError())
        assert (end.value.value, current_run()) == (first, taker)
    assert len({first, second, taker.id}) == 3
    assert client.flush(PATIENCE)
    found = rows(engine, "invocation_id, model, status, attributes ->> 'told' AS told")
    assert sorted(map(tuple, found), key=lambda row: row[1]) == [
        (second, "inner", "failure", None),
        (first, "m", "success", "hello"),
        (taker.id, "taker", "success", None),
    ]


def test_async_generators_side_by_side_keep_their_runs_apart(
    serving: Program, engine: Engine, spool: Path
) -> None:
    """Taken in turn by one task, one to its end, one closed in the middle and one cancelled."""
    client = Client(serving.address, spool=spool)

    @client.run(model="m")
    async def later(task: int) -> AsyncGenerator[str, None]:
        for _ in range(2):
            await asyncio.sleep(0)
            current_run().set(task=task)
            yield current_run().id

    async def in_turn() -> None:
        one, two = later(1), later(2)
        ids = [await anext(one), await anext(two), await anext(one)]
        assert ids[0] == ids[2] != ids[1]
        assert current_run().id not in ids
        assert [item async for item in one] == []
        await two.aclose()
        three = later(3)
        await anext(three)
        with pytest.raises(asyncio.CancelledError):
            await three.athrow(asyncio.CancelledError())

    asyncio.run(in_turn())
    assert client.flush(PATIENCE)
    found = rows(engine, "attributes ->> 'task' AS task, status")
    assert sorted(map(tuple, found)) == [("1", "success"), ("2", "success"), ("3", "error")]


def test_objects_that_are_called_and_awaited_are_measured_to_their_end(
    serving: Program, engine: Engine, spool: Path
) -> None:
    client = Client(serving.address, spool=spool)

    class Agent:
        async def __call__(self, task: int) -> None:
            await asyncio.sleep(0)
            current_run().set(task=task)

    async def tell(task: int, more: int) -> None:
        await Agent()(task + more)

    run = client.run(model="m")
    asyncio.run(run(Agent())(1))
    asyncio.run(run(functools.partial(tell, 2))(3))  # type: ignore[arg-type]
    assert client.flush(PATIENCE)
    assert sorted(row.task for row in rows(engine, "attributes ->> 'task' AS task")) == ["1", "5"]


def test_a_run_that_is_over_is_not_the_current_one_anywhere(spool: Path) -> None:
    """It was begun in a context that its end, elsewhere, could not put back."""
    client = Client("http://127.0.0.1:1", spool=spool)
    with client.run() as outer:
        run = client.run()
        run.__enter__()
        contextvars.copy_context().run(run.__exit__, None, None, None)
        assert current_run() is outer
    client.close()


def test_a_run_that_ends_in_another_context_is_told_all_the_same(
    serving: Program, engine: Engine, spool: Path
) -> None:
    client = Client(serving.address, spool=spool)

    def steps() -> Iterator[int]:
        with client.run(model="m"):
            yield 1
            yield 2

    running = steps()
    contextvars.copy_context().run(next, running)
    assert list(running) == [2]
    assert client.flush(PATIENCE)
    assert [row.status for row in rows(engine, "status")] == ["success"]


def test_from_many_threads_each_run_arrives_once(serving: Program, engine: Engine, spool: Path) -> None:
    client = Client(serving.address, tokens.create(engine, "agents", "ingest"), spool=spool)

    def work(_: int) -> None:
        for _ in range(20):
            with client.run(model="m"):
                pass

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(20)))
    client.close()
    assert number(engine) == 400
    assert verify(engine) == []


def test_a_start_is_announced_and_ends(serving: Program, engine: Engine, spool: Path) -> None:
    client = Client(serving.address, spool=spool, announce=True)
    with client.run(model="m") as run:
        assert client.flush(PATIENCE)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT invocation_id FROM run_in_flight")).scalars().all() == [
                run.id
            ]
        assert number(engine) == 0
    assert client.flush(PATIENCE)
    assert rows(engine) == [(run.id,)]


def test_what_is_told_while_the_server_is_away_comes_when_it_is_back(
    start: Start, database_url: str, engine: Engine, spool: Path
) -> None:
    """Killed in the middle, too: what it had answered is not sent again, the rest is; each run is there once."""
    port = free_port()
    settings = SERVE | {"DATABASE_URL": database_url, "PORT": port}
    client = Client(f"http://127.0.0.1:{port}", spool=spool)
    client.send({"start_time": "2026-11-20T10:00:00Z", "model": "before"})
    assert client.flush(PATIENCE)
    assert len(list(spool.glob("*.jsonl"))) == 1
    program = start("serve", settings=settings)
    program.wait_ready()
    wait_until(lambda: number(engine) == 1, "the spooled run is sent, with nothing else to send")
    sent = 0
    for _ in range(3):
        for _ in range(100):
            client.send({"start_time": "2026-11-20T10:00:00Z", "model": "during", "number": sent})
            sent += 1
        program.remember()
        program.end(signal.SIGKILL)
        for process in program.seen.values():
            if process.is_running():
                process.kill()
        assert client.flush(PATIENCE)
        program = start("serve", settings=settings)
        program.wait_ready()
    wait_until(lambda: number(engine) == sent + 1, "all that was told")
    wait_until(lambda: not list(spool.glob("*.jsonl")), "an empty spool")
    assert (client.lost, verify(engine)) == (0, [])


def test_a_spool_is_sent_by_the_next_process(serving: Program, engine: Engine, spool: Path) -> None:
    away = Client(f"http://127.0.0.1:{free_port()}", spool=spool)
    for _ in range(450):
        away.send({"start_time": "2026-11-20T10:00:00Z", "note": "x"})
    away.close()
    assert len(list(spool.glob("*.jsonl"))) >= 1
    (spool / "00-broken.jsonl").write_bytes(b'{"invocation_id": "cut\n\xff\xfe\n')
    client = Client(serving.address, spool=spool)
    client.send({"start_time": "2026-11-20T10:00:00Z"})
    wait_until(lambda: number(engine) == 451 and not list(spool.glob("*.jsonl")), "the spool of the other")
    assert away.lost == client.lost == 0


def test_what_cannot_be_read_of_a_spool_stays_and_the_rest_is_sent(
    serving: Program, engine: Engine, spool: Path
) -> None:
    spool.mkdir()
    (spool / "00-unreadable.jsonl").symlink_to(spool)
    (spool / "01.jsonl").write_text('{"start_time": "2026-11-20T10:00:00Z"}\n')
    client = Client(serving.address, spool=spool)
    client.send({"start_time": "2026-11-20T10:00:00Z"})
    wait_until(lambda: number(engine) == 2, "the rest of the spool")
    client.close()
    assert [file.name for file in spool.iterdir()] == ["00-unreadable.jsonl"]


def test_a_spool_is_read_by_its_owner_alone(spool: Path) -> None:
    spool.mkdir(mode=0o755)
    client = Client(f"http://127.0.0.1:{free_port()}", spool=spool)
    client.send({"start_time": "2026-11-20T10:00:00Z", "error_message": "of nobody else's business"})
    client.close()
    (file,) = spool.glob("*.jsonl")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_token_as_files_hold_it_is_taken_and_none_is_told(
    serving: Program, engine: Engine, spool: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = tokens.create(engine, "of a file", "ingest")
    Client(serving.address, f"{token}\n", spool=spool).send({"start_time": "2026-11-20T10:00:00Z"})
    wait_until(lambda: number(engine) == 1, "the run")
    broken = Client(serving.address, f"{token}\nmore", spool=spool)
    broken.send({"start_time": "2026-11-20T10:00:00Z"})
    assert broken.flush(PATIENCE)
    broken.close()
    assert "characters that no token has" in caplog.text
    assert token not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "http://bot:s3cret@127.0.0.1:{port}/?key=s3cret",
        "bot:s3cret@127.0.0.1:{port}",
        "http://bot:s3cret@[",
        "http://bot:s3cret/x@127.0.0.1:{port}",
        "http://bot:s3cret#x@127.0.0.1:{port}",
        "ftp://bot:s3cret@127.0.0.1:{port}",
        "bot:s3cret@http://127.0.0.1:{port}",
    ],
)
@pytest.mark.parametrize("answers", [(401, b"no"), (503, b"")])
def test_a_password_in_the_address_is_never_told(
    impostor: str,
    spool: Path,
    url: str,
    answers: tuple[int, bytes],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(Impostor, "answers", answers)
    caplog.set_level(logging.DEBUG, "fixer_client")
    client = Client(url.format(port=impostor.rpartition(":")[2]), spool=spool, exit_seconds=1)
    client.send({"start_time": "2026-11-20T10:00:00Z"})
    assert client.flush(PATIENCE)
    client.close()
    assert len(list(spool.glob("*.jsonl"))) == 1
    assert "/api/runs" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_password_in_the_address_is_for_the_proxy_before_the_server(impostor: str, spool: Path) -> None:
    """A token goes before it; there is one header for both."""
    for token in (None, "a-token"):
        client = Client(impostor.replace("//", "//bot:p%40ss@"), token, spool=spool, exit_seconds=1)
        client.send({"start_time": "2026-11-20T10:00:00Z"})
        assert client.flush(PATIENCE)
        client.close()
    basic = base64.b64encode(b"bot:p@ss").decode()
    assert Impostor.shown[0] == f"Basic {basic}"
    assert Impostor.shown[-1] == "Bearer a-token"


def test_what_a_killed_process_left_half_written_is_removed(spool: Path) -> None:
    spool.mkdir()
    old, young = spool / ".old.part", spool / ".young.part"
    old.write_bytes(b"x" * 1_000)
    young.write_bytes(b"x")
    os.utime(old, (time.time() - 7_200, time.time() - 7_200))
    client = Client(f"http://127.0.0.1:{free_port()}", spool=spool)
    client.send({"start_time": "2026-11-20T10:00:00Z"})
    client.close()
    assert sorted(file.suffix for file in spool.iterdir()) == [".jsonl", ".part"]
    assert young.exists()


def test_a_client_that_is_closed_is_held_by_nobody(spool: Path) -> None:
    client = Client(f"http://127.0.0.1:{free_port()}", spool=spool)
    client.send({"start_time": "2026-11-20T10:00:00Z"})
    client.close()
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("trouble", ["a file", "full"])
def test_without_a_spool_runs_wait_in_memory_and_are_counted_when_lost(tmp_path: Path, trouble: str) -> None:
    folder = tmp_path / "spool"
    if trouble == "a file":
        folder.write_text("in the way")
    room = 1 if trouble == "full" else 2**20
    client = Client(
        f"http://127.0.0.1:{free_port()}", spool=folder, spool_bytes=room, most_waiting=300, exit_seconds=1
    )
    for _ in range(1_000):
        client.send({"start_time": "2026-11-20T10:00:00Z"})
    assert client.flush(0.1) is False
    client.close()
    assert client.lost == 1_000


def test_a_run_that_waits_in_memory_is_sent_when_the_server_comes(
    start: Start, database_url: str, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "spool").write_text("in the way")
    port = free_port()
    client = Client(f"http://127.0.0.1:{port}", spool=tmp_path / "spool")
    for _ in range(50):
        client.send({"start_time": "2026-11-20T10:00:00Z"})
    assert client.flush(0.1) is False
    start("serve", settings=SERVE | {"DATABASE_URL": database_url, "PORT": port}).wait_ready()
    assert client.flush(PATIENCE)
    assert (number(engine), client.lost) == (50, 0)


class Impostor(http.server.BaseHTTPRequestHandler):
    """Something that answers, and is not Fixer Metrics."""

    answers: tuple[int, bytes] = (200, b"<html>log in</html>")
    asked: ClassVar[list[str]] = []
    shown: ClassVar[list[str | None]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(self.path)
        self.shown.append(self.headers["Authorization"])
        status, body = self.answers
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def impostor() -> Iterator[str]:
    Impostor.asked.clear()
    Impostor.shown.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Impostor) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    "answers",
    [
        (200, b"<html>log in</html>"),
        (200, b'{"read": 7, "rejections": []}'),
        (200, b"[]"),
        (200, b'{"read": 1, "rejections": 7}'),
        (200, b'{"read": 1, "rejections": ["no object"]}'),
        (200, b"[" * 100_000),
        (302, b""),
        (401, b'{"error": {}}'),
        (404, b""),
        (429, b""),
        (500, b"\xff"),
        (503, b""),
    ],
)
def test_nothing_is_taken_for_done_that_is_not(
    impostor: str, spool: Path, answers: tuple[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Impostor, "answers", answers)
    client = Client(impostor, "a-token", spool=spool, exit_seconds=1)
    client.send({"start_time": "2026-11-20T10:00:00Z"})
    assert client.flush(PATIENCE)
    client.close()
    assert len(list(spool.glob("*.jsonl"))) == 1
    assert set(Impostor.asked) == {"/api/runs"}


@pytest.mark.parametrize(
    "url", ["", "nonsense", "file:///etc/passwd", "http://", "http://[", "http://127.0.0.1:1/a b\n"]
)
def test_a_wrong_address_is_no_trouble_of_the_agents(spool: Path, url: str) -> None:
    client = Client(url or "ftp://x", spool=spool, exit_seconds=1)
    with client.run(model="m") as run:
        run.llm_call(input_tokens="many")  # type: ignore[arg-type]
        run.llm_call(input_tokens=1)
        run.tool(["x"])  # type: ignore[arg-type]
        run.set(odd=object(), worse={1: {2}})
    client.close()
    assert len(list(spool.glob("*.jsonl"))) == 1


def test_a_server_that_hangs_does_not_hold_the_end_up(spool: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(f"http://127.0.0.1:{silent.getsockname()[1]}", spool=spool, exit_seconds=0.5)
        client.send({"start_time": "2026-11-20T10:00:00Z"})
        began = time.monotonic()
        client.close()
        took = time.monotonic() - began
    assert took < sending.REQUEST_SECONDS  # by far: it is the limit of a single request
    assert len(list(spool.glob("*.jsonl"))) == 1


SCRIPT = """
    import os, sys
    sys.path.insert(0, {root!r})
    from fixer_client import Client
    client = Client({url!r}, spool={spool!r}, agent="script")
    with client.run(model="m"):
        pass
    if os.fork() == 0:
        with client.run(model="child"):
            pass
        sys.exit()
    os.wait()
"""


def test_it_needs_no_package_and_sends_at_the_end_of_the_program(
    serving: Program, engine: Engine, spool: Path
) -> None:
    """Without site-packages; and a child that is forked sends its own, and not the parent's again."""
    script = textwrap.dedent(SCRIPT.format(root=str(ROOT), url=serving.address, spool=str(spool)))
    ended = subprocess.run(
        [sys.executable, "-S", "-I", "-W", "error", "-c", script], capture_output=True, text=True, timeout=PATIENCE,
        check=False, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert sorted(row.model for row in rows(engine, "model")) == ["child", "m"]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT sum(read) FROM data_import")).scalar_one() == 2


def test_a_record_too_large_is_left_out_and_the_others_go(
    start: Start, database_url: str, engine: Engine, spool: Path
) -> None:
    program = start(
        "serve", settings=SERVE | {"DATABASE_URL": database_url, "POST_MAX_MB": 1, "POST_MAX_RUNS": 7}
    )
    program.wait_ready()
    client = Client(program.address, spool=spool)
    for note in ("x", "y" * 2**21, "z"):
        client.send({"start_time": "2026-11-20T10:00:00Z", "note": note})
    for _ in range(30):
        client.send(json.loads('{"start_time": "2026-11-20T10:00:00Z"}'))
    client.close()
    assert (number(engine), client.lost) == (32, 1)
