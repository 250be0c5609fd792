"""How sound the data are: what came when, what runs lack, odd clocks, how the rollups stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from queries.filters import Filters
from queries.prices import rates
from queries.runs import COUNTED, Total
from queries.schema import TAKING_BACK
from queries.store import Query, Store

IMPORTS_SHOWN = 50
# The kinds of odd times (queries.kinds) that the page tells.
CLOCKS = ("backwards", "odd_duration", "assumed_start", "no_end")

LACKING = (
    "runs_without_duration",
    "runs_without_cost",
    "runs_without_input_tokens",
    "runs_without_output_tokens",
    "runs_without_total_tokens",
    "runs_without_cache_read",
    "runs_without_cache_write",
    "runs_without_llm_calls",
    "runs_without_tool_calls",
    "runs_without_files",
)
MODELS = ("runs", "runs_without_cost", "cost_usd", "estimated_cost_usd")


@dataclass(frozen=True)
class Import:
    """One row of the log of imports. ``finished_at`` None: it is still going, or was broken off.
    ``dropped``: how many of its runs retention has dropped: they stay counted, and cannot be taken back.
    ``taken_back``: how many of its runs were taken out again; ``taken_back_at`` None: not all of them.
    ``going_back``: it is being taken back at this moment. ``counted``: how many runs are there of which it
    is the last that brought them; not told beyond one more than COUNTED."""

    import_id: int
    source: str
    started_at: datetime
    finished_at: datetime | None
    read: int
    inserted: int
    replaced: int
    already_there: int
    differing: int
    rejected: int
    taken_back_at: datetime | None
    taken_back: int
    dropped: int
    going_back: bool
    counted: int

    @property
    def runs(self) -> Total:
        return Total(min(self.counted, COUNTED), self.counted > COUNTED)

    @property
    def brought(self) -> int:
        return self.inserted + self.replaced

    @property
    def can_be_taken_back(self) -> bool:
        """What one has brought that has not ended is not in the log yet."""
        maybe = self.brought > self.dropped or self.finished_at is None
        return maybe and self.taken_back_at is None and not self.going_back


@dataclass(frozen=True)
class Freshness:
    """``newest_run``: when it started; ``came_in``: when that one was recorded. ``newest_import``: when the
    last import ended (or began, if it has not). None: there is none."""

    newest_run: datetime | None
    came_in: datetime | None
    newest_import: datetime | None
    imports: int


def freshness(store: Store) -> Freshness:
    newest = store.freshness()
    came = text("SELECT max(ingested_at) FROM agent_execution WHERE start_time = :newest")
    log = text("SELECT max(coalesce(finished_at, started_at)), count(*) FROM data_import")

    def compute(connection: Connection) -> Freshness:
        came_in = connection.execute(came, {"newest": newest}).scalar() if newest else None
        last, number = connection.execute(log).one()
        return Freshness(newest, came_in, last, int(number))

    return store.uncached(compute)


def imports(store: Store, limit: int = IMPORTS_SHOWN) -> list[Import]:
    """The newest first. Never cached: one that brings nothing changes no data version."""
    return store.uncached(lambda connection: read_imports(connection, limit))


def read_imports(connection: Connection, limit: int = IMPORTS_SHOWN) -> list[Import]:
    computed = ("going_back", "counted")
    columns = ", ".join(name for name in Import.__dataclass_fields__ if name not in computed)
    # Whoever takes one back holds a lock of its number; its two halves are what pg_locks shows.
    going = (
        "EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND (classid::bigint << 32) | objid::bigint = import_id + :base)"
    )
    # A range in order, and no equality: the index is then used, whatever is believed of how many there are.
    there = (
        "SELECT count(*) FROM (SELECT FROM agent_execution r WHERE r.import_id >= i.import_id "
        f"AND r.import_id < i.import_id + 1 ORDER BY r.import_id LIMIT {COUNTED + 1}) AS runs"
    )
    statement = text(
        f"SELECT {columns}, {going}, ({there}) FROM data_import i ORDER BY import_id DESC LIMIT :limit"
    )
    asked = {"limit": limit, "base": TAKING_BACK}
    return [Import(*row) for row in connection.execute(statement, asked)]


def is_import(connection: Connection, import_id: int) -> bool:
    statement = text("SELECT EXISTS (SELECT FROM data_import WHERE import_id = :import_id)")
    return bool(connection.execute(statement, {"import_id": import_id}).scalar_one())


def runs_of(connection: Connection, import_id: int) -> int:
    """How many runs are there that the import brought or replaced: from raw rows, which may take seconds."""
    statement = text("SELECT count(*) FROM agent_execution WHERE import_id = :import_id")
    return int(connection.execute(statement, {"import_id": import_id}).scalar_one())


def future_runs(store: Store, filters: Filters) -> int:
    """Of all data: runs that start after the page's now."""
    statement = text("SELECT count(*) FROM agent_execution WHERE start_time > :now")
    return store.uncached(
        lambda connection: int(connection.execute(statement, {"now": filters.now}).scalar_one())
    )


@dataclass(frozen=True)
class Rollups:
    """``facets``: what is rolled up beside model, agent, version and status, and whether by the hour, too.
    ``dirty_hours``: hours whose facets are read from raw rows until they are made again. ``waiting``: rows
    not yet folded into the tiers."""

    facets: dict[str, bool]
    dirty_hours: int
    waiting: int


def rollups(store: Store) -> Rollups:
    dirty = text("SELECT count(DISTINCT hour) FROM facet_dirty")
    waiting = text("SELECT count(*) FROM rollup_delta")

    def compute(connection: Connection) -> tuple[int, int]:
        return connection.execute(dirty).scalar_one(), connection.execute(waiting).scalar_one()

    hours, rows = store.uncached(compute)
    return Rollups(store.facets(), int(hours), int(rows))


@dataclass(frozen=True)
class ModelCost:
    """``reported`` and ``estimated`` dollars of a model's runs; ``priced``: the list knows its price."""

    model: str
    runs: int
    without_cost: int
    reported: float
    estimated: float
    priced: bool


def model_costs(store: Store, filters: Filters) -> list[ModelCost]:
    """By model, most runs first."""
    frame = store.fetch(Query(MODELS, filters, by="model"))
    return [_model_cost(row, filters.start) for row in frame.fillna(0).to_dict("records")]


def _model_cost(row: dict[Any, Any], moment: datetime) -> ModelCost:
    model, estimated = str(row["model"]), float(row["estimated_cost_usd"])
    return ModelCost(
        model,
        int(row["runs"]),
        int(row["runs_without_cost"]),
        round(float(row["cost_usd"]) - estimated, 9),
        estimated,
        rates(model, moment) is not None,
    )
