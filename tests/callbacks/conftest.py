"""The page's callbacks through the real wiring: a POST with the Flask test client, on a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dash import Dash
from sqlalchemy import Engine

from dashboard.app import create_app, parts_of
from dashboard.config import Settings
from layouts import ids
from tests.callbacks.rows import NOW, ZONE, put_rows

Answer = dict[str, dict[str, Any]]


class Page:
    """``page.call("cards", range="7d")``: what the callback that fills ``cards`` answers to these filters."""

    def __init__(self, app: Dash) -> None:
        self.client = app.server.test_client()
        self.callbacks = {key: entry for key, entry in app.callback_map.items() if "callback" in entry}

    def key_of(self, component: str) -> str:
        found = [key for key in self.callbacks if f"{component}." in key.removeprefix("..").split("...")[0]]
        assert len(found) == 1, (component, found)
        return found[0]

    def call(self, component: str, **asked: str) -> Answer:
        filters = {"tz": ZONE, "now": NOW.isoformat()} | asked
        return self.post(component, [{"id": ids.FILTERS, "property": "data", "value": filters}])

    def post(self, component: str, inputs: list[dict[str, Any]]) -> Answer:
        key = self.key_of(component)
        names = [name.rsplit(".", 1) for name in key.strip(".").split("...")]
        outputs = [{"id": name, "property": prop} for name, prop in names]
        state = [entry | {"value": None} for entry in self.callbacks[key]["state"]]
        body = {
            "output": key,
            "outputs": outputs if key.startswith("..") else outputs[0],
            "inputs": inputs,
            "changedPropIds": [f"{ids.FILTERS}.data"],
            "state": state,
        }
        response = self.client.post("/_dash-update-component", json=body)
        assert response.status_code == 200, response.text
        answer: Answer = response.get_json()["response"]
        return answer


def words(component: Any) -> str:
    """Every text of a component (as JSON) in reading order."""
    if component is None or isinstance(component, bool):
        return ""
    if isinstance(component, list):
        return " ".join(filter(None, map(words, component)))
    if isinstance(component, dict):
        return words(component["props"].get("children"))
    return str(component)


def find(component: Any, name: str) -> dict[str, Any] | None:
    """The props of the component with this id, wherever in the tree."""
    if isinstance(component, list):
        return next((found for child in component if (found := find(child, name))), None)
    if not isinstance(component, dict):
        return None
    props: dict[str, Any] = component["props"]
    return props if props.get("id") == name else find(props.get("children"), name)


def make_page(url: str, data: Path) -> tuple[Page, Callable[[], None]]:
    settings = replace(
        Settings.load({}, data / "no.env"), database_url=url, data=data, cache=False, statement_timeout=1
    )
    app = create_app(settings)
    return Page(app), parts_of(app.server).close


@pytest.fixture(scope="module")
def page(module_engine: Engine, run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
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
