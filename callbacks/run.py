"""One run: what each panel of its page asks, and how it is drawn."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from callbacks.asked import Asked, read
from callbacks.panels import Answer, Panel
from callbacks.runs import SAFE, linker
from layouts import ids, run_parts, run_places, runs_table
from layouts.links import href
from layouts.markup import markup
from layouts.options import Options
from queries import retention, run, run_query, runs
from queries.errors import QueryError
from queries.filters import Filters
from queries.run import Run, everybody
from queries.run_query import RunQuery
from queries.run_record import packed
from queries.store import Store
from queries.words import period

ROOT = "/runs/"


def panels(store: Store, options: Options) -> list[Panel]:
    return [
        Panel(ids.RUN, _run, ids.RUN_BODY, (ids.RUN_HEAD,)),
        Panel(ids.RUN_PEERS, _peers, ids.RUN_PEERS),
        Panel(ids.RUN_AROUND, _around, ids.RUN_AROUND),
    ]


def asked_for(asked: Asked) -> str:
    """The id of the page's path, which the browser has decoded."""
    return (asked.get("path") or "").removeprefix(ROOT)


def _found(asked: Asked, store: Store) -> tuple[Filters, Run | None]:
    return read(asked, store), run.find(store, asked_for(asked))


def _run(asked: Asked, store: Store) -> Answer:
    filters, found = _found(asked, store)
    if found is None:
        return _html({ids.RUN_HEAD: "", ids.RUN_BODY: run_parts.unknown(asked_for(asked))})
    if found.row is None:
        return _html({ids.RUN_HEAD: "", ids.RUN_BODY: run_parts.dropped(found, filters)})
    row, group = found.row, run.peer_period(filters, found.start)

    def link(**narrow: Any) -> str:
        return href("/runs", everybody(group), **narrow)

    alike = run.same_error(store, filters, row)
    cards = [
        run_parts.facts(row),
        run_parts.error(row, alike, link, period(group)),
        run_parts.tokens(row),
        run_parts.tools(row, link),
        run_parts.files(row),
        run_parts.attributes(row, link),
        run_parts.origin(found, row, filters, link),
    ]
    address = f"/api/runs/{quote(found.run_id, safe=SAFE)}"
    head = run_parts.head(found, row, filters, address, packed(row, indent=True).decode())
    return _html({ids.RUN_HEAD: head, ids.RUN_BODY: cards})


def _peers(asked: Asked, store: Store) -> Answer:
    filters, found = _found(asked, store)
    if found is None or found.row is None:
        return _html({ids.RUN_PEERS: ""})
    peers = run.peers(store, filters, found.row)
    group = run.peer_period(filters, found.start)
    card = run_places.card(peers, found.row["model"], group) if peers else ""
    return _html({ids.RUN_PEERS: card})


def _around(asked: Asked, store: Store) -> Answer:
    """The runs before and after in the table that the reader comes from."""
    filters, found = _found(asked, store)
    if found is None or found.row is None:
        return _html({ids.RUN_AROUND: ""})
    try:
        query = run_query.parse(asked, retention.kept(store, filters))
    except QueryError:
        query = RunQuery(filters)  # the table names the bad value; here it must not hide the run
    link = linker(filters, asked)
    sides = [
        (link(side["invocation_id"]), runs_table.instant(side["start_time"], filters)) if side else None
        for side in runs.neighbours(store, query, found.row)
    ]
    return _html({ids.RUN_AROUND: run_parts.around(*sides)})


def _html(places: dict[str, object]) -> Answer:
    return {"html": {place: markup(part) for place, part in places.items()}, "figure": None}
