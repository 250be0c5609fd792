"""How fast data comes in: the seed that fills the place, and the import of a file of runs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import orjson

from ingest.importer import import_paths
from queries.schema import CONTENT_COLUMNS
from seed.generate import generate
from seed.load import seed
from tests.bench.place import Place, empty_database
from tests.bench.report import judged, say, table

DAYS = 200
SEED = 1
FILE_SEED = 2
FILE_RUNS = 500_000
IMPORT_TARGET = 30_000  # runs a second
_JSON = {"tools_used", "attributes"}
_NAMES = [str(name) for name in CONTENT_COLUMNS]  # orjson takes no subclass of str for a key


def fill(place: Place) -> datetime:
    """Seeds the place, or finishes what was begun; the end of the data."""
    # A seed that was finished once is not replayed: at ten million runs that alone takes minutes.
    if until := place.remembered().get("until"):
        return datetime.fromisoformat(until)
    result = seed(place.url, runs=place.runs, days=DAYS, rng_seed=SEED)
    if result.inserted == place.runs:
        place.remember(seed_rate=result.inserted / result.seconds, seed_seconds=result.seconds)
    place.remember(until=result.recipe.until.isoformat())
    return result.recipe.until


def measure(place: Place, runs: int | None = None) -> None:
    """Prints seed and import rates. The file has as many runs a day as the place, and goes into an
    empty database on the same server."""
    runs = runs or min(place.runs, FILE_RUNS)
    row = table("what", "runs", "seconds", "runs a second", "wanted")
    memory = place.remembered()
    if "seed_rate" in memory:
        row("seed, generating included", f"{place.runs:,}", f"{memory['seed_seconds']:.0f}",
            f"{memory['seed_rate']:,.0f}", "")  # fmt: skip
    path = place.folder / "runs.jsonl"
    try:
        days = max(1, DAYS * runs // place.runs)
        size = _export(path, runs, days)
        written, whole = _import(place, path)
    finally:
        path.unlink(missing_ok=True)
    for what, seconds in ((", until every run counts", written), (", its facets made too", whole)):
        rate = runs / seconds
        row(f"import of JSONL ({size / 2**20:.0f} MiB, {days} days){what}", f"{runs:,}", f"{seconds:.1f}",
            f"{rate:,.0f}", judged(rate, IMPORT_TARGET, "runs/s", at_least=True))  # fmt: skip


def _export(path: Path, runs: int, days: int) -> int:
    say(f"writing {runs:,} runs over {days} days to {path} ...")
    with path.open("wb") as file:
        for batch in generate(runs, days, FILE_SEED, datetime.now(UTC).replace(microsecond=0)):
            file.writelines(_line(row) for row in batch)
    return path.stat().st_size


def _line(row: tuple[object, ...]) -> bytes:
    run = dict(zip(_NAMES, row, strict=True))
    run |= {name: orjson.Fragment(run[name]) for name in _JSON if run[name] is not None}
    return orjson.dumps(run, option=orjson.OPT_APPEND_NEWLINE)


def _import(place: Place, path: Path) -> tuple[float, float]:
    """Seconds until all runs are in (facets of their hours are read from the rows), and until it is over."""
    with empty_database(place, "bench_import") as url:
        began = time.perf_counter()
        written = import_paths(url, [str(path)]).seconds
        return written, time.perf_counter() - began
