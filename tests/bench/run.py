"""`make bench`: what the figures of docs/benchmark.md are made with. `--help` says what can be left out.

Everything is measured on databases of its own, one folder per size, kept for the next run.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dashboard.app import create_app
from dashboard.config import Settings
from tests.bench import alarms, browser, formats, intake, overview, pages, posts, spans
from tests.bench.place import Place, machine, open_place, sizes_on_disk
from tests.bench.report import heading, judged, say, table

SIZES = (100_000, 1_000_000, 10_000_000)
PARTS = ("alarms", "intake", "formats", "posts", "spans", "overview", "raw", "pages", "browser")
GROWTH_TARGET = 1.5


def main() -> None:
    # So that what was started is ended, whoever asks.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    options = _options()
    print("# Benchmark of Fixer Metrics")
    if "alarms" in options.only:
        heading("False alarms in flat noise")
        alarms.measure()
    if set(options.only) <= {"alarms"}:
        return  # chance alone: no database is needed
    for number, runs in enumerate(options.sizes):
        with open_place(options.data, runs) as place:
            if number == 0:
                _tell_machine(place)
            _measure(place, options.only)
    _growth(options.data)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--sizes", type=_numbers, default=SIZES, help="runs, with commas (default: %(default)s)"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(".data/bench"),
        help="folder of the databases (default: %(default)s)",
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="measure just these parts")
    return parser.parse_args()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number.replace("_", "")) for number in text.split(","))


def _tell_machine(place: Place) -> None:
    heading("Machine")
    row = table("", "")
    for name, value in machine(place.engine):
        row(name, value)


def _measure(place: Place, parts: list[str]) -> None:
    print(f"\n## {place.runs:,} runs over {intake.DAYS} days", flush=True)
    say(f"{place.runs:,} runs: seeding where they are not there yet ...")
    until = intake.fill(place)
    heading("On disk")
    row = table("table", "rows", "size")
    for cells in sizes_on_disk(place.engine):
        row(*cells)
    if "intake" in parts:
        heading("Coming in")
        intake.measure(place)
    if "formats" in parts:
        heading("What agents write themselves")
        formats.measure(place)
    if "posts" in parts:
        heading("Runs by POST /api/runs, into an empty database")
        posts.measure(place)
    if "spans" in parts:
        heading("Spans of OpenTelemetry")
        spans.measure(place)
    settings = replace(Settings.load({}, Path("/nonexistent")), database_url=place.url, data=place.folder)
    app = create_app(settings)
    page = overview.Page(app, place)
    two_models = tuple(name for name, _ in page.store.names("model")[:2])
    if "overview" in parts:
        heading(f"The overview's questions (two models: {', '.join(two_models)})")
        place.remember(uncached=overview.measure(page, overview.found_cases(page, until, two_models)))
    if "raw" in parts:
        heading("The same answers from raw SQL")
        overview.compare(page, overview.found_cases(page, until, two_models))
    if "pages" in parts:
        heading("The other pages, 30 days, UTC")
        pages.measure(app, place, until)
    if "browser" in parts:
        heading("Browser")
        browser.measure(place, page)


def _growth(data: Path) -> None:
    """From each size to the next, of all that were measured here, now or before."""
    sizes = sorted(int(path.parent.name) for path in data.glob("*/bench.json"))
    known = {
        runs: json.loads((data / str(runs) / "bench.json").read_text()).get("uncached") for runs in sizes
    }
    for small, large in pairwise(runs for runs in sizes if known[runs]):
        heading(f"From {small:,} to {large:,} runs, uncached p50")
        row = table("view", f"{small:,}", f"{large:,}", "times", "wanted")
        for view, after in known[large].items():
            before = known[small][view]
            wanted = judged(after / before, GROWTH_TARGET, "times") if small == 1_000_000 else ""
            row(view, f"{before:.1f} ms", f"{after:.1f} ms", f"{after / before:.2f}", wanted)


if __name__ == "__main__":
    main()
