"""Which traces are due: quiet ones, those whose runs lack spans that have come, and those to be closed.

Each look is at the traces of one import (None: of none): the runs that are made of them are its runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from ingest.otlp.stored import ROW, Traces, rows
from ingest.transactions import Cursor

QUIET = timedelta(seconds=60)
GIVE_UP = timedelta(hours=1)
USELESS = timedelta(hours=1)
LOOKED_AT = timedelta(minutes=2)


@dataclass(frozen=True)
class Quiet:
    """Traces of which nothing has come for ``quiet``; in between that and ``give_up`` they are looked at for
    a while, not all the time."""

    quiet: timedelta = QUIET
    give_up: timedelta = GIVE_UP

    def values(self) -> dict[str, timedelta]:
        return {"quiet": self.quiet, "give_up": self.give_up, "looked_at": self.quiet + LOOKED_AT}


@dataclass(frozen=True)
class Stale:
    """Traces whose runs have lacked something for ``wait``, and ``a_span`` for each span that they have: the
    longer they are the rarer, so that one that goes on and on costs a share of a processor, never one."""

    wait: timedelta = timedelta(seconds=2)
    a_span: timedelta = timedelta(microseconds=500)

    def values(self) -> dict[str, timedelta]:
        return {"wait": self.wait, "a_span": self.a_span}


_IS_QUIET = (
    "NOT closed AND NOT settled AND has_run AND seen_at <= now() - %(quiet)s "
    "AND (seen_at > now() - %(looked_at)s OR seen_at <= now() - %(give_up)s)"
)
_IS_STALE = "NOT closed AND stale_since <= now() - %(wait)s - spans * %(a_span)s"
_IMPORTS = "SELECT DISTINCT import_id FROM otel_trace WHERE {}"
_SOME = (
    "SELECT {}, {} FROM otel_trace t WHERE {} AND t.import_id IS NOT DISTINCT FROM %(import_id)s::bigint "
    "AND trace_id > %(after)s ORDER BY trace_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED"
)
_SOME_QUIET = _SOME.format(ROW, "t.seen_at <= now() - %(give_up)s", _IS_QUIET)
_SOME_STALE = _SOME.format(ROW, "false", _IS_STALE)
# A row of the log that is locked so may be added to, but not be taken back until the transaction ends.
_HOLD = "SELECT FROM data_import WHERE import_id = %(import_id)s AND bundle IS NOT NULL FOR KEY SHARE"
_NOTE_SETTLED = "UPDATE otel_trace SET settled = true WHERE trace_id = ANY(%(traces)s::bytea[])"
_LET_BE = "UPDATE otel_trace SET stale_since = NULL WHERE trace_id = ANY(%(traces)s::bytea[])"
_CLOSE = (
    "WITH old AS (SELECT trace_id FROM otel_trace WHERE NOT closed AND stale_since IS NULL "
    "AND (seen_at <= now() - %(older)s OR seen_at <= now() - %(useless)s AND NOT has_run AND posted IS NULL) "
    "ORDER BY trace_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED), "
    "spans AS (DELETE FROM otel_span s USING old WHERE s.trace_id = old.trace_id), "
    # A trace that made no run needs no memory.
    "useless AS (DELETE FROM otel_trace t USING old WHERE t.trace_id = old.trace_id AND t.runs = '{}' "
    "AND t.posted IS NULL), "
    "done AS (UPDATE otel_trace t SET closed = true FROM old WHERE t.trace_id = old.trace_id "
    "AND (t.runs <> '{}' OR t.posted IS NOT NULL)) SELECT count(*) FROM old"
)


def imports(cursor: Cursor, due: Quiet | Stale) -> list[int | None]:
    """The imports whose traces are due."""
    where = _IS_QUIET if isinstance(due, Quiet) else _IS_STALE
    cursor.execute(_IMPORTS.format(where), due.values())
    return [row[0] for row in cursor.fetchall()]


def some(cursor: Cursor, due: Quiet | Stale, import_id: int | None, after: bytes, limit: int) -> Traces:
    """Those that are due, by their ids ``after`` that one, ours until the transaction ends; others may have
    some of them."""
    statement = _SOME_QUIET if isinstance(due, Quiet) else _SOME_STALE
    cursor.execute(statement, {**due.values(), "import_id": import_id, "after": after, "limit": limit})
    return rows(cursor)


def hold(cursor: Cursor, import_id: int | None) -> bool:
    """Keeps an import from being taken back until the transaction ends; False where that has begun."""
    if import_id is None:
        return True
    cursor.execute(_HOLD, {"import_id": import_id})
    return cursor.fetchone() is not None


def note_settled(cursor: Cursor, traces: Iterable[bytes]) -> None:
    cursor.execute(_NOTE_SETTLED, {"traces": list(traces)})


def let_be(cursor: Cursor, traces: Iterable[bytes]) -> None:
    """Leaves their runs as they are, until something new comes."""
    cursor.execute(_LET_BE, {"traces": list(traces)})


def close(cursor: Cursor, older: timedelta, limit: int) -> int:
    cursor.execute(_CLOSE, {"older": older, "useless": USELESS, "limit": limit})
    return int(cursor.fetchone()[0])  # type: ignore[index]
