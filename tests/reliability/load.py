"""Many at once: writers, compactions and readers together, and a hundred viewers."""

from __future__ import annotations

import statistics
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlencode

from sqlalchemy import text

from ingest.compact import compact
from ingest.facets import refresh
from ingest.write import Writer
from queries.engine import make_engine
from seed.load import seed
from tests.reliability.making import Together, batches
from tests.reliability.place import open_place
from tests.reliability.report import Finding

# In one statement, as the pages read.
_TOTAL = text("SELECT coalesce(sum(runs), 0), coalesce(sum(cost_usd), 0) FROM ("
              "SELECT runs, cost_usd FROM status_hour UNION ALL SELECT runs, cost_usd FROM rollup_delta) AS r")  # fmt: skip


def everybody(seconds: float) -> Finding:
    """Eight importers with batches that overlap, two compactions, facets, and three readers."""
    with open_place() as place:
        written, backwards, reads = [0] * 8, [0], [0]

        def write(number: int, stop: threading.Event) -> None:
            # Two writers have the same runs, in other batches.
            with Writer(place.url, compact_at=2_000) as writer:
                for batch in batches(f"pair{number // 2}", 150 if number % 2 else 210):
                    written[number] += writer.write(batch).inserted
                    if stop.is_set():
                        return

        def fold(number: int, stop: threading.Event) -> None:
            while not stop.wait(0.3):
                (refresh if number == 2 else compact)(engine)

        def read(number: int, stop: threading.Event) -> None:
            before = (0, 0)
            while not stop.is_set():
                with engine.connect() as connection:
                    now = tuple(connection.execute(_TOTAL).one())
                backwards[0] += now[0] < before[0] or now[1] < before[1]
                reads[0] += 1
                before = now

        engine = make_engine(place.url, pool_size=8, statement_timeout_ms=0)
        with Together(3, read) as readers, Together(3, fold) as folding, Together(8, write) as writers:
            time.sleep(seconds)
            writers.end()
            folding.end()
            readers.end()
        engine.dispose()
        raw, counted = place.runs()
        failed = [*writers.errors, *folding.errors, *readers.errors]
        return Finding(
            f"8 importers, 2 compactions, facets and 3 readers for {seconds:.0f} s",
            f"{sum(written):,} runs, {reads[0]:,} reads",
            {
                "errors": len(failed),
                "reads that went backwards": backwards[0],
                "inserted less raw rows": sum(written) - raw,
                "raw rows less rollups": raw - counted,
                "differences of verify": place.differences(),
            },
        )


_QUESTIONS = (
    ("summary", {"range": "30d"}),
    ("timeseries", {"range": "30d"}),
    ("breakdown", {"range": "30d", "by": "model"}),
    ("runs", {"range": "30d", "limit": "50"}),
    ("timeseries", {"range": "90d", "tz": "Europe/Berlin"}),
    ("errors", {"range": "30d"}),
)


def viewers(seconds: float, number: int = 100, runs: int = 100_000) -> Finding:
    """A hundred people who look at something else every two seconds, while runs come in."""
    with open_place() as place:
        seed(place.url, runs=runs, days=90, rng_seed=1)
        server = place.start("serve", WEB_CONCURRENCY=2, WEB_THREADS=8)
        server.wait_ready()
        took: list[float] = []
        bad: list[str] = []

        def view(who: int, stop: threading.Event) -> None:
            turn = who
            while not stop.wait(2 * ((turn * 7 + who) % 10 + 5) / 10):
                name, asked = _QUESTIONS[turn % len(_QUESTIONS)]
                began = time.perf_counter()
                try:
                    address = f"{server.address}/api/metrics/{name}?{urlencode(asked)}"
                    with urllib.request.urlopen(address, timeout=60) as answer:
                        answer.read()
                except (OSError, urllib.error.URLError) as error:
                    bad.append(str(error))
                took.append(time.perf_counter() - began)
                turn += 1

        def write(_: int, stop: threading.Event) -> None:
            with Writer(place.url) as writer:
                for batch in batches("live", 20):
                    writer.write(batch)
                    if stop.wait(2):
                        return

        with Together(number, view) as people, Together(1, write) as writing:
            time.sleep(seconds)
            people.end()
            writing.end()
        ordered = sorted(took)
        at = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 for share in (0.95, 0.99)]
        return Finding(
            f"{number} viewers for {seconds:.0f} s over {runs:,} runs, new ones every 2 s",
            f"{len(took):,} answers: p50 {statistics.median(took) * 1000:.0f} ms, "
            f"p95 {at[0]:.0f} ms, p99 {at[1]:.0f} ms",
            {"errors": len(bad) + len(people.errors) + len(writing.errors)},
        )
