"""The application as its server shows it: health, headers, what may be kept, and a database that comes and goes."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from dash import Dash
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from dashboard.app import create_app, parts_of
from dashboard.config import Settings
from dashboard.embedded import attach
from dashboard.housekeeping import Housekeeping
from dashboard.server import inline_hashes
from ingest.compact import FOLD_AT
from ingest.write import Writer
from queries import migrate
from tests.runtime.processes import ROOT, free_port, wait_until


def settings_for(url: str, data: Path, **values: Any) -> Settings:
    return replace(Settings.load({}, data / "no.env"), database_url=url, data=data, **values)


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[Callable[..., Dash]]:
    with ExitStack() as after:

        def make(url: str, **values: Any) -> Dash:
            app = create_app(settings_for(url, tmp_path / "data", **values))
            after.callback(parts_of(app.server).close)
            return app

        yield make


@pytest.fixture
def get(make_app: Callable[..., Dash], database_url: str) -> Callable[..., TestResponse]:
    """GET on an application with a good database; the answer is read and its file closed."""
    client = make_app(database_url).server.test_client()

    def fetch(path: str, **headers: str) -> TestResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        with client.get(path, headers=sent, buffered=True) as answer:
            return answer

    return fetch


def nowhere() -> str:
    return f"postgresql://fixer:hush@127.0.0.1:{free_port()}/runs"


def test_healthz_and_readyz_on_a_good_database(make_app: Callable[..., Dash], database_url: str) -> None:
    client = make_app(database_url).server.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json) == (200, {"status": "ok", "schema": migrate.head()})


def test_readyz_without_schema_says_what_to_do(make_app: Callable[..., Dash], server: str) -> None:
    answer = make_app(server).server.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["reason"] == "schema"
    assert "fixer-metrics migrate" in answer.json["message"]


def test_the_app_starts_while_the_database_is_away(make_app: Callable[..., Dash]) -> None:
    client = make_app(nowhere()).server.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 200
    assert client.get("/_dash-layout").status_code == 200
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json is not None
    assert ready.json["reason"] == "database"
    assert "hush" not in ready.text


def test_the_pool_survives_a_restart_of_the_database(
    make_app: Callable[..., Dash], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded = attach(tmp_path / "data")
    client = make_app(embedded.url).server.test_client()
    assert client.get("/readyz").json["reason"] == "schema"  # type: ignore[index]
    embedded.close()
    assert client.get("/readyz").json["reason"] == "database"  # type: ignore[index]
    with attach(tmp_path / "data"):
        assert client.get("/readyz").json["reason"] == "schema"  # type: ignore[index]


def test_every_answer_has_the_security_headers(get: Callable[..., TestResponse]) -> None:
    policy = get("/").headers["Content-Security-Policy"]
    for path in ("/", "/_dash-layout", "/healthz", "/api/metrics/definitions", "/nowhere"):
        headers = get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "DENY", path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert headers.getlist("Content-Security-Policy") == [policy], path
    for path in ("/assets/app.css", "/assets/nothing", "/_dash-component-suites/dash/dcc/async-dropdown.js"):
        headers = get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path


def test_the_policy_allows_inline_scripts_by_hash_alone(get: Callable[..., TestResponse]) -> None:
    answer = get("/")
    rules = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
    assert "unsafe" not in rules["script-src"]
    assert "http" not in answer.headers["Content-Security-Policy"]  # no other host
    assert rules["default-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    # What the page runs inline is what is named.
    run = re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>(.*?)</script>", answer.text, re.DOTALL)
    assert run
    for script in run:
        assert inline_hashes(f"<script>{script}</script>")[0] in rules["script-src"]


def test_nothing_on_the_page_comes_from_another_host(get: Callable[..., TestResponse]) -> None:
    page = get("/").text
    fetched = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(fetched) > 10
    assert [url for url in fetched if not url.startswith("/")] == []


def test_what_has_a_version_in_its_address_is_kept_for_a_year(get: Callable[..., TestResponse]) -> None:
    page = get("/").text
    files = [
        u for u in re.findall(r'(?:src|href)="(/[^"]+)"', page) if u.startswith(("/assets/", "/_dash-comp"))
    ]
    for url in files:
        answer = get(url)
        assert answer.status_code == 200, url
        assert answer.cache_control.max_age == 31_536_000, url
        assert answer.cache_control.immutable, url


def test_what_has_none_is_asked_for_again(get: Callable[..., TestResponse]) -> None:
    for path in ("/", "/_dash-layout", "/_dash-dependencies", "/assets/app.css", "/api/metrics/definitions"):
        cache = get(path).cache_control
        assert cache.max_age in (None, 0), path
        assert cache.no_cache or cache.no_store, path
    font = next((ROOT / "assets").rglob("*.woff2")).relative_to(ROOT)
    assert get(f"/{font}").cache_control.max_age == 604_800
    unversioned = get("/_dash-component-suites/dash/dcc/async-dropdown.js")
    assert unversioned.status_code == 200
    assert unversioned.cache_control.max_age == 3600
    assert get("/_dash-component-suites/nothing/here.js").cache_control.no_store


def test_our_scripts_and_styles_come_as_one_file_each(get: Callable[..., TestResponse]) -> None:
    own = sorted(ROOT.glob("assets/*.js")), sorted(ROOT.glob("assets/*.css"))
    assert min(map(len, own)) > 10
    page = get("/").text
    linked = re.findall(r'(?:src|href)="/assets/([^"?]+)', page)
    named = {"bundle.js", "bundle.css", "theme.js", "favicon.ico"}
    assert {name for name in linked if not name.startswith("vendor/")} == named
    for kind, files in zip(("js", "css"), own, strict=True):
        body = get(f"/assets/bundle.{kind}").text
        places = [body.index(file.read_text()) for file in files if file.name != "theme.js"]
        assert places == sorted(places)  # Dash's order: that of the names


@pytest.mark.parametrize("accepted", ["br", "gzip"])
def test_answers_are_compressed_and_not_sent_again(get: Callable[..., TestResponse], accepted: str) -> None:
    page = get("/").text
    urls = re.findall(r'(?:src|href)="([^"]+(?:bundle\.css|dash_renderer)[^"]*)"', page)
    assert len(urls) == 2
    for url in urls:
        first = get(url, Accept_Encoding=accepted)
        assert first.headers.get("Content-Encoding") == accepted, url
        assert len(first.data) < len(get(url).data) / 2, url
        etag = first.headers.get("ETag")
        if etag:
            again = get(url, Accept_Encoding=accepted, If_None_Match=etag)
            assert (again.status_code, again.data) == (304, b""), url


def test_too_much_is_refused(make_app: Callable[..., Dash], database_url: str) -> None:
    client = make_app(database_url).server.test_client()
    assert client.post("/_dash-update-component", json={"a": "x" * (5 << 20)}).status_code in (400, 413)


def test_the_cache_folder_is_closed_to_others(
    make_app: Callable[..., Dash], database_url: str, tmp_path: Path
) -> None:
    make_app(database_url)
    assert (tmp_path / "data" / "cache").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_the_secret_key_is_kept_over_restarts(make_app: Callable[..., Dash], database_url: str) -> None:
    keys = {make_app(database_url).server.secret_key for _ in range(2)}
    assert len(keys) == 1
    assert make_app(database_url, secret_key="of the settings").server.secret_key == "of the settings"


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("needs redis-server (apt-get install redis-server)")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"

    def answers() -> bool:
        try:
            with redis.from_url(url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    wait_until(answers, "redis answers")
    yield url
    process.terminate()
    process.wait()


@pytest.mark.redis
def test_redis_url_makes_the_cache_redis(
    make_app: Callable[..., Dash], database_url: str, redis_url: str, run: Callable[..., tuple[Any, ...]]
) -> None:
    with Writer(database_url) as writer:
        writer.write([run(), run(model="other")])
    answers = []
    for _ in range(2):  # two applications, as on two machines
        app = make_app(database_url, redis_url=redis_url)
        answers.append(parts_of(app.server).store.names("model"))
        with redis.from_url(redis_url) as client:
            keys = set(client.keys("*"))
        assert len(keys) == 1
    assert answers[0] == answers[1] == [("gpt-4", 1), ("other", 1)]


@pytest.mark.parametrize("due", [True, False])
def test_housekeeping_folds_what_waits(
    engine: Engine, run: Callable[..., tuple[Any, ...]], due: bool
) -> None:
    """Few rows when their minute is over, many at once."""
    if due:
        with Writer(engine) as writer:
            writer.write([run()])
    else:
        many = text("INSERT INTO rollup_delta SELECT d.* FROM rollup_delta d, generate_series(1, :n)")
        with Writer(engine) as writer:
            writer.write([run()])
        with engine.begin() as connection:
            connection.execute(many, {"n": FOLD_AT})
    thread = Housekeeping(engine, look_every=0.05, fold_every=0.05 if due else 3600)
    thread.start()

    def folded() -> bool:
        with engine.connect() as connection:
            return connection.execute(text("SELECT count(*) FROM rollup_delta")).scalar_one() == 0

    wait_until(folded, "nothing waits")
    thread.end()
    thread.join(10)
    assert not thread.is_alive()
