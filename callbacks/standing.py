"""How the page stands: bad values in the URL, nothing to show, how fresh the data are, which names exist."""

from __future__ import annotations

import json
from typing import Any, TypedDict, cast

from dash import Dash, Input, Output, State
from dash.development.base_component import Component

from alerts import history
from callbacks import split
from callbacks.asked import Asked, read_all
from callbacks.guard import guarded
from layouts import ids, pages, shell, states
from layouts.markup import markup
from queries import retention
from queries.calendar import local
from queries.errors import QueryError
from queries.filters import Filters
from queries.names import NONE
from queries.store import Query, Store
from queries.views import start_view
from queries.words import period

# What may be cleared when nothing is left, and how that is asked for (see ids.ASK).
_LABELS = {
    "status": "status",
    "model": "model",
    "agent": "agent",
    "version": "version",
    "range": "date range",
}
_DIMENSIONS = {"model": "model", "agent": "agent", "version": "agent_version"}


class Standing(TypedDict, total=False):
    """``html``: element id -> markup; ``hidden``: whether the numbers are; ``frozen``: the search part of
    the frozen link; ``names``: what the dropdowns offer, where that has changed; ``start``: where
    ``/`` leads, if not to the overview; ``panel`` and ``version`` as every panel has them."""

    html: dict[str, str]
    hidden: bool
    frozen: str | None
    names: dict[str, Any] | None
    start: str | None
    panel: str
    version: str


def register(app: Dash, store: Store) -> None:
    @app.callback(
        Output(ids.answer(ids.STANDING), "data"),
        Input(ids.FILTERS, "data"),
        State(ids.KNOWN, "data"),
        prevent_initial_call=True,
    )
    @guarded("the page", _stands(hidden=True), lambda state: _stands(notice=state, hidden=True))
    def update(asked: Asked, known: str | None) -> Standing:
        with store.together():
            return _how_it_stands(asked, known, store)


def _how_it_stands(asked: Asked, known: str | None, store: Store) -> Standing:
    filters, errors = read_all(asked, store)
    errors += split.problems(asked)
    page = pages.find(asked.get("path", "/"))
    banner = _banner(errors) if errors and page else None
    always = errors or page is None or page.always
    notice = None if always else _nothing(asked, filters, store)
    return _stands(
        banner,
        notice,
        kept=None if banner or notice or page is None else _kept_note(filters, store),
        hidden=bool(banner or notice),
        fresh=[_alerts(store), _freshness(filters, store)],
        frozen=None if errors else filters.frozen_search(),
        names=_names(filters, store, known),
        start=pages.start_url(store.uncached(start_view)),
        panel=ids.STANDING,
        version=store.version(),
    )


def _kept_note(filters: Filters, store: Store) -> Component | None:
    kept = retention.reaches_back(store, filters)
    return states.kept_note(kept) if kept else None


def _stands(
    banner: Any = None, notice: Any = None, fresh: Any = None, kept: Any = None, **more: Any
) -> Standing:
    places = {ids.BANNER: banner, ids.NOTICE: notice, ids.FRESHNESS: fresh, ids.KEPT_NOTE: kept}
    html = {place: markup(part) for place, part in places.items()}
    return cast(Standing, {"html": html, **more})


def _banner(errors: list[QueryError]) -> Component:
    return states.bad_request([(error.message, error.allowed) for error in errors])


def _nothing(asked: Asked, filters: Filters, store: Store) -> Component | None:
    """Why there is nothing to show, if there is nothing."""
    if store.extent() is None:
        return states.empty_database()
    if _runs(filters, store):
        return None
    return states.empty_result(filters.describe(), _culprits(asked, filters, store))


def _runs(filters: Filters, store: Store) -> float:
    return float(store.fetch(Query(("runs",), filters))["runs"].iloc[0])


def _culprits(asked: Asked, filters: Filters, store: Store) -> list[tuple[str, str, str]]:
    """The filters without any one of which there would be runs."""
    found = []
    for key, label in _LABELS.items():
        # A longer range may have too many hours: the granularity goes with it.
        cleared = {"range": "all", "grain": ""} if key == "range" else {key: ""}
        without, _errors = read_all({**asked, **cleared}, store)
        if (key == "range" or asked.get(key)) and _runs(without, store):
            found.append((label, _says(key, filters), json.dumps({"set": cleared})))
    return found


def _says(key: str, filters: Filters) -> str:
    """What the filter ``key`` asks for, in a few words."""
    if key == "range":
        return period(filters)
    return ", ".join(name or "not known" for name in getattr(filters, key))


def _alerts(store: Store) -> Component | None:
    found = store.uncached(history.summary)
    return shell.alerts(found.firing, found.troubled)


def _freshness(filters: Filters, store: Store) -> Component | None:
    newest = store.freshness()
    return shell.freshness(newest, filters.now, filters.tz) if newest else None


def _names(filters: Filters, store: Store, known: str | None) -> dict[str, Any] | None:
    """What the dropdowns offer; not sent again while the data stay as they are."""
    state = f"{store.version()} {filters.tz}"
    if known == state:
        return None
    extent = store.extent()
    days = [local(moment, filters.tz).date().isoformat() for moment in extent] if extent else None
    names = {key: store.names(dimension) for key, dimension in _DIMENSIONS.items()}
    names["version"] = [(name or NONE, runs) for name, runs in names["version"]]
    return {"state": state, "days": days, **names}
