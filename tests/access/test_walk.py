"""Every route, every method and every callback, as a stranger, a viewer and an editor."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from dashboard import tokens
from dashboard.api.writings import WRITINGS
from dashboard.app import parts_of
from layouts.access_page import ASSETS
from tests.access.conftest import Site

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "BREW")
READING = ("GET", "HEAD", "OPTIONS")
# All that a stranger may have; written down here by hand, so that a new one is noticed.
OPEN = {"/healthz", "/readyz", "/login", "/logout"}
# Where agents post their runs; and what OpenTelemetry sends beside traces, which is not taken.
DOORS = {"/api/runs", "/v1/traces", "/v1/logs", "/v1/metrics", "/v1/profiles"}
VALUES = {"int:": "1", "any(": "csv", "path:": "some/where", "whole:": "run-1"}


def paths(site: Site) -> list[str]:
    """A path for every rule."""
    return sorted({_filled(rule) for rule in site.app.server.url_map.iter_rules()})


def _filled(rule: Rule) -> str:
    def value(found: re.Match[str]) -> str:
        return next((v for kind, v in VALUES.items() if found[1].startswith(kind)), "nothing")

    return re.sub(r"<([^>]+)>", value, rule.rule)


def asked(client: FlaskClient, method: str, path: str, **headers: str) -> TestResponse:
    body = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}
    with client.open(path, method=method, buffered=True, headers=headers, **body) as answer:
        return answer


def test_there_is_something_to_walk_over(site: Site) -> None:
    found = paths(site)
    assert len(found) > 30
    assert {"/", "/some/where", "/_dash-layout", "/_dash-update-component", "/api/openapi.json"} <= set(found)


@pytest.mark.parametrize("method", METHODS)
def test_a_stranger_gets_nothing_but_health_and_log_in(site: Site, method: str) -> None:
    client = site.client()
    for path in paths(site):
        if path in OPEN:
            continue
        answer = asked(client, method, path)
        said = f"{method} {path}: {answer.status_code}"
        assert answer.status_code in (302, 401), said
        if answer.status_code == 302:  # a page, for people
            assert answer.headers["Location"].startswith("/login"), said
            assert method in READING, said
        else:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer"), said
            if method != "HEAD":
                assert answer.json["error"]["code"] == "login_needed", said
        assert answer.headers["Cache-Control"] == "no-store", said
        assert "Set-Cookie" not in answer.headers, said


def test_a_stranger_gets_no_files_but_those_of_log_in(site: Site) -> None:
    client = site.client()
    server = site.app.server
    folder = server.blueprints["_dash_assets"].static_folder
    assert folder is not None
    files = {str(f.relative_to(folder)) for f in Path(folder).rglob("*") if f.is_file()}
    assert files >= ASSETS
    for file in files:
        status = asked(client, "GET", f"/assets/{file}").status_code
        assert status == (200 if file in ASSETS else 401), file
    used = asked(client, "GET", "/login").text
    assert set(re.findall(r'(?:src|href)="/assets/([^"]+)"', used)) <= ASSETS


def test_a_stranger_gets_no_callback(site: Site) -> None:
    client = site.client()
    assert len(site.app.callback_map) > 30
    for output in site.app.callback_map:
        answer = client.post("/_dash-update-component", json={"output": output, "inputs": []})
        assert answer.status_code == 401, output
        assert answer.headers["X-Log-In"] == "/login", output


@pytest.mark.parametrize(
    "path",
    [
        "//", "/%2f", "/;/healthz", "/healthz/", "/healthz;a", "/healthz/../api/metrics/summary", "/login/../",
        "/login/", "/login/x", "/login%2f..%2fapi", "//healthz", "/healthz%00", "/HEALTHZ", "/assets/../app.py",
        "/assets/%2e%2e/pyproject.toml", "/assets//app.css", "/assets/app.css/", "/assets/APP.CSS",
        "/assets/x/../app.css", "/_dash-layout/", "/_favicon.ico", "/favicon.ico", "/_reload-hash", "/metrics",
        "/api", "/api/", "/api//metrics/summary", "/api/metrics/summary/", "/api/runs", "/v1/traces",
        "/_dash-component-suites/dash/dcc/dash_core_components.js", "/api/export/runs.csv", "/.env",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_no_trick_with_paths_opens_anything(site: Site, method: str, path: str) -> None:
    answer = asked(site.client(), method, path)
    assert answer.status_code in (302, 401), answer.text
    if answer.status_code == 302:
        assert answer.headers["Location"].startswith("/login")


@pytest.mark.parametrize("method", METHODS)
def test_a_viewer_reads_everything_and_writes_nothing(site: Site, method: str) -> None:
    client = site.someone("vera")
    for path in paths(site):
        if path in OPEN:
            continue
        status = asked(client, method, path).status_code
        if method in READING or (method == "POST" and path == "/_dash-update-component"):
            assert status not in (302, 401, 403), f"{method} {path}: {status}"
        else:
            assert status == 403, f"{method} {path}: {status}"


@pytest.mark.parametrize("method", METHODS)
def test_an_editor_is_stopped_nowhere(site: Site, method: str) -> None:
    client = site.someone("edith")
    for path in paths(site):
        if path in OPEN:
            continue
        answer = asked(client, method, path)
        if answer.status_code == 401:  # runs come with a token, whose name they bear
            assert (method, path) in {("POST", path) for path in DOORS}, path
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        else:
            assert answer.status_code not in (302, 403), f"{method} {path}: {answer.status_code}"


@pytest.mark.parametrize("role", ["viewer", "editor", "ingest"])
@pytest.mark.parametrize("method", METHODS)
def test_a_token_may_what_its_role_may(site: Site, method: str, role: str) -> None:
    """Ingest tokens record runs and nothing else; those of the others do what people of the role do."""
    token = tokens.create(parts_of(site.app.server).writing_engine, f"{role} {method}", role)
    client = site.client()
    for path in paths(site):
        if path in OPEN:
            continue
        status = asked(client, method, path, Authorization=f"Bearer {token}").status_code
        reads = method in READING or (method == "POST" and path == "/_dash-update-component")
        records = method == "POST" and path in DOORS
        may = {"viewer": reads, "ingest": records, "editor": True}[role]
        assert (status not in (302, 401, 403)) if may else status == 403, f"{method} {path}: {status}"


def test_a_token_that_is_none_opens_nothing_not_even_beside_a_session(site: Site) -> None:
    engine = parts_of(site.app.server).writing_engine
    tokens.create(engine, "gone", "editor")
    tokens.revoke(engine, "gone")
    client = site.someone("edith")
    for header in ("Bearer", "Bearer ", "Bearer x", "bearer fxm_é", "BEARER " + "a" * 5000):
        for path in ("/", "/api/metrics/definitions", "/_dash-layout"):
            answer = asked(client, "GET", path, Authorization=header)
            assert answer.status_code == 401, (header[:20], path)
            assert answer.json["error"]["code"] == "token_unknown"
            assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_every_writing_of_the_registry_is_the_editors(site: Site) -> None:
    viewer = site.someone("vera")
    assert WRITINGS
    for writing in WRITINGS:
        path = re.sub(r"{\w+}", "1", writing.path)
        answer = asked(viewer, writing.method, path)
        assert answer.status_code == 403, writing.path
        assert answer.json["error"]["code"] == "role_too_low"
        assert "viewer" in answer.json["error"]["message"]


def test_where_nobody_logs_in_all_is_open(make_site: Callable[..., Site]) -> None:
    client = make_site().client()
    for path in ("/", "/_dash-layout", "/api/metrics/definitions", "/api/openapi.json"):
        assert asked(client, "GET", path).status_code == 200
    assert asked(client, "GET", "/login").status_code == 404
    marker = {"at": "2026-10-01T08:00Z", "label": "a"}
    assert client.post("/api/markers", json=marker).status_code == 201
