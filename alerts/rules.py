"""A rule: which number of which runs, over what time, held against what, and who is told. Pure.

``read`` is the one way from what a form or an API call says to a Rule; each refusal names the field, the
value and what is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from alerts import spans
from alerts.spans import Span
from queries.calendar import DAY, QUARTER, zone
from queries.errors import QueryError, did_you_mean
from queries.filters import DEFAULTS, Filters, parse
from queries.metrics import METRIC, METRICS, Metric
from queries.unusual import WATCHED

COMPARISONS = ("above", "below", "rises", "falls", "unusual", "budget")
CHANGES = ("rises", "falls")
AGAINST = ("previous", "day", "week")  # what a change is measured against
BASES = ("spent", "foreseen")  # of a budget: so far, or by the end of the month
UNITS = ("percent", "points")  # of a change
NO_DATA = ("keep", "ok", "alert")
SEVERITIES = ("critical", "warning", "info")
WATCHABLE = tuple(record for record in METRICS if record.kind != "interval")
UNUSUAL = tuple(dict.fromkeys(watched.metric for watched in WATCHED))
UNUSUAL_WINDOWS = {"1h": "hour", "1d": "day", "7d": "week"}  # what is judged is a bucket of a chart
LONGEST_NAME, MOST_CHANNELS, LONGEST_FILTERS = 100, 20, 2000
LARGEST = 1e15
MIN_RUNS = 10  # of rates and averages: fewer say little
NOT_AT_ALL = Span(0, "m")
_EPOCH = datetime.fromisoformat("2026-01-01T00:00+00:00")  # filters need a now; a rule has none


@dataclass(frozen=True)
class Rule:
    """``threshold`` and ``resolve`` as people write them: percent from 0 to 100, milliseconds, dollars;
    of a change percent or points (``unit``); of unusual standard deviations; of budget percent of it
    (``basis``: of what is spent, or foreseen).
    ``hold``: for how long before it fires; ``clear``: for how long before it is over. ``renotify``: after how
    long it is told again, None for never. ``changed_at``: since when the condition is what it is."""

    name: str
    metric: Metric
    filters: Filters
    comparison: str
    threshold: float
    window: Span
    resolve: float | None = None
    against: str = "previous"
    unit: str = "percent"
    basis: str = "spent"
    hold: Span = NOT_AT_ALL
    clear: Span = NOT_AT_ALL
    min_runs: int = MIN_RUNS
    no_data: str = "keep"
    severity: str = "warning"
    channels: tuple[int, ...] = ()
    renotify: Span | None = None
    tz: str = "UTC"
    enabled: bool = True
    rule_id: int = 0
    changed_at: datetime | None = None
    snoozed_until: datetime | None = None

    @property
    def search(self) -> str:
        """The filters as a URL has them, without ``?``."""
        return self.filters.to_search().removeprefix("?")

    @property
    def upward(self) -> bool:
        """Whether more is what is watched for."""
        return self.comparison in ("above", "rises", "budget")

    @property
    def limit(self) -> float:
        """The threshold in the unit of what is observed."""
        return self._own(self.threshold)

    @property
    def resolve_limit(self) -> float:
        return self.limit if self.resolve is None else self._own(self.resolve)

    def _own(self, written: float) -> float:
        # By decimals: 33.3 / 100 in binary is not the 0.333 that 333 of 1,000 are.
        share = self.metric.unit == "percent" and self.comparison in ("above", "below")
        return float(Decimal(repr(float(written))) / 100) if share else float(written)

    def condition(self) -> tuple[Any, ...]:
        """Everything that decides the state: where it changes, the state begins anew."""
        return (
            self.metric.name, self.search, self.comparison, self.threshold, self.resolve, self.window,
            self.against, self.unit, self.basis, self.hold, self.clear, self.min_runs, self.no_data, self.tz,
        )  # fmt: skip


def read(fields: Mapping[str, Any]) -> Rule:
    """QueryError for the first field that cannot be; what is left out stands at its default."""
    tz = _zone(fields.get("tz") or "UTC")
    metric = _metric(fields.get("metric") or "failure_rate")
    comparison = _one_of("comparison", fields.get("comparison") or "above", COMPARISONS)
    window = spans.parse("window", fields.get("window") or _window(comparison), QUARTER, 31 * DAY)
    rule = Rule(
        name=_name(fields.get("name")),
        metric=metric,
        filters=_filters(fields.get("filters") or "", tz),
        comparison=comparison,
        threshold=_number("threshold", fields.get("threshold"), 20.0),
        window=window,
        resolve=None if fields.get("resolve") is None else _number("resolve", fields["resolve"], 0),
        against=_one_of("against", fields.get("against") or "previous", AGAINST),
        unit=_one_of("unit", fields.get("unit") or metric.change, UNITS),
        basis=_one_of("basis", fields.get("basis") or "spent", BASES),
        hold=_span("hold", fields.get("hold") or "0m"),
        clear=_span("clear", fields.get("clear") or "0m"),
        min_runs=_min_runs(fields.get("minRuns"), metric),
        no_data=_one_of("noData", fields.get("noData") or "keep", NO_DATA),
        severity=_one_of("severity", fields.get("severity") or "warning", SEVERITIES),
        channels=_channels(fields.get("channels") or ()),
        renotify=_renotify(fields.get("renotify") or ""),
        tz=tz,
        enabled=bool(fields.get("enabled", True)),
    )
    _together(rule)
    return rule


def _together(rule: Rule) -> None:
    """What does not go with each other."""
    if rule.comparison == "unusual":
        _check_unusual(rule)
    if rule.comparison == "budget":
        if rule.metric.name != "cost_usd":
            raise _bad("metric", rule.metric.name, "cost_usd: a budget is spent in dollars")
        if rule.filters.filtered:
            raise _bad("filters", rule.search, "no filters: the budget of a month is for all runs")
    if rule.comparison in CHANGES:
        if rule.threshold < 0:
            raise _bad("threshold", rule.threshold, "0 or more: the comparison says which way")
        if rule.unit == "points" and rule.metric.unit != "percent":
            raise _bad("unit", rule.unit, f"percent, for {rule.metric.label} is no share")
    if rule.resolve is not None:
        _check_resolve(rule)


def _check_unusual(rule: Rule) -> None:
    if rule.metric.name not in UNUSUAL:
        raise _bad("metric", rule.metric.name, ", ".join(UNUSUAL))
    if str(rule.window) not in UNUSUAL_WINDOWS:
        allowed = f"{', '.join(UNUSUAL_WINDOWS)}: the last full hour, day or week is judged"
        raise _bad("window", rule.window, allowed)
    if not 1 <= rule.threshold <= 10:
        raise _bad("threshold", rule.threshold, "1 to 10 standard deviations")
    if rule.filters.status:
        raise _bad("filters", rule.search, "no status: how often runs end so is what is judged")


def _check_resolve(rule: Rule) -> None:
    if rule.comparison == "unusual":
        raise _bad("resolve", rule.resolve, "nothing: what is unusual has no second threshold")
    assert rule.resolve is not None
    beyond = rule.resolve > rule.threshold if rule.upward else rule.resolve < rule.threshold
    if rule.comparison == "falls":  # a fall of 20 % is over at one of 10 %
        beyond = rule.resolve > rule.threshold
    if beyond:
        side = "above" if rule.upward or rule.comparison == "falls" else "below"
        raise _bad("resolve", rule.resolve, f"a number that is not {side} the threshold")


def _bad(field: str, value: Any, allowed: str) -> QueryError:
    return QueryError("bad_field", field, f"{field} {str(value)[:80]!r} is not allowed", allowed)


def _window(comparison: str) -> str:
    return "1d" if comparison == "unusual" else "1h"


def _name(value: Any) -> str:
    name = " ".join(str(value or "").split())
    if not name or len(name) > LONGEST_NAME or "\x00" in name:
        raise _bad("name", name, f"1 to {LONGEST_NAME} characters")
    return name


def _metric(name: str) -> Metric:
    names = [record.name for record in WATCHABLE]
    if name not in names:
        raise QueryError(
            "bad_field", "metric", f"metric {name[:80]!r} is not known.{did_you_mean(name, names)}",
            ", ".join(names),
        )  # fmt: skip
    return METRIC[name]


def _one_of(field: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise _bad(field, value, ", ".join(allowed))
    return value


def _number(field: str, value: Any, default: float) -> float:
    number = default if value is None else float(value)
    if not -LARGEST <= number <= LARGEST:
        raise _bad(field, value, "a number")
    return number


def _min_runs(value: int | None, metric: Metric) -> int:
    """A count is one whatever few runs there are; a rate of three runs says little."""
    if value is None:
        return 0 if metric.kind == "sum" else MIN_RUNS
    if not 0 <= value <= 10**9:
        raise _bad("minRuns", value, "a whole number from 0 to 1,000,000,000")
    return int(value)


def _span(field: str, text: str) -> Span:
    return spans.parse(field, text, timedelta(), 7 * DAY)


def _renotify(text: str) -> Span | None:
    return spans.parse("renotify", text, QUARTER, 31 * DAY) if text else None


def _zone(name: str) -> str:
    try:
        return zone(name).key
    except QueryError as error:
        raise QueryError("bad_field", "tz", error.message, error.allowed) from None


def _channels(value: Any) -> tuple[int, ...]:
    ids = tuple(dict.fromkeys(int(one) for one in value))
    if len(ids) > MOST_CHANNELS:
        raise _bad("channels", len(ids), f"at most {MOST_CHANNELS} channels")
    return ids


def _filters(text: str, tz: str) -> Filters:
    if len(text) > LONGEST_FILTERS:
        raise _bad("filters", text, f"at most {LONGEST_FILTERS} characters")
    asked = dict(parse_qsl(text.lstrip("?"), keep_blank_values=True))
    for key, value in asked.items():
        if not value:
            raise _bad("filters", text, f"{key}=VALUE, as in a URL: model=gpt-4&status=failed")
    for key in asked.keys() & {*DEFAULTS, "tz"}:
        raise _bad("filters", f"{key}={asked[key]}", f"no {key}: the rule's own window and zone count")
    try:
        return parse(asked, now=_EPOCH, default_tz=tz, strict=True)
    except QueryError as error:
        raise QueryError("bad_field", "filters", error.message, error.allowed) from None
