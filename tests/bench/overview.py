"""Every question the overview asks: taken from its own callbacks, then timed on the rollups and on raw SQL."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import pandas as pd
from dash import Dash
from sqlalchemy import Engine, text

from dashboard.app import parts_of
from layouts import ids
from layouts.pages import contents
from queries.filters import Filters
from queries.store import Query, Store
from tests.bench import raw
from tests.bench.place import Place
from tests.bench.report import Times, judged, say, table, timed
from tests.bench.views import CACHED_TARGET_MS, cases

UNCACHED_REPEATS = 21
CACHED_REPEATS = 51
_TOGETHER = 6  # a browser's connections to one host
_RAW_REPEATS = 3
_RAW_SECONDS = 60  # raw SQL that takes longer is timed once


@dataclass(frozen=True)
class Call:
    """One call of the store."""

    method: str
    arguments: tuple[Any, ...]

    @property
    def queries(self) -> tuple[Query, ...]:
        return self.arguments if self.method in ("fetch", "fetch_many") else ()


Calls = dict[str, list[Call]]  # panel -> what it asks
# What looks for news rather than shows numbers: in panels of their own, which no card or chart waits for.
INSIGHTS = (ids.UNUSUAL, ids.MARKERS)


def _panel(callback: dict[str, Any]) -> str:
    return str(callback["output"].removeprefix("answer-").removesuffix(".data"))


class Page:
    """A page's server side without a browser."""

    def __init__(self, app: Dash, place: Place, path: str = "/", at: str | None = None) -> None:
        """``path``: the page's own (``/runs/<id>``); ``at``: where it is looked at, if elsewhere."""
        self._path = at or path
        self._client = app.server.test_client()
        self._answers = place.folder / "cache" / "answers"
        self.engine = place.engine
        self.store: Store = parts_of(app.server).store
        answer = self._client.get("/_dash-dependencies")
        self.callbacks = [c for c in answer.json if _reads_filters(c) and _stands_on(path, c["output"])]
        assert self.callbacks, path
        self._complaints = _Complaints()
        logging.getLogger("callbacks").addHandler(self._complaints)

    def load(self, filters: Filters, **keys: str) -> None:
        """What the server does for one change of the filters: every callback, one after the other."""
        for callback in self.callbacks:
            self.ask(callback, filters, **keys)

    def ask(self, callback: dict[str, Any], filters: Filters, **keys: str) -> None:
        self._post(callback, {**_stored(filters), "path": self._path, **keys})

    def load_together(self, filters: Filters, **keys: str) -> None:
        """The same, as many at a time as a browser asks for."""
        stored = {**_stored(filters), "path": self._path, **keys}
        with ThreadPoolExecutor(_TOGETHER) as pool:
            list(pool.map(lambda callback: self._post(callback, stored), self.callbacks))

    def calls(self, filters: Filters) -> Calls:
        """The store's calls of one load, panel by panel: what ``replay`` repeats."""
        found: Calls = {}
        for callback in self.callbacks:
            made = found.setdefault(_panel(callback), [])
            with _listening(self.store, made):
                self.ask(callback, filters)
        return found

    def replay(self, calls: Calls) -> None:
        """As the page does: what a panel asks comes from one snapshot."""
        for panel in calls.values():
            with self.store.together():
                for call in panel:
                    getattr(self.store, call.method)(*call.arguments)

    def forget(self) -> None:
        """Makes every cached answer one of the past, as a commit does, without changing the data."""
        with self.engine.begin() as connection:
            connection.execute(text("UPDATE data_state SET folded = folded + 1"))

    def sweep(self) -> None:
        """Deletes the answers of the past, of which a benchmark makes more than weeks of work do."""
        for path in self._answers.iterdir():
            path.unlink(missing_ok=True)

    def _post(self, callback: dict[str, Any], stored: dict[str, str]) -> None:
        response = self._client.post("/_dash-update-component", json=_payload(callback, stored))
        # A card that says what went wrong is an answer, too, and a fast one.
        if response.status_code not in (200, 204) or self._complaints.heard:
            raise RuntimeError(f"{callback['output']}: {response.status}: {self._complaints.heard}")


class _Complaints(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))


@contextmanager
def _listening(store: Store, made: list[Call]) -> Iterator[None]:
    """Notes the calls that come from outside of the store."""
    inside = False

    def noting(name: str) -> Callable[..., Any]:
        method = getattr(store, name)

        def noted(*arguments: Any) -> Any:
            nonlocal inside
            if inside:
                return method(*arguments)
            made.append(Call(name, arguments))
            inside = True
            try:
                return method(*arguments)
            finally:
                inside = False

        return noted

    names = ("fetch", "fetch_many", "extent", "freshness", "names", "version", "bins", "cached", "facets")
    replaced = {name: noting(name) for name in names}
    vars(store).update(replaced)
    try:
        yield
    finally:
        for name in names:
            del vars(store)[name]


def _reads_filters(callback: dict[str, Any]) -> bool:
    """Whether the server is called when the filters change."""
    on_server = callback.get("clientside_function") is None
    return on_server and any(_is_filters(item) for item in callback["inputs"])


def _stands_on(path: str, output: str) -> bool:
    """Whether the callback fills something on the page; how a page stands is asked on every one."""
    panel = output.removesuffix(".data")
    return panel == ids.answer(ids.STANDING) or f'"{panel}"' in json.dumps(contents()[path])


def _is_filters(item: dict[str, str]) -> bool:
    return (item["id"], item["property"]) == (ids.FILTERS, "data")


def _stored(filters: Filters) -> dict[str, str]:
    """What the page keeps in its filter store."""
    asked = dict(parse_qsl(filters.to_search().removeprefix("?")))
    return {**asked, "range": filters.range, "tz": filters.tz, "now": filters.now.isoformat()}


def _payload(callback: dict[str, Any], stored: dict[str, str]) -> dict[str, Any]:
    def valued(item: dict[str, str]) -> dict[str, Any]:
        return {**item, "value": stored if _is_filters(item) else None}

    output = callback["output"]
    names = output.strip(".").split("...")
    outputs = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names]
    return {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": [valued(item) for item in callback["inputs"]],
        "state": [valued(item) for item in callback.get("state", [])],
        "changedPropIds": [f"{ids.FILTERS}.data"],
    }


Case = tuple[str, Filters, int, Calls]


def found_cases(overview: Page, now: datetime, two_models: tuple[str, ...]) -> list[Case]:
    return [
        (name, filters, target, overview.calls(filters)) for name, filters, target in cases(now, two_models)
    ]


def measure(overview: Page, found: list[Case]) -> dict[str, float]:
    """Prints how long the store and the callbacks take, uncached and cached; uncached p50 by view.

    Judged are cards, charts and tables; ``with insights`` has what is unusual and the markers, too."""
    uncached = {}
    names = ("view", "questions", "uncached p50", "p95", "wanted", "cached p50", "p95", "wanted")
    more = ("with insights: questions", "uncached p50", "cached p50")
    row = table(*names, *more, "callbacks, uncached p50", "together", "callbacks, cached p50")
    for name, filters, target, calls in found:
        overview.sweep()
        plain = {panel: asked for panel, asked in calls.items() if panel not in INSIGHTS}
        slow, fast = _replayed(overview, plain)
        cells = [*_cells(slow, target), *_cells(fast, CACHED_TARGET_MS)]
        whole = [f"{times.p50:.1f} ms" for times in _replayed(overview, calls)]
        row(name, _questions(plain), *cells, _questions(calls), *whole, *_callback_cells(overview, filters))
        uncached[name] = slow.p50
    return uncached


def _replayed(overview: Page, calls: Calls) -> tuple[Times, Times]:
    """Uncached and cached."""
    slow = timed(lambda: overview.replay(calls), UNCACHED_REPEATS, overview.forget)
    return slow, timed(lambda: overview.replay(calls), CACHED_REPEATS)


def _questions(calls: Calls) -> int:
    return sum(max(1, len(call.queries)) for panel in calls.values() for call in panel)


def _cells(times: Times, target: float) -> list[str]:
    return [f"{times.p50:.1f} ms", f"{times.p95:.1f} ms", judged(times.p50, target, "ms")]


def _callback_cells(overview: Page, filters: Filters) -> list[str]:
    """The whole server side: parse, fetch, draw, JSON."""
    actions: list[tuple[Callable[[], None], Callable[[], None]]] = [
        (lambda: overview.load(filters), overview.forget),
        (lambda: overview.load_together(filters), overview.forget),
        (lambda: overview.load(filters), lambda: None),
    ]
    return [f"{timed(action, 7, prepare).p50:.1f} ms" for action, prepare in actions]


def compare(overview: Page, found: list[Case]) -> None:
    """Prints what raw SQL takes for the same answers, and whether they are the same."""
    row = table("view", "raw SQL p50", "rollups p50", "ratio", "same answers")
    for name, _, _, calls in found:
        overview.sweep()
        questions = raw.merged(query for panel in calls.values() for call in panel for query in call.queries)
        say(f"raw SQL: {name} ...")
        slow, frames = _ask_raw(overview.engine, questions)
        fast = timed(lambda calls=calls: overview.replay(calls), 5, overview.forget)
        wrong = [
            line
            for query, frame in zip(questions, frames, strict=True)
            for line in raw.differences(overview.store.fetch(query), frame, query)
        ]
        row(name, f"{slow.p50:,.0f} ms", f"{fast.p50:.1f} ms", f"{slow.p50 / fast.p50:,.3g}", _verdict(wrong))


def _ask_raw(engine: Engine, questions: list[Query]) -> tuple[Times, list[pd.DataFrame]]:
    """Times of all questions one after the other, and their answers."""
    frames: list[pd.DataFrame] = []

    def ask() -> None:
        with engine.connect() as connection:
            frames[:] = [raw.answer(connection, query) for query in questions]

    first = timed(ask, 1)
    more = _RAW_REPEATS - 1 if first.p50 < _RAW_SECONDS * 1000 else 0
    return Times([*first.seconds, *timed(ask, more).seconds]), frames


def _verdict(wrong: list[str]) -> str:
    for line in wrong:
        say(f"  differs: {line}")
    return f"**no: {wrong[0]}**" if wrong else "yes"
