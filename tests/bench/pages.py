"""How long the pages behind the overview take: every panel of each, as the browser asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dash import Dash
from sqlalchemy import text

from queries.filters import Filters, parse
from tests.bench.overview import Page
from tests.bench.place import Place
from tests.bench.report import judged, say, table, timed

UNCACHED_REPEATS = 7
CACHED_REPEATS = 15
PAGE_TARGET_MS = 500
RUNS_TARGET_MS = 300


@dataclass(frozen=True)
class Question:
    """A page with keys of its own; ``filters``: parameters beyond 30 days of UTC by day."""

    name: str
    path: str
    keys: tuple[tuple[str, str], ...] = ()
    filters: tuple[tuple[str, str], ...] = ()
    target: int = PAGE_TARGET_MS


QUESTIONS = (
    *(
        Question(f"runs, sorted by {sort or 'start'}", "/runs", (("sort", sort),) if sort else (), (), RUNS_TARGET_MS)
        for sort in ("", "-duration", "duration", "-cost", "cost", "-tokens", "-llm_calls", "-tool_calls")
    ),
    Question("one run", "/runs/<id>"),
    Question("runs of an import", "/runs", (("import", "1"),)),
    Question("runs with many calls and no result", "/runs", (("kind", "many_calls"),)),
    Question("runs that cost unusually much", "/runs", (("outlier", "cost"),)),
    Question("runs that failed in one repository", "/runs", (), (("status", "failed"), ("attr.repository", "web/storefront"))),
    Question("runs with a word in the error", "/runs", (("q", "timeout"),)),
    Question("errors", "/errors"),
    Question("errors by category", "/errors", (("by", "category"),)),
    Question("tools", "/tools"),
    Question("changes of cost", "/changes"),
    Question("changes of cost by task", "/changes", (("by", "attr.task"),)),
    Question("changes of the 95th percentile", "/changes", (("metric", "p95_duration_ms"),)),
    Question("compare", "/compare"),
    Question("compare, adjusted for repositories", "/compare", (("adjust", "attr.repository"),)),
    Question("compare with the period before", "/compare", (("b", "period=previous"),)),
    Question("money", "/money"),
    Question("data", "/data"),
    Question("overview, one repository", "/", (), (("attr.repository", "web/storefront"),)),
    Question("overview, one tool", "/", (), (("tool", "bash"),)),
    Question("overview, split by repository", "/", (("split", "attr.repository"),)),
    Question("overview, split by error category", "/", (("split", "category"),)),
)  # fmt: skip


def measure(app: Dash, place: Place, until: datetime) -> None:
    """Prints, for each question, all panels one after the other, the slowest one, and the same cached."""
    row = table("page", "calls", "uncached p50", "p95", "slowest call", "wanted", "cached p50")
    for question in QUESTIONS:
        say(f"{question.name} ...")
        _measure(app, place, question, until, row)


def _measure(app: Dash, place: Place, question: Question, until: datetime, row: object) -> None:
    page = Page(app, place, question.path, question.path.replace("<id>", _failed_run(place)))
    filters = parse({"range": "30d", "tz": "UTC", **dict(question.filters)}, now=until)
    keys = dict(question.keys)
    page.sweep()
    slow = timed(lambda: page.load(filters, **keys), UNCACHED_REPEATS, page.forget)
    fast = timed(lambda: page.load(filters, **keys), CACHED_REPEATS)
    slowest = max(_calls(page, filters, keys), key=lambda pair: pair[1])
    assert callable(row)
    row(question.name, len(page.callbacks), f"{slow.p50:.0f} ms", f"{slow.p95:.0f} ms",
        f"{slowest[0]}, {slowest[1]:.0f} ms", judged(slow.p50, question.target, "ms"), f"{fast.p50:.0f} ms")  # fmt: skip


def _failed_run(place: Place) -> str:
    """The id of the newest run with an error: its page asks most."""
    newest = "SELECT invocation_id FROM agent_execution WHERE error_message IS NOT NULL ORDER BY start_time DESC LIMIT 1"
    with place.engine.connect() as connection:
        return str(connection.execute(text(newest)).scalar_one())


def _calls(page: Page, filters: Filters, keys: dict[str, str]) -> list[tuple[str, float]]:
    """(panel, milliseconds) of each call by itself."""
    found = []
    for callback in page.callbacks:
        took = timed(lambda callback=callback: page.ask(callback, filters, **keys), 3, page.forget)
        found.append((callback["output"].removeprefix("answer-").removesuffix(".data"), took.p50))
    return found
