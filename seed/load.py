"""Brings demo data into a database by the same way as any other run: ingest's writer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Engine, select, text
from tqdm import tqdm

from ingest.compact import compact
from ingest.errors import FAILED, ErrorReader, reader
from ingest.facets import refresh
from ingest.staging import Row
from ingest.write import Writer, WriteResult, finish_import, start_import
from queries import schema
from queries.engine import make_engine
from queries.errors import UserError
from queries.measures import DIMENSIONS, SKETCHES
from seed.generate import generate

T = TypeVar("T")

_MESSAGE = schema.CONTENT_COLUMNS.index("error_message")  # category and template stand behind it
_STATUS = schema.CONTENT_COLUMNS.index("status")

MOST_DAYS = 3650
MOST_RUNS = 100_000_000


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the data. Written down as the import's source, so that it can be made again."""

    runs: int
    days: int
    rng_seed: int
    until: datetime

    @property
    def source(self) -> str:
        return (
            f"demo data: runs={self.runs} days={self.days} rng_seed={self.rng_seed} "
            f"until={self.until.astimezone(UTC).isoformat()}"
        )

    @staticmethod
    def of(source: str) -> Recipe | None:
        """The recipe that ``source`` names; None for any other import."""
        # demo data: runs=25000 days=200 rng_seed=1 until=2026-11-23T02:30:00+00:00
        found = re.fullmatch(r"demo data: runs=(\d+) days=(\d+) rng_seed=(\d+) until=(\S+)", source)
        if found is None:
            return None
        runs, days, rng_seed, until = found.groups()
        return Recipe(int(runs), int(days), int(rng_seed), datetime.fromisoformat(until))


@dataclass(frozen=True)
class Seeded:
    """What came of it. ``already_there`` is everything when the same seed is sown again; ``differing``
    runs were made by another version of the generator, and are left as they are."""

    recipe: Recipe
    inserted: int
    already_there: int
    differing: int
    seconds: float


def seed(
    database_url: str,
    *,
    runs: int,
    days: int,
    rng_seed: int,
    until: datetime | None = None,
    progress: Callable[[int], object] | None = None,
    errors: ErrorReader | None = None,
) -> Seeded:
    """Writes the runs and makes the rollups compact; ``progress`` is told of every batch written.

    Without ``progress``, a bar is drawn on a terminal. Sown again with the same arguments, an earlier
    or interrupted seed is replayed up to where it ended: what is there is skipped.
    """
    engine = make_engine(database_url, pool_size=2, statement_timeout_ms=0)
    try:
        recipe = _recipe(engine, runs, days, rng_seed, until)
        if progress is not None:
            return _write(engine, recipe, progress, errors or reader())
        with tqdm(total=runs, unit=" runs", unit_scale=True, desc="demo data", disable=None) as bar:
            return _write(engine, recipe, bar.update, errors or reader())
    finally:
        engine.dispose()


def _recipe(engine: Engine, runs: int, days: int, rng_seed: int, until: datetime | None) -> Recipe:
    _check("--runs", runs, 1, MOST_RUNS)
    _check("--days", days, 1, MOST_DAYS)
    _check("--rng-seed", rng_seed, 0, 2**63 - 1)
    for known in _sown(engine):
        if known.rng_seed != rng_seed:
            continue
        if (known.runs, known.days) == (runs, days) and until in (None, known.until):
            return known
        raise UserError(
            f"This database already holds demo data of --rng-seed {rng_seed}: {known.runs} runs over "
            f"{known.days} days up to {known.until:%Y-%m-%d %H:%M:%S} UTC. The same seed with other "
            "arguments would make other runs under the same ids. To add more runs take another "
            "--rng-seed; to start afresh take an empty database."
        )
    now = datetime.now(UTC).replace(microsecond=0)
    chosen = until or now
    if chosen > now + timedelta(days=1):
        raise UserError(f"The demo data cannot end at {chosen}: runs of the future are refused.")
    return Recipe(runs, days, rng_seed, chosen)


def _check(option: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise UserError(f"{option} is {value}; allowed is {least} to {most}.")


def _sown(engine: Engine) -> list[Recipe]:
    sources = select(schema.data_import.c.source).order_by(schema.data_import.c.import_id)
    with engine.connect() as connection:
        recipes = [Recipe.of(source) for source in connection.execute(sources).scalars()]
    return [recipe for recipe in recipes if recipe is not None]


def _write(engine: Engine, recipe: Recipe, progress: Callable[[int], object], errors: ErrorReader) -> Seeded:
    began = time.monotonic()
    _renew_identity(engine)
    import_id = start_import(engine, recipe.source)
    total = WriteResult()
    with Writer(engine, import_id=import_id) as writer:
        batches = generate(recipe.runs, recipe.days, recipe.rng_seed, recipe.until)
        told = ([with_errors(row, errors) for row in batch] for batch in batches)
        for batch in ahead(map(writer.prepare, told)):
            total.add(writer.write(batch))
            if total.rejected:
                raise RuntimeError(f"a made run was refused: {total.rejected[0]}")
            progress(len(batch))
    counts = {name: getattr(total, name) for name in ("inserted", "already_there", "differing")}
    finish_import(engine, import_id, {"read": recipe.runs, **counts})
    _settle(engine)
    return Seeded(recipe, **counts, seconds=time.monotonic() - began)


def with_errors(row: Row, errors: ErrorReader) -> Row:
    """The row with category and template of its error, as any run that comes gets them."""
    if row[_MESSAGE] is None and row[_STATUS] not in FAILED:
        return row
    told = errors.read(row[_MESSAGE], row[_STATUS])  # type: ignore[arg-type]
    return (*row[: _MESSAGE + 1], *told, *row[_MESSAGE + 3 :])


def _renew_identity(engine: Engine) -> None:
    """An empty database becomes another one: answers cached for a copy of it must not serve this one."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE data_state SET identity = gen_random_uuid() "
                "WHERE NOT EXISTS (SELECT FROM execution_key)"
            )
        )


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items; the next one is made by a thread while the last one is being written."""
    with ThreadPoolExecutor(1, "seed-ahead") as maker:
        coming = maker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = maker.submit(next, items, None)
            yield item


def _settle(engine: Engine) -> None:
    """Leaves the database as it is after a quiet hour: compact, and known to the planner."""
    compact(engine)
    refresh(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        tiers = [
            *schema.sums.values(),
            *schema.sketches.values(),
            *schema.facets.values(),
            schema.rollup_delta,
        ]
        connection.execute(text(f"VACUUM (ANALYZE) {', '.join(table.name for table in tiers)}"))
        # The columns that runs are looked for by; to look at all of them takes four times as long.
        columns = ", ".join((*DIMENSIONS, "invocation_id", "start_time", *SKETCHES.values()))
        connection.execute(text(f"ANALYZE agent_execution ({columns}), execution_key"))
