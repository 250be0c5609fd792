"""POST /api/runs: what is kept, what is refused and how that is told; never a 500, whatever is sent."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from dashboard import tokens
from dashboard.api.intake import LIMITS, Limits
from ingest.imports import take_back
from ingest.verify import verify

Json = dict[str, Any]
Post = Callable[..., Json]

START = "2026-11-20T10:00:00Z"


def a_run(number: int = 1, **fields: Any) -> Json:
    return {"invocation_id": f"run-{number}", "start_time": START, "status": "success", "model": "m"} | fields


@pytest.fixture
def post(client: FlaskClient) -> Post:
    """Sends a body (JSON of what is not bytes); gives the answer, of the status that is expected."""

    def send(body: Any, status: int = 200, query: str = "", **headers: str) -> Json:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = client.post(f"/api/runs{query}", data=data, headers=named)
        assert response.status_code == status, response.text
        assert response.mimetype == "application/json"
        return dict(response.json or {})

    return send


def counts(answer: Json) -> Json:
    """The counts that are not 0."""
    return {name: number for name, number in answer.items() if type(number) is int and number} | {}


def brought(answer: Json) -> Json:
    found = counts(answer)
    found.pop("importId", None)
    return found


def stored(engine: Engine, columns: str = "invocation_id") -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        rows = connection.execute(text(f"SELECT {columns} FROM agent_execution ORDER BY invocation_id"))
        return [tuple(row) for row in rows]


LINES = b"\n".join(json.dumps(a_run(number)).encode() for number in (1, 2, 3))


@pytest.mark.parametrize(
    "body",
    [
        [a_run(1), a_run(2), a_run(3)],
        json.dumps([a_run(1), a_run(2), a_run(3)], indent=2).encode(),
        LINES,
        LINES + b"\n",
        b"\xef\xbb\xbf" + LINES.replace(b"\n", b"\r\n\r\n"),
        gzip.compress(LINES, mtime=0),
        gzip.compress(LINES[: len(LINES) // 2], mtime=0) + gzip.compress(LINES[len(LINES) // 2 :], mtime=0),
    ],
)
def test_an_array_or_one_a_line_plain_or_packed(post: Post, engine: Engine, body: Any) -> None:
    assert brought(post(body)) == {"read": 3, "inserted": 3}
    assert stored(engine) == [("run-1",), ("run-2",), ("run-3",)]
    assert brought(post(body)) == {"read": 3, "alreadyThere": 3}
    assert verify(engine) == []


def test_one_run_in_the_words_of_its_source(post: Post, engine: Engine) -> None:
    run = {
        "executionId": "x", "agentName": "claude-code 2.1.49", "modelName": "opus", "outcome": "failure",
        "startedAt": "2026-11-20T11:00:00+01:00", "durationMs": 1500, "promptTokens": 10, "completionTokens": 5,
        "reportedCostUsd": 0.25, "errorMessage": "tests fail", "repository": "a/b", "toolsUsed": {"bash": 2},
    }  # fmt: skip
    assert brought(post(run)) == {"read": 1, "inserted": 1}
    columns = "invocation_id, agent, agent_version, model, status, start_time::text, duration_ms::text, "
    columns += "total_tokens, cost_usd::text, cost_source, error_category, attributes"
    assert stored(engine, columns) == [
        ("x", "claude-code", "2.1.49", "opus", "failure", "2026-11-20 10:00:00+00", "1500.000",
         15, "0.250000000", "reported", "test_failure", {"repository": "a/b"})
    ]  # fmt: skip


@pytest.mark.parametrize("header", ["gzip", "x-gzip", "GZIP"])
def test_a_packed_body_may_say_so(post: Post, header: str) -> None:
    assert post(gzip.compress(LINES), Content_Encoding=header)["inserted"] == 3


def test_good_runs_are_kept_and_bad_ones_named_by_place_field_value_and_reason(
    post: Post, engine: Engine
) -> None:
    body = b"\n".join(
        [
            orjson.dumps(a_run(0)),
            orjson.dumps(a_run(1, status="sucess")),
            b"",
            b'{"invocation_id": "cut',
            orjson.dumps({"invocation_id": "run-3"}),
            orjson.dumps(a_run(4, input_tokens=-1)),
            orjson.dumps(a_run(5)),
        ]
    )
    answer = post(body)
    assert brought(answer) == {"read": 6, "inserted": 2, "rejected": 4}
    told = [(r["index"], r["field"], r["value"], r["code"]) for r in answer["rejections"]]
    assert told == [
        (1, "status", "sucess", "unknown_status"),
        (2, "record", '{"invocation_id": "cut', "invalid_json"),
        (3, "start_time", None, "no_start_time"),
        (4, "input_tokens", -1, "negative"),
    ]
    assert "Did you mean 'success'?" in answer["rejections"][0]["reason"]
    assert not any("--" in rejection["reason"] for rejection in answer["rejections"])
    assert stored(engine) == [("run-0",), ("run-5",)]


def test_a_status_alone_tells_that_nothing_entered(post: Post) -> None:
    answer = post(a_run(status="sucess"), 422)
    assert brought(answer) == {"read": 1, "rejected": 1}
    assert brought(post([])) == {}


def test_the_first_record_of_a_run_stays_unless_a_later_one_says_otherwise(
    post: Post, engine: Engine
) -> None:
    post([a_run(1), a_run(2)])
    answer = post([a_run(1, model="n"), a_run(2)])
    assert brought(answer) == {"read": 2, "differing": 1, "alreadyThere": 1}
    assert answer["differingIds"] == ["run-1"]
    assert stored(engine, "model") == [("m",), ("m",)]
    assert brought(post(a_run(1, model="n", replace=True))) == {"read": 1, "replaced": 1}
    assert brought(post([a_run(2, model="n"), a_run(1, model="n")], query="?replace=true")) == {
        "read": 2, "replaced": 1, "alreadyThere": 1,
    }  # fmt: skip
    assert brought(post(a_run(2, model="o", replace=False), query="?replace=true"))["differing"] == 1
    assert stored(engine, "model, attributes") == [("n", {}), ("n", {})]
    assert verify(engine) == []


def test_records_of_one_run_count_in_the_order_of_the_request(post: Post, engine: Engine) -> None:
    both = [
        a_run(1, model="a", replace=True),
        a_run(1, model="b"),
        a_run(2, model="a"),
        a_run(2, model="b", replace=True),
    ]
    assert brought(post(both)) == {"read": 4, "inserted": 2, "differing": 1, "replaced": 1}
    assert stored(engine, "model") == [("a",), ("b",)]
    assert verify(engine) == []


def test_replace_is_true_or_false(post: Post) -> None:
    assert post(a_run(replace="yes"), 422)["rejections"][0]["code"] == "not_a_boolean"
    error = post(a_run(), 400, query="?replace=yes")["error"]
    assert (error["code"], error["parameter"]) == ("bad_replace", "replace")
    assert post(a_run(), 400, query="?replace=true&replace=true")["error"]["code"] == "repeated_parameter"
    assert "Did you mean 'replace'?" in post(a_run(), 400, query="?replce=true")["error"]["message"]


def test_input_without_cache_is_added_up(post: Post, engine: Engine) -> None:
    run = a_run(1, input_tokens=10, cache_read_tokens=100)
    assert post(run, 422)["rejections"][0]["code"] == "cache_over_input"
    assert post(run, query="?input_excludes_cache=true")["inserted"] == 1
    assert stored(engine, "input_tokens") == [(110,)]


@pytest.mark.parametrize(
    ("body", "status", "code", "headers"),
    [
        (b"", 400, "bad_body", {}),
        (b" \n ", 400, "bad_body", {}),
        (gzip.compress(b"", mtime=0), 400, "bad_body", {}),
        (gzip.compress(LINES, mtime=0)[:-12], 400, "bad_body", {}),
        (b"\x1f\x8bnonsense-nonsense", 400, "bad_body", {}),
        (LINES, 400, "bad_body", {"Content_Encoding": "gzip"}),
        (LINES, 415, "bad_packing", {"Content_Encoding": "br"}),
        (LINES, 415, "bad_packing", {"Content_Encoding": "gzip, gzip"}),
        (LINES, 403, "cross_origin", {"Origin": "http://elsewhere"}),
        (LINES, 403, "cross_origin", {"Sec_Fetch_Site": "cross-site"}),
    ],
)
def test_what_cannot_be_read_at_all_is_refused_as_a_whole(
    post: Post, engine: Engine, body: bytes, status: int, code: str, headers: dict[str, str]
) -> None:
    error = post(body, status, **headers)["error"]
    assert error["code"] == code
    assert error["allowed"]
    assert stored(engine) == []


def test_limits_are_told_and_nothing_is_written(client: FlaskClient, post: Post, engine: Engine) -> None:
    client.application.config[LIMITS] = Limits(most_bytes=2**20, most_runs=3)
    assert post(LINES)["inserted"] == 3
    error = post([a_run(number) for number in range(4, 8)], 413)["error"]
    assert (error["code"], "at most 3 runs" in error["allowed"]) == ("too_many_runs", True)
    for body in (b" " * (2**20 + 1), gzip.compress(b" " * (2**20 + 1))):
        error = post(body, 413)["error"]
        assert (error["code"], "at most 1 MB" in error["allowed"]) == ("body_too_large", True)
    assert post(b" " * (2**20 - len(LINES)) + LINES)["alreadyThere"] == 3
    assert len(stored(engine)) == 3


def test_a_gzip_bomb_is_given_up_at_the_limit(post: Post) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"\0" * 2**24) for _ in range(64)) + packer.flush()  # a gigabyte
    assert len(bomb) < 2**21
    assert post(bomb, 413)["error"]["code"] == "body_too_large"


def test_a_body_of_nothing_but_empty_members_of_gzip_is_soon_read(post: Post) -> None:
    # Copied whole for each of its members these 16 MB would be ten minutes of a processor.
    empty = gzip.compress(b"")
    assert post(empty * (2**24 // len(empty)), 400)["error"]["code"] == "bad_body"


def test_small_requests_share_an_import_of_the_hour_and_large_ones_have_their_own(
    post: Post, engine: Engine
) -> None:
    first, second = post(a_run(1)), post([a_run(2), a_run(2, status="x"), a_run(1)])
    assert first["importId"] == second["importId"]
    large = post([a_run(number) for number in range(100, 301)])
    assert large["importId"] not in (None, first["importId"])
    statement = "SELECT source, read, inserted, already_there, rejected, finished_at IS NULL FROM data_import"
    with engine.connect() as connection:
        rows = connection.execute(text(f"{statement} ORDER BY import_id")).all()
    assert rows[0].source.startswith("api: without a token 20")
    assert rows[0].source.endswith(" UTC")
    assert tuple(rows[0])[1:] == (4, 2, 1, 1, False)
    assert tuple(rows[1])[1:] == (201, 201, 0, 0, False)
    assert take_back(engine, first["importId"]) == 2
    assert len(stored(engine)) == 201
    again = post([a_run(1), a_run(2)])
    assert brought(again) == {"read": 2, "inserted": 2}
    assert again["importId"] not in (first["importId"], large["importId"])
    assert take_back(engine, first["importId"]) == 0
    assert verify(engine) == []


def test_who_sends_is_in_the_log(post: Post, engine: Engine) -> None:
    token = tokens.create(engine, "nightly", "ingest")
    answer = post(a_run(1), Authorization=f"Bearer {token}")
    with engine.connect() as connection:
        asked = text("SELECT source FROM data_import WHERE import_id = :id")
        source = connection.execute(asked, {"id": answer["importId"]}).scalar_one()
    assert source.startswith("api: nightly 20")


def test_a_token_is_asked_for_as_soon_as_there_is_one(
    client: FlaskClient, post: Post, engine: Engine
) -> None:
    good = tokens.create(engine, "nightly", "ingest")
    eyes = tokens.create(engine, "eyes", "viewer")
    for header, status, code, said in (
        ({}, 401, "token_needed", 'Bearer realm="Fixer Metrics"'),
        ({"Authorization": "Bearer "}, 401, "token_unknown", "invalid_token"),
        ({"Authorization": "Bearer fxm_no"}, 401, "token_unknown", "invalid_token"),
        ({"Authorization": f"Bearer {eyes}"}, 403, "role_too_low", "insufficient_scope"),
    ):
        response = client.post("/api/runs", json=a_run(), headers=header)
        assert (response.status_code, response.json["error"]["code"]) == (status, code)
        assert said in response.headers["WWW-Authenticate"]
    assert stored(engine) == []
    assert post(a_run(), Authorization=f"Bearer {good}")["inserted"] == 1
    tokens.revoke(engine, "nightly")
    assert post(a_run(2), 401, Authorization=f"Bearer {good}")["error"]["code"] == "token_unknown"


def test_a_body_that_says_it_is_lines_is_read_by_the_line(post: Post, engine: Engine) -> None:
    """A first line that is cut would else look like an object over several lines."""
    body = b'{"invocation_id": "cut\n\xff\xfe\n' + orjson.dumps(a_run(7)) + b"\n"
    answer = post(body, Content_Type="application/x-ndjson; charset=utf-8")
    assert brought(answer) == {"read": 3, "inserted": 1, "rejected": 2}
    assert [r["code"] for r in answer["rejections"]] == ["invalid_json", "invalid_utf8"]
    assert stored(engine) == [("run-7",)]


DIE = (
    "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'",
    "CREATE TRIGGER die BEFORE INSERT ON execution_key FOR EACH ROW EXECUTE FUNCTION die()",
)


def test_a_database_that_goes_away_in_the_middle_of_a_write_is_told_as_such(
    client: FlaskClient, post: Post, engine: Engine
) -> None:
    with engine.begin() as connection:
        for statement in DIE:
            connection.exec_driver_sql(statement)
    response = client.post("/api/runs", json=a_run())
    assert (response.status_code, response.json["error"]["code"]) == (503, "database_away")
    assert response.headers["Retry-After"]
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER die ON execution_key")
    assert brought(post(a_run())) == {"read": 1, "inserted": 1}
    assert verify(engine) == []


HOSTILE = ["<script>alert(1)</script>", "\ud800", "\x00", "=cmd()", "x" * 600, "١٢", "null", "🧨", -1, 1e400, 2**70, True,
           None, [], {}, [[["x"]]], {"a": {"b": "\x00"}}, "2026-11-20T10:00:00Z", "2026-11-20", float("nan")]  # fmt: skip
FIELDS = ["invocation_id", "status", "start_time", "endTime", "model", "agent", "cost_usd", "toolsUsed", "attributes",
          "input_tokens", "cached_tokens", "files_modified", "error_message", "replace", "_rejected", "whatever", "\ud800", ""]  # fmt: skip
VALUES = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20), st.integers(), st.floats())
RECORDS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8)
RUNS = st.builds(lambda fields: a_run(1) | fields, RECORDS)
BODIES = st.one_of(
    st.lists(st.one_of(RECORDS, RUNS), max_size=4).map(json.dumps).map(str.encode),
    st.lists(st.one_of(RECORDS, RUNS), max_size=4).map(
        lambda some: "\n".join(map(json.dumps, some)).encode()
    ),
    st.one_of(RECORDS, RUNS).map(json.dumps).map(str.encode),
    st.binary(max_size=60),
    st.text(max_size=60).map(lambda some: some.encode(errors="surrogatepass")),
    st.binary(max_size=60).map(gzip.compress),
)


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=BODIES, cut=st.integers(0, 12), packed=st.booleans())
def test_whatever_is_sent_is_answered_and_counted(
    client: FlaskClient, engine: Engine, body: bytes, cut: int, packed: bool
) -> None:
    body = body[:-cut] if cut else body
    headers = {"Content-Encoding": "gzip"} if packed else {}
    response = client.post("/api/runs", data=body, headers=headers)
    assert response.status_code in (200, 400, 413, 422), response.text
    answer = response.json
    if response.status_code == 400:
        assert answer["error"]["message"]
        return
    parts = ("inserted", "replaced", "alreadyThere", "differing", "announced", "rejected")
    assert answer["read"] == sum(answer[name] for name in parts)
    assert len(answer["rejections"]) == answer["rejected"]
    assert all(rejection["reason"] for rejection in answer["rejections"])
