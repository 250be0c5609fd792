"""The API inside the real application: beside Dash's catch-all page, behind compression and headers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dashboard.app import create_app, parts_of
from dashboard.config import Settings

SUMMARY = "/api/metrics/summary?range=7d"


@pytest.fixture
def client(database_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    settings = replace(
        Settings.load({}, tmp_path / "no.env"), database_url=database_url, data=tmp_path / "data"
    )
    app = create_app(settings)
    yield app.server.test_client()
    parts_of(app.server).close()


def test_the_page_does_not_answer_for_the_api(client: FlaskClient) -> None:
    assert client.get("/").mimetype == "text/html"
    for path in ("/api", "/api/metrics", "/api/metrics/sumary"):
        response = client.get(path)
        assert (response.status_code, response.mimetype) == (404, "application/json")
    assert client.post(SUMMARY).status_code == 405


@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "zstd"])
def test_compressed_answers_keep_their_tag(client: FlaskClient, coding: str) -> None:
    accept = {"Accept-Encoding": coding}
    first = client.get(SUMMARY, headers=accept)
    assert first.status_code == 200
    assert first.headers.get("Content-Encoding", "identity") == coding
    assert first.headers["Cache-Control"] == "private, no-cache"
    tag = first.headers["ETag"]
    assert client.get(SUMMARY, headers=accept | {"If-None-Match": tag}).status_code == 304
    assert client.get(SUMMARY, headers={"If-None-Match": tag}).status_code == 304


def test_a_cached_answer_is_the_answer(client: FlaskClient) -> None:
    assert client.get(SUMMARY).data == client.get(SUMMARY).data
