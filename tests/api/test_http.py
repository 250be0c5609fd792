"""The manners of HTTP: methods, unknown paths, unchanged answers, and what is said when things break."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from dashboard.api import blueprint
from dashboard.api.endpoints import ENDPOINTS
from dashboard.api.writings import WRITINGS
from queries.engine import make_engine
from queries.store import Store

Run = Callable[..., tuple[Any, ...]]
Put = Callable[..., None]

# But for one run, which must be there (tests/api/test_one_run.py).
STANDING = [endpoint for endpoint in ENDPOINTS if "run_id" not in endpoint.path]
PATHS = [endpoint.path.format(format="csv") for endpoint in STANDING]
READ_ONLY = [path for path in PATHS if path not in {writing.path for writing in WRITINGS}]
SUMMARY = "/api/metrics/summary"


@pytest.fixture(scope="module")
def shared(module_engine: Engine, asking: Any) -> Any:
    """On an empty database, for questions that no data changes the manners of."""
    return asking(module_engine).client


def good(path: str) -> str:
    return f"{path}?by=model" if path.endswith(("breakdown", "names")) else path


@pytest.mark.parametrize("path", PATHS)
def test_head_says_what_get_says_without_the_body(shared: FlaskClient, path: str) -> None:
    get, head = shared.get(good(path)), shared.head(good(path))
    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize("path", READ_ONLY)
@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "QUERY", "PROPFIND"]
)
def test_other_methods_are_told_which_are_allowed(shared: FlaskClient, path: str, method: str) -> None:
    response = shared.open(good(path), method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert response.json["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", READ_ONLY)
def test_options_tells_the_methods(shared: FlaskClient, path: str) -> None:
    response = shared.options(path)
    assert (response.status_code, response.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/metrics",
        "/api/metrics/",
        "/api/metrics/summary/",
        "/api/metrics/Summary",
        "/api/v1/x",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "FOO"])
def test_nothing_at_an_unknown_path_and_never_the_page(shared: FlaskClient, path: str, method: str) -> None:
    response = shared.open(path, method=method)
    assert response.status_code == 404
    assert response.json["error"]["code"] == "not_found"
    assert SUMMARY in response.json["error"]["allowed"]


def test_the_page_is_left_alone(shared: FlaskClient) -> None:
    assert shared.get("/apis/x").text == shared.get("/anything").text == "<html>the page</html>"


@pytest.mark.parametrize("path", [e.path.format(format="csv") for e in STANDING if not e.send])
def test_what_has_not_changed_is_not_sent_again(shared: FlaskClient, path: str) -> None:
    first = shared.get(good(path))
    assert first.headers["Cache-Control"] == "private, no-cache"
    tag = first.headers["ETag"]
    again = shared.get(good(path), headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert shared.get(good(path), headers={"If-None-Match": '"another"'}).data == first.data


# Runs that have ended change nothing of those in flight.
CHANGING = [e for e in STANDING if e.answer and not e.path.endswith("in-flight")]


@pytest.mark.parametrize("path", [e.path.format(format="csv") for e in CHANGING])
def test_new_data_is_a_new_answer(client: FlaskClient, put: Put, run: Run, path: str) -> None:
    tag = client.get(good(path)).headers["ETag"]
    put(run())
    fresh = client.get(good(path), headers={"If-None-Match": tag})
    assert fresh.status_code == 200
    assert fresh.headers["ETag"] != tag


def test_another_question_has_another_tag(shared: FlaskClient) -> None:
    tags = {
        shared.get(f"{path}?{query}").headers["ETag"]
        for path in (SUMMARY, "/api/metrics/timeseries")
        for query in (
            "",
            "range=7d",
            "tz=Europe/Berlin",
            "model=a",
            "status=failed",
            "metrics=none",
            "compare=none",
        )
    }
    assert len(tags) == 14


def test_one_question_has_one_tag_however_it_is_written(shared: FlaskClient) -> None:
    tags = {
        shared.get(f"{SUMMARY}?{query}").headers["ETag"]
        for query in ("model=a,b&range=30d", "model=b,a,a", "status=all&model=b,a&tz=UTC&compare=previous")
    }
    assert len(tags) == 1


def test_an_answer_that_grows_with_the_clock_is_not_unchanged(engine: Engine, asking: Any) -> None:
    """``partial`` and the previous period move on with the quarter hour, though the data does not."""
    moments = [datetime(2026, 11, 23, 12, minute, tzinfo=UTC) for minute in (7, 14, 15)]
    early, later, next_quarter = (asking(engine, moment).client for moment in moments)
    for query in ("range=24h", "range=7d"):
        path = f"{SUMMARY}?{query}"
        tag = early.get(path).headers["ETag"]
        assert later.get(path).headers["ETag"] == tag
        assert later.get(path).data == early.get(path).data
        assert next_quarter.get(path).headers["ETag"] != tag
    over = f"{SUMMARY}?range=2026-11-01..2026-11-02"
    assert early.get(over).headers["ETag"] == next_quarter.get(over).headers["ETag"]


def test_database_away(asking: Any) -> None:
    engine = make_engine("postgresql://nobody@127.0.0.1:1/nothing")
    ask = asking(engine)
    for path in ("summary", "timeseries", "breakdown?by=model", "models", "runs"):
        assert ask.refused(path, 503)["code"] == "database_away"
    assert ask.client.get(SUMMARY).headers["Retry-After"] == "5"
    assert ask("definitions")["metrics"]  # what needs no database is answered
    assert ask("/api/openapi.json")["openapi"]


def test_database_away_and_back(engine: Engine, ask: Any) -> None:
    assert ask("summary")["totalRuns"] == 0
    with engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        connection.execute(text(others + "AND pid <> pg_backend_pid()"))
    assert ask("summary")["totalRuns"] == 0


def test_database_without_schema(server: str, asking: Any) -> None:
    engine = make_engine(server)
    error = asking(engine).refused("summary", 503)
    engine.dispose()
    assert error["code"] == "schema_missing"
    assert "fixer-metrics migrate" in error["message"]


def test_a_question_that_takes_too_long(database_url: str, asking: Any) -> None:
    impatient, blocker = make_engine(database_url, statement_timeout_ms=100), make_engine(database_url)
    with blocker.begin() as connection:
        connection.execute(text("LOCK TABLE rollup_delta IN ACCESS EXCLUSIVE MODE"))
        error = asking(impatient).refused("summary", 504)
    assert error["code"] == "query_timeout"
    assert "shorter range" in error["allowed"]
    impatient.dispose()
    blocker.dispose()


def test_our_own_mistake_has_a_reference_that_is_in_the_log(
    engine: Engine, ask: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM data_state"))
    with caplog.at_level(logging.ERROR):
        error = ask.refused("summary?range=7d", 500)
    assert error["code"] == "internal_error"
    assert error["reference"] in error["message"]
    (record,) = [record for record in caplog.records if error["reference"] in record.getMessage()]
    assert record.exc_info
    assert "/api/metrics/summary" in record.getMessage()
    assert "range=7d" not in record.getMessage()  # a query string may hold names, or a code of log-in
    assert "data_state" not in error["message"]


def test_behind_a_prefix_the_next_page_is_behind_it_too(
    store: Store, engine: Engine, put: Put, run: Run
) -> None:
    put(run(), run())
    app = Flask(__name__)
    app.register_blueprint(blueprint(store, engine))
    response = app.test_client().get(
        "/api/metrics/runs?range=all&limit=1", environ_overrides={"SCRIPT_NAME": "/fm"}
    )
    assert response.json["nextUrl"].startswith("/fm/api/metrics/runs?")
