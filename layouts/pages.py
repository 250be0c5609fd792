"""The pages of the dashboard, a record each: navigation, routing and titles are made of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from dash import html
from dash._utils import to_json
from dash.development.base_component import Component

from layouts import (
    alert_form,
    alerts_page,
    changes_page,
    compare_page,
    data_page,
    errors_page,
    ids,
    money_page,
    overview_page,
    run_page,
    runs_page,
    states,
    tools_page,
)
from layouts.markup import lighten
from queries.views import SavedView

_ANY = "<id>"


@dataclass(frozen=True)
class Page:
    """``path`` may end in ``<id>``, which stands for whatever follows. ``title`` is the document's,
    ``label`` the one in the navigation, where ``nav`` puts it.

    ``keys``: parameters of this page beside the filters. ``fleeting``: those of them that any other change
    drops (a place in a list). ``always``: shown also where the filters leave no run; then the page itself
    must say so.
    """

    path: str
    title: str
    label: str
    content: Callable[[], list[Component]]
    keys: tuple[str, ...] = ()
    nav: bool = True
    fleeting: tuple[str, ...] = ()
    always: bool = False

    @property
    def name(self) -> str:
        """Of the element that holds it: ``/runs/<id>`` -> ``runs-id``."""
        return "-".join(filter(None, self.path.replace("<", "").replace(">", "").split("/"))) or "overview"

    def holds(self, path: str) -> bool:
        if not self.path.endswith(_ANY):
            return path == self.path
        stem = self.path.removesuffix(_ANY)
        return path.startswith(stem) and len(path) > len(stem)


# In the order of the navigation.
PAGES = (
    Page("/", "Overview", "Overview", overview_page.content, overview_page.KEYS),
    Page("/runs", "Runs", "Runs", runs_page.content, runs_page.KEYS, fleeting=runs_page.FLEETING),
    Page("/runs/<id>", "Run", "", run_page.content, runs_page.LASTING, nav=False, always=True),
    Page("/errors", "Errors", "Errors", errors_page.content, errors_page.KEYS),
    Page("/tools", "Tools", "Tools", tools_page.content),
    Page("/changes", "What changed", "Changes", changes_page.content, ("metric", "by", "against")),
    Page("/compare", "Compare", "Compare", compare_page.content, ("a", "b", "adjust", "by"), always=True),
    Page("/money", "Money", "Money", money_page.content),
    Page("/alerts", "Alerts", "Alerts", alerts_page.content, always=True),
    Page("/alerts/<id>", "Alert rule", "", alert_form.content, alert_form.FORM_KEYS, nav=False, always=True),
    Page("/data", "Data", "Data", data_page.content, always=True),
)


def find(path: str) -> Page | None:
    """The page at this path; None: there is none, which is a 404. A last slash does not matter."""
    path = path.rstrip("/") or "/"
    return next((page for page in PAGES if page.holds(path)), None)


def start_url(view: SavedView | None) -> str | None:
    """Where ``/`` leads when nothing else is asked for; None: to the overview as it stands, also where the
    start view is of a page that this version has not."""
    if view is None or view.url == "/" or find(unquote(view.url.partition("?")[0])) is None:
        return None
    return view.url


def records() -> str:
    """What assets/address.js and pages.js know of the pages: JSON for the head of the document."""
    told = [
        {"path": p.path, "title": p.title, "keys": p.keys, "fleeting": p.fleeting, "always": p.always}
        for p in PAGES
    ]
    return json.dumps(told, separators=(",", ":"))


@lru_cache(maxsize=1)
def contents() -> dict[str, Any]:
    """Path -> what stands there, as plain data, for the browser to put in its place; '' for not found."""
    drawn = {page.path: _drawn(page.name, page.content()) for page in PAGES}
    return drawn | {"": _drawn("nowhere", [states.not_found()])}


def _drawn(name: str, parts: list[Component]) -> Any:
    # An id of its own: React would otherwise make one page out of the elements of the other.
    element = lighten(html.Div(parts, id=ids.page(name), className="page"), frozenset())
    return json.loads(to_json(element))
