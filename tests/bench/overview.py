"""Every question the overview asks: taken from its own callbacks, then timed on the rollups and on raw SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pandas as pd
from dash import Dash
from sqlalchemy import Engine, text

from dashboard.app import parts_of
from layouts import ids
from queries.filters import Filters
from queries.store import Query, Store
from tests.bench import raw
from tests.bench.report import Times, judged, say, table, timed
from tests.bench.views import CACHED_TARGET_MS, cases

UNCACHED_REPEATS = 21
CACHED_REPEATS = 51
_TOGETHER = 6  # a browser's connections to one host
_RAW_REPEATS = 3
_RAW_SECONDS = 60  # raw SQL that takes longer is timed once

Case = tuple[str, Filters, int, list[tuple[Query, ...]]]


class Overview:
    """The page's server side without a browser."""

    def __init__(self, app: Dash, engine: Engine) -> None:
        self._client = app.server.test_client()
        self.engine = engine
        self.store: Store = parts_of(app.server).store
        answer = self._client.get("/_dash-dependencies")
        self._callbacks = [c for c in answer.json if _reads_filters(c)]

    def load(self, filters: Filters) -> None:
        """What the server does for one change of the filters: every callback, one after the other."""
        for callback in self._callbacks:
            self._post(callback, _stored(filters))

    def load_together(self, filters: Filters) -> None:
        """The same, as many at a time as a browser asks for."""
        stored = _stored(filters)
        with ThreadPoolExecutor(_TOGETHER) as pool:
            list(pool.map(lambda callback: self._post(callback, stored), self._callbacks))

    def calls(self, filters: Filters) -> list[tuple[Query, ...]]:
        """The store's calls of one load, in their order: what ``replay`` repeats."""
        made: list[tuple[Query, ...]] = []
        original = self.store.fetch_many

        def recording(*queries: Query) -> list[Any]:
            made.append(queries)
            return original(*queries)

        self.store.fetch_many = recording  # type: ignore[method-assign]
        try:
            self.load(filters)
        finally:
            del self.store.fetch_many
        return made

    def replay(self, calls: Sequence[tuple[Query, ...]]) -> None:
        for queries in calls:
            self.store.fetch_many(*queries)

    def forget(self) -> None:
        """Makes every cached answer one of the past, as a commit does, without changing the data."""
        with self.engine.begin() as connection:
            connection.execute(text("UPDATE data_state SET folded = folded + 1"))

    def _post(self, callback: dict[str, Any], stored: dict[str, str]) -> None:
        response = self._client.post("/_dash-update-component", json=_payload(callback, stored))
        if response.status_code not in (200, 204):
            raise RuntimeError(f"{callback['output']} answered {response.status}: {response.text[:500]}")


def _reads_filters(callback: dict[str, Any]) -> bool:
    """Whether the server is called when the filters change."""
    on_server = callback.get("clientside_function") is None
    return on_server and any(_is_filters(item) for item in callback["inputs"])


def _is_filters(item: dict[str, str]) -> bool:
    return (item["id"], item["property"]) == (ids.FILTERS, "data")


def _stored(filters: Filters) -> dict[str, str]:
    """What the page keeps in its filter store."""
    return {
        "range": filters.range,
        "grain": filters.grain_asked,
        "status": ",".join(filters.status) or "all",
        "model": ",".join(filters.model),
        "agent": ",".join(filters.agent),
        "version": ",".join(filters.version),
        "tz": filters.tz,
        "compare": filters.compare,
        "now": filters.now.isoformat(),
    }


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


def measure(overview: Overview, now: datetime, two_models: tuple[str, ...], with_raw: bool = True) -> None:
    """Prints the tables; every answer is compared with the one of raw SQL."""
    found = [
        (name, filters, target, overview.calls(filters)) for name, filters, target in cases(now, two_models)
    ]
    names = ("view", "questions", "uncached p50", "p95", "wanted", "cached p50", "p95", "wanted")
    row = table(*names, "callbacks, uncached p50", "together", "callbacks, cached p50")
    for name, filters, target, calls in found:
        row(
            name,
            sum(map(len, calls)),
            *_store_cells(overview, calls, target),
            *_callback_cells(overview, filters),
        )
    if with_raw:
        print()
        _compare(overview, found)


def _store_cells(overview: Overview, calls: list[tuple[Query, ...]], target: int) -> list[str]:
    uncached = timed(lambda: overview.replay(calls), UNCACHED_REPEATS, overview.forget)
    cached = timed(lambda: overview.replay(calls), CACHED_REPEATS)
    return [*_cells(uncached, target), *_cells(cached, CACHED_TARGET_MS)]


def _cells(times: Times, target: float) -> list[str]:
    return [f"{times.p50:.1f} ms", f"{times.p95:.1f} ms", judged(times.p50, target, "ms")]


def _callback_cells(overview: Overview, filters: Filters) -> list[str]:
    """The whole server side: parse, fetch, draw, JSON."""
    actions: list[tuple[Callable[[], None], Callable[[], None]]] = [
        (lambda: overview.load(filters), overview.forget),
        (lambda: overview.load_together(filters), overview.forget),
        (lambda: overview.load(filters), lambda: None),
    ]
    return [f"{timed(action, 7, prepare).p50:.1f} ms" for action, prepare in actions]


def _compare(overview: Overview, found: list[Case]) -> None:
    row = table("view", "raw SQL p50", "rollups p50", "ratio", "same answers")
    for name, _, _, calls in found:
        questions = raw.merged(query for queries in calls for query in queries)
        say(f"raw SQL: {name} ...")
        slow, frames = _ask_raw(overview.engine, questions)
        fast = timed(lambda calls=calls: overview.replay(calls), 5, overview.forget)
        wrong = [
            line
            for query, frame in zip(questions, frames, strict=True)
            for line in raw.differences(overview.store.fetch(query), frame, query)
        ]
        row(name, f"{slow.p50:,.0f} ms", f"{fast.p50:.1f} ms", f"{slow.p50 / fast.p50:,.0f}", _verdict(wrong))


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
