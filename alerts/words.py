"""Rules, values and states in words: one wording for page, messages and history. Pure."""

from __future__ import annotations

from alerts.rules import CHANGES, UNUSUAL_WINDOWS, Rule
from queries.units import missing, short

STATES = {
    "ok": "OK",
    "pending": "Pending",
    "firing": "Firing",
    "resolved": "Resolved",
    "no_data": "No data",
}
SEVERITIES = {"critical": "Critical", "warning": "Warning", "info": "Info"}
NO_DATA = {
    "keep": "leave the alert as it is",
    "ok": "take it as all right",
    "alert": "alert",
}
_CHANGE = {"rises": "rise", "falls": "fall"}
_AGAINST = {
    "previous": "the {window} before",
    "day": "the same time a day before",
    "week": "the same time a week before",
}


def condition(rule: Rule) -> str:
    """``Failure rate above 20.0 % over 1 hour``, and the filters."""
    scope = rule.filters.describe_filters()
    return _condition(rule) + (f" ({scope})" if scope else "")


def _condition(rule: Rule) -> str:
    label = rule.metric.label
    if rule.comparison == "unusual":
        bucket = UNUSUAL_WINDOWS[str(rule.window)]
        return f"{label} of the last full {bucket} unusual, beyond {rule.threshold:g} standard deviations"
    if rule.comparison == "budget":
        what = "Foreseen cost" if rule.basis == "foreseen" else "Cost"
        return f"{what} of the month above {threshold(rule)} of the budget"
    over = f"over {rule.window.words}"
    if rule.comparison not in CHANGES:
        return f"{label} {rule.comparison} {threshold(rule)} {over}"
    against = _AGAINST[rule.against].format(window=rule.window.words)
    return f"{label} {rule.comparison} by more than {threshold(rule)} {over}, against {against}"


def observed(rule: Rule) -> str:
    """What the number of a rule is, as a label of it."""
    return f"Budget {rule.basis}" if rule.comparison == "budget" else rule.metric.label


def bound(rule: Rule) -> str:
    """``above 20.0 %``: what the number is held against."""
    if rule.comparison == "unusual":
        return f"beyond {rule.threshold:g} standard deviations"
    if rule.comparison == "budget":
        return f"above {threshold(rule)} of the month's budget"
    if rule.comparison in CHANGES:
        return f"a {_CHANGE[rule.comparison]} of more than {threshold(rule)}"
    return f"{rule.comparison} {threshold(rule)}"


def threshold(rule: Rule) -> str:
    return _written(rule, rule.limit)


def value(rule: Rule, number: float | None) -> str:
    """What is observed, in the unit that the rule compares in; a change with its sign."""
    if missing(number):
        return "no value"
    assert number is not None
    sign = "" if rule.comparison not in CHANGES else "+" if number > 0 else "−" if number < 0 else ""
    return sign + _written(rule, abs(number) if sign else number)


def _written(rule: Rule, number: float) -> str:
    if rule.comparison == "budget":
        return f"{number:,.1f}\u202f%"
    if rule.comparison in CHANGES:
        return f"{number:,.1f}\u202f{'pt' if rule.unit == 'points' else '%'}"
    return str(short(number, rule.metric.unit))


def hold(rule: Rule) -> str:
    return f", for {rule.hold.words}" if rule.hold.number else ""
