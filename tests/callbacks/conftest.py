"""The page's callbacks through the real wiring: a POST with the Flask test client, on a real database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from dash import Dash
from sqlalchemy import Engine

from dashboard.app import create_app, parts_of
from dashboard.config import Settings
from layouts import ids
from tests.callbacks.rows import NOW, ZONE, put_rows

Answer = dict[str, Any]


class Page:
    """``page.answer("cards", range="7d")``: what the callback of the panel answers to these filters."""

    def __init__(self, app: Dash) -> None:
        self.client = app.server.test_client()

    def answer(self, panel: str, flying: str | None = None, **asked: str) -> Answer:
        """``flying``: the moment at which runs in flight alone are asked for again."""
        output = {"id": ids.answer(panel), "property": "data"}
        filters = {"tz": ZONE, "now": NOW.isoformat()} | asked
        inputs = [{"id": ids.FILTERS, "property": "data", "value": filters}]
        if panel in (ids.IN_FLIGHT, ids.IN_FLIGHT_RUNS):
            inputs.append({"id": ids.FLYING, "property": "data", "value": flying})
        known = [{"id": ids.KNOWN, "property": "data", "value": None}]
        body = {
            "output": f"{ids.answer(panel)}.data",
            "outputs": output,
            "inputs": inputs,
            "changedPropIds": [f"{ids.FLYING if flying else ids.FILTERS}.data"],
            "state": known if panel == ids.STANDING else [],
        }
        response = self.client.post("/_dash-update-component", json=body)
        assert response.status_code == 200, response.text
        answer: Answer = response.get_json()["response"][ids.answer(panel)]["data"]
        return answer

    def words(self, panel: str, place: str, **asked: str) -> str:
        """What a reader reads in an element that the panel fills."""
        return words(self.answer(panel, **asked)["html"][place])


class Reader(HTMLParser):
    """Reads markup as a person does, and notes what its buttons ask for."""

    def __init__(self, markup: str, place: str = "") -> None:
        super().__init__()
        self.texts: list[str] = []
        self.asks: list[Any] = []
        self._place, self._open, self._inside = place, 0, not place
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._place and given.get("id") == self._place:
            self._inside, self._open = True, 0
        self._open += 1
        if given.get("data-ask"):
            self.asks.append(json.loads(given["data-ask"] or ""))

    def handle_endtag(self, tag: str) -> None:
        self._open -= 1
        if self._place and self._open == 0:
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts.append(data)


def words(markup: str, place: str = "") -> str:
    """The text of markup, or of the element with this id in it, with one space between words."""
    return " ".join(" ".join(Reader(markup, place).texts).replace("\u202f", " ").split())


def make_page(url: str, data: Path) -> tuple[Page, Callable[[], None]]:
    settings = replace(
        Settings.load({}, data / "no.env"), database_url=url, data=data, cache=False, statement_timeout=1
    )
    app = create_app(settings)
    return Page(app), parts_of(app.server).close


@pytest.fixture(scope="module")
def page(
    module_engine: Engine, run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    """On the rows made by hand, which no test changes."""
    put_rows(module_engine, run)
    url = module_engine.url.render_as_string(hide_password=False)
    made, close = make_page(url, tmp_path_factory.mktemp("data"))
    yield made
    close()


@pytest.fixture
def bare_page(database_url: str, tmp_path: Path) -> Iterator[Page]:
    """On an empty database of one's own."""
    made, close = make_page(database_url, tmp_path)
    yield made
    close()
