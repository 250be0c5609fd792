"""What a message says: the number, the threshold, why it changed, and the way to exactly that view. Text."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from alerts import words
from alerts.observe import baseline, window
from alerts.rules import CHANGES, Rule
from alerts.tell import Message, Notice
from queries.calendar import local
from queries.filters import Filters
from queries.metrics import Metric
from queries.store import Store
from queries.words import day, instants, span

log = logging.getLogger(__name__)

# Two periods of the same runs -> why the metric differs, in a sentence (layouts.told; handed in by the roof).
Why = Callable[[Store, Metric, Filters, Filters], str]
HEADS = {"fires": "Firing", "fires on": "Still firing", "over": "Resolved"}


@dataclass(frozen=True)
class Writer:
    """``address``: of the page, as its readers reach it, without a slash at its end."""

    store: Store
    why: Why
    address: str

    def __call__(self, notices: Sequence[Notice], now: datetime) -> Message:
        parts = [self._part(notice) for notice in notices]
        foot = f"All alerts: {self.address}/alerts"
        return Message(subject(notices), "\n\n".join([*parts, foot]))

    def _part(self, notice: Notice) -> str:
        rule, episode = notice.rule.rule, notice.episode
        severity = words.SEVERITIES[episode.severity]
        lines = [f"{HEADS[notice.what]} ({severity.lower()}): {episode.name}", self._said(notice)]
        if notice.what != "over":
            lines.append(f"Since {moment(episode.fired_at, rule.tz)}{words.hold(rule)}.")
            lines += filter(None, [self._why(notice)])
        at = notice.rule.evaluated_at or episode.fired_at
        lines.append(f"See these runs: {self.address}{link(rule, at)}")
        return "\n".join(lines)

    def _said(self, notice: Notice) -> str:
        return said(notice.rule.rule, notice.rule.value, notice.rule.runs, notice.rule.evaluated_at)

    def _why(self, notice: Notice) -> str:
        """A message is sent even where its reason cannot be worked out."""
        rule, at = notice.rule.rule, notice.rule.evaluated_at or notice.episode.fired_at
        if rule.comparison == "budget" or notice.rule.value is None:
            return ""
        after = window(rule, at)
        before = baseline(rule, after)
        sides = [narrowed(rule, part) for part in (after, before)]
        try:
            return self.why(self.store, rule.metric, *sides)
        except Exception as error:
            log.warning("no reason could be told for rule %s", rule.rule_id, exc_info=error)
            return ""


def subject(notices: Sequence[Notice]) -> str:
    """``Firing: Checkout fails: failure rate 34.2 % (above 20.0 %)``, or how many and which."""
    if len(notices) == 1:
        notice = notices[0]
        rule = notice.rule.rule
        number = words.value(rule, notice.rule.value)
        head = f"{HEADS[notice.what]}: {notice.episode.name}"
        return f"{head}: {rule.metric.label} {number}"
    firing = sum(notice.what != "over" for notice in notices)
    counts = [f"{firing} firing"] if firing else []
    counts += [f"{len(notices) - firing} resolved"] if firing < len(notices) else []
    names = [notice.episode.name for notice in notices]
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Alerts: {', '.join(counts)}: {', '.join(names[:3])}{rest}"


def said(rule: Rule, value: float | None, runs: int, at: datetime | None) -> str:
    """``34.2 % of 41 runs, 27 Nov 14:00 to 15:00; the rule: Failure rate above 20.0 % over 1 hour``."""
    number = words.value(rule, value)
    of = f"{runs:,} run{'' if runs == 1 else 's'}"
    when = ""
    if at is not None:
        start, end = window(rule, at)
        when = f", {span(start, end, rule.tz)} ({rule.tz})"
    return f"{rule.metric.label}: {number} from {of}{when}. Rule: {words.condition(rule)}."


def moment(at: datetime, tz: str) -> str:
    there = local(at, tz)
    return f"{day(there)} {there:%H:%M} ({tz})"


def narrowed(rule: Rule, period: tuple[datetime, datetime]) -> Filters:
    """The filters of the rule over the instants of a window."""
    start, end = period
    return replace(rule.filters, range=instants(start, end), start=start, end=end, now=end, tz=rule.tz)


def link(rule: Rule, at: datetime) -> str:
    """To exactly the runs that the rule saw: absolute instants, zone and filters."""
    after = window(rule, at)
    asked = replace(narrowed(rule, after), grain_asked="auto")
    search = asked.to_search(frozen=True)
    if rule.comparison not in CHANGES:
        return f"/{search}"
    against = quote(instants(*baseline(rule, after)), safe="-_.!~*'()")
    by = f"&against={against}&metric={rule.metric.name}"
    return f"/changes{search}{by}"
