"""Which runs are asked for, in which order: Filters and what finds single runs beyond them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from queries.errors import QueryError, did_you_mean
from queries.filters import Filters
from queries.kinds import KIND, check_kind
from queries.units import exact

# What runs can be ordered by, and the column that says it.
SORTS = {
    "start": "start_time",
    "duration": "duration_ms",
    "cost": "cost_usd",
    "tokens": "total_tokens",
    "llm_calls": "llm_call_count",
    "tool_calls": "tool_call_count",
}
DEFAULT_SORT = "-start"
OUTLIERS = ("cost", "duration", "tokens")
PARAMETERS = (
    "sort",
    "q",
    "min_duration",
    "max_duration",
    "min_cost",
    "max_cost",
    "outlier",
    "kind",
    "import",
)
MAX_TEXT = 600

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_STEP = re.compile(r"([0-9]{1,12}(?:[.][0-9]{1,6})?) ?(ms|s|m|h|d)")
_DURATION = re.compile(rf"{_STEP.pattern}(?: ?{_STEP.pattern}){{0,4}}")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_DOLLARS = re.compile(r"[$]?([0-9]{1,9}(?:[.][0-9]{1,9})?)")
DURATION, MONEY, IMPORT = _DURATION.pattern, _DOLLARS.pattern, _NUMBER.pattern
DURATIONS = "a number with ms, s, m, h or d: 1500ms, 30s, 2m, 1h 30m"
IMPORTS = "the number of an import, as the data page and `fixer-metrics imports` list them: 3"
DOLLARS = "dollars, at most nine digits before and after the point: 0.05, 12, $3.50"


@dataclass(frozen=True, slots=True)
class Between:
    """Both ends included; None is open. A run without the value is not between."""

    low: Decimal | None = None
    high: Decimal | None = None

    def __bool__(self) -> bool:
        return self.low is not None or self.high is not None


@dataclass(frozen=True, slots=True)
class RunQuery:
    """``sort``: a name of SORTS, with ``-`` before it from the highest down. ``text``: an id, the
    beginning of one, or words of the error. ``duration`` in milliseconds, ``cost`` in dollars. ``kind``: a
    name of queries.kinds. ``import_id``: of the import that brought them; 0 for any."""

    filters: Filters
    sort: str = DEFAULT_SORT
    text: str = ""
    duration: Between = Between()
    cost: Between = Between()
    outlier: str = ""
    kind: str = ""
    import_id: int = 0

    @property
    def column(self) -> str:
        return SORTS[self.sort.removeprefix("-")]

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def narrowed(self) -> bool:
        """Whether anything but the filters narrows the runs: the rollups do not know how many are left."""
        return bool(self.text or self.duration or self.cost or self.outlier or self.kind or self.import_id)

    def key(self) -> str:
        """What the cache knows it by: everything that decides the answer but the data."""
        asked = self.filters
        names = (asked.statuses, asked.model, asked.agent, asked.version)
        period = (asked.start, asked.end)
        own = (self.duration, self.cost, self.outlier, self.kind, self.import_id)
        return repr((period, names, asked.facets, self.sort, self.text, *own))

    def parameters(self) -> dict[str, str]:
        """As the URL carries them, defaults left out; in the order of PARAMETERS."""
        values = {
            "sort": "" if self.sort == DEFAULT_SORT else self.sort,
            "q": self.text,
            "min_duration": _milliseconds(self.duration.low),
            "max_duration": _milliseconds(self.duration.high),
            "min_cost": _plain(self.cost.low),
            "max_cost": _plain(self.cost.high),
            "outlier": self.outlier,
            "kind": self.kind,
            "import": str(self.import_id or ""),
        }
        return {name: value for name, value in values.items() if value}

    def describe(self) -> str:
        """What narrows the runs beyond the filters, in words; empty for nothing."""
        sought = f"matching {self.text!r}" if self.text else ""
        return ", ".join(filter(None, (sought, self.describe_ranges())))

    def in_words(self) -> str:
        """Which runs, in words: the filters, and what narrows them further."""
        return ", ".join(filter(None, (self.filters.describe(), self.describe())))

    def describe_ranges(self) -> str:
        """The same without the text that is searched for."""
        parts = [
            _between("duration", self.duration, "ms"),
            _between("cost", self.cost, "usd"),
            f"with unusual {self.outlier}" if self.outlier else "",
            f"kind: {KIND[self.kind].label}" if self.kind else "",
            f"brought by import {self.import_id}" if self.import_id else "",
        ]
        return ", ".join(filter(None, parts))


def parse(asked: Mapping[str, str], filters: Filters) -> RunQuery:
    """QueryError, naming parameter and value, for the first bad one."""
    text = (asked.get("q") or "").strip()
    if len(text) > MAX_TEXT or _unstorable(text) or (asked.get("q") and not text):
        allowed = f"an id, its beginning, or words of an error; at most {MAX_TEXT} characters"
        raise QueryError("bad_q", "q", f"{text[:40]!r} cannot be searched for", allowed)
    return RunQuery(
        filters=filters,
        sort=_sort(asked.get("sort") or DEFAULT_SORT),
        text=text,
        duration=_range(asked, "duration", _duration),
        cost=_range(asked, "cost", _cost),
        outlier=_outlier(asked.get("outlier") or ""),
        kind=check_kind(asked.get("kind") or ""),
        import_id=_import(asked.get("import") or ""),
    )


def _unstorable(text: str) -> bool:
    """Lone surrogates and NUL, which no text of the database has."""
    return any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in text)


def _sort(word: str) -> str:
    allowed = [sign + name for name in SORTS for sign in ("-", "")]
    if word not in allowed:
        message = f"sort {word[:80]!r} is not known.{did_you_mean(word, allowed)}"
        raise QueryError("bad_sort", "sort", message, ", ".join(allowed))
    return word


def _outlier(word: str) -> str:
    if word and word not in OUTLIERS:
        message = f"outlier {word[:80]!r} is not known.{did_you_mean(word, OUTLIERS)}"
        raise QueryError("bad_outlier", "outlier", message, ", ".join(OUTLIERS))
    return word


def _import(text: str) -> int:
    if text and not _NUMBER.fullmatch(text):
        raise QueryError("bad_import", "import", f"import {text[:80]!r} is not the number of one", IMPORTS)
    return int(text or 0)


def _range(asked: Mapping[str, str], what: str, read: Callable[[str, str], Decimal]) -> Between:
    names = (f"min_{what}", f"max_{what}")
    low, high = (read(name, asked[name].strip()) if asked.get(name) else None for name in names)
    if low is not None and high is not None and low > high:
        message = f"{names[0]} {asked[names[0]]!r} is more than {names[1]} {asked[names[1]]!r}"
        raise QueryError(f"bad_{names[0]}", names[0], message, f"at most what {names[1]} says")
    return Between(low, high)


def _duration(name: str, text: str) -> Decimal:
    if not _DURATION.fullmatch(text):
        raise QueryError(f"bad_{name}", name, f"{name} {text[:80]!r} is not a length of time", DURATIONS)
    return sum((Decimal(number) * _UNITS[unit] for number, unit in _STEP.findall(text)), Decimal(0))


def _cost(name: str, text: str) -> Decimal:
    found = _DOLLARS.fullmatch(text)
    if not found:
        raise QueryError(f"bad_{name}", name, f"{name} {text[:80]!r} is not an amount of money", DOLLARS)
    return Decimal(found[1])


def _milliseconds(value: Decimal | None) -> str:
    return "" if value is None else f"{_plain(value)}ms"


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def _between(what: str, asked: Between, unit: str) -> str:
    low, high = (None if end is None else _readable(end, unit) for end in (asked.low, asked.high))
    if low and high:
        return f"{what} from {low} to {high}"
    return f"{what} at least {low}" if low else f"{what} at most {high}" if high else ""


def _readable(value: Decimal, unit: str) -> str:
    """In the largest unit that leaves a whole number: 90000 ms are 90s."""
    if unit == "usd":
        return exact(float(value), unit)
    whole = (name for name in ("d", "h", "m", "s", "ms") if value and not value % _UNITS[name])
    name = next(whole, "ms")
    return f"{_plain(value / _UNITS[name])}{name}"
