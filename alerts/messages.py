"""What a message says: the number, the threshold, why it changed, and the way to exactly that view.

The text is written here; the page beside it is drawn by whoever is handed in (layouts.alert_mail)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from alerts import words
from alerts.observe import baseline, window
from alerts.rules import CHANGES, Rule
from alerts.tell import Episode, Message, Notice, What
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
class Part:
    """One alert of a message, each piece in words. ``bound``: what the number is held against.
    ``since``: when it fired, and was over. ``why``: '' where nothing can be told. ``url``: of the runs that
    the rule saw."""

    what: What
    severity: str
    name: str
    observed: str
    value: str
    bound: str
    runs: str
    when: str
    rule: str
    since: str
    why: str
    url: str


Draw = Callable[
    [Sequence[Part], str], str
]  # parts, address -> HTML: layouts.alert_mail, handed in by the roof


@dataclass(frozen=True)
class Writer:
    """``address``: of the page, as its readers reach it, without a slash at its end."""

    store: Store
    why: Why
    address: str
    draw: Draw

    def __call__(self, notices: Sequence[Notice], now: datetime) -> Message:
        parts = [self._part(notice) for notice in notices]
        return Message(subject(notices), text(parts, self.address), self.draw(parts, self.address))

    def _part(self, notice: Notice) -> Part:
        kept, episode = notice.rule, notice.episode
        rule, at = kept.rule, kept.evaluated_at or episode.fired_at
        start, end = window(rule, at)
        return Part(
            what=notice.what,
            severity=episode.severity,
            name=episode.name,
            observed=words.observed(rule),
            value=words.value(rule, kept.value),
            bound=words.bound(rule),
            runs=f"{kept.runs:,} run{'' if kept.runs == 1 else 's'}",
            when=f"{span(start, end, rule.tz)} ({rule.tz})",
            rule=words.condition(rule) + words.hold(rule),
            since=since(episode, rule.tz),
            why=self._why(notice) if notice.what != "over" else "",
            url=self.address + link(rule, at),
        )

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


def text(parts: Sequence[Part], address: str) -> str:
    return "\n\n".join([*map(_text, parts), f"All alerts: {address}/alerts"])


def _text(part: Part) -> str:
    lines = [
        f"{HEADS[part.what]} ({words.SEVERITIES[part.severity].lower()}): {part.name}",
        f"{part.observed}: {part.value} from {part.runs}, {part.when}. Rule: {part.rule}.",
        f"{part.since}.",
        *filter(None, [part.why]),
        f"See these runs: {part.url}",
    ]
    return "\n".join(lines)


def subject(notices: Sequence[Notice]) -> str:
    """``Firing: Checkout fails: Failure rate 34.2 %``, or how many and which."""
    if len(notices) == 1:
        notice = notices[0]
        rule = notice.rule.rule
        number = words.value(rule, notice.rule.value)
        head = f"{HEADS[notice.what]}: {notice.episode.name}"
        return f"{head}: {words.observed(rule)} {number}"
    counts = counted([notice.what for notice in notices])
    names = [notice.episode.name for notice in notices]
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Alerts: {counts}: {', '.join(names[:3])}{rest}"


def counted(whats: Sequence[What]) -> str:
    """``2 firing, 1 resolved``."""
    firing = sum(what != "over" for what in whats)
    both = ((firing, "firing"), (len(whats) - firing, "resolved"))
    return ", ".join(f"{number} {word}" for number, word in both if number)


def since(episode: Episode, tz: str) -> str:
    fired = moment(episode.fired_at, tz)
    if episode.resolved_at is None:
        return f"Since {fired}"
    return f"Fired {fired}, over {moment(episode.resolved_at, tz)}"


def moment(at: datetime, tz: str) -> str:
    there = local(at, tz)
    return f"{day(there)} {there:%H:%M} ({tz})"


def narrowed(rule: Rule, period: tuple[datetime, datetime]) -> Filters:
    """The filters of the rule over the instants of a window."""
    start, end = period
    return replace(rule.filters, range=instants(start, end), start=start, end=end, now=end, tz=rule.tz)


def link(rule: Rule, at: datetime) -> str:
    """To exactly the runs that the rule saw: absolute instants, zone and filters; of what is foreseen to the
    forecast."""
    after = window(rule, at)
    asked = replace(narrowed(rule, after), grain_asked="auto")
    search = asked.to_search(frozen=True)
    if rule.comparison not in CHANGES:
        forecast = rule.comparison == "budget" and rule.basis == "foreseen"
        return f"/money{search}" if forecast else f"/{search}"
    against = quote(instants(*baseline(rule, after)), safe="-_.!~*'()")
    by = f"&against={against}&metric={rule.metric.name}"
    return f"/changes{search}{by}"
