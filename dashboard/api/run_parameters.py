"""Roof: the parameters that find, order and export single runs; a record each, like the others."""

from __future__ import annotations

from dashboard.api.parameters import Parameter, words
from dashboard.export_formats import FORMATS
from queries import kinds, run_query

SORT = Parameter(
    "sort",
    "The order of the runs; with a minus from the highest down. Runs without the value come last.",
    ", ".join(f"{name}, -{name}" for name in run_query.SORTS),
    words(tuple(sign + name for name in run_query.SORTS for sign in ("", "-"))),
    run_query.DEFAULT_SORT,
)
SEARCH = Parameter(
    "q",
    "Only the run with this id, runs whose id begins with it, or, where there are none, runs whose error "
    'has all of these words. Words in quotes ("rate limit") are meant in this order, and are never an id.',
    f"an id, its beginning, or words; at most {run_query.MAX_TEXT} characters",
    {"type": "string", "pattern": rf"^[^\x00]{{1,{run_query.MAX_TEXT}}}$"},
    "all",
)


def _bound(name: str, text: str, allowed: str, pattern: str) -> Parameter:
    return Parameter(name, text, allowed, {"type": "string", "pattern": f"^({pattern})$"}, "any")


RANGES = tuple(
    _bound(f"{end}_{what}", f"Only runs that {verb} at {most} this much.", allowed, pattern)
    for what, verb, allowed, pattern in (
        ("duration", "took", run_query.DURATIONS, run_query.DURATION),
        ("cost", "cost", run_query.DOLLARS, run_query.MONEY),
    )
    for end, most in (("min", "least"), ("max", "most"))
)
OUTLIER = Parameter(
    "outlier",
    "Only runs that stand far out from the runs of their model in the period.",
    ", ".join(run_query.OUTLIERS),
    words(run_query.OUTLIERS),
    "all",
)
KIND = Parameter("kind", "Only runs of this kind.", ", ".join(kinds.KIND), words(tuple(kinds.KIND)), "all")
IMPORT = Parameter(
    "import",
    "Only runs that this import brought, and that no other has replaced since.",
    run_query.IMPORTS,
    {"type": "string", "pattern": f"^({run_query.IMPORT})$"},
    "any",
)
RUN_ID = Parameter(
    "run_id", "The id, percent-encoded whole.", "the id of a run", {"type": "string", "minLength": 1}
)
FORMAT = Parameter("format", "The format of the file.", ", ".join(FORMATS), words(tuple(FORMATS)))

# What finds and orders single runs beyond the filters.
OF_RUNS = (SORT, SEARCH, *RANGES, OUTLIER, KIND, IMPORT)
