"""Verdicts in words: what is said of which difference."""

import math
from typing import Any

import pytest

from queries.compare import Comparison, Difference
from queries.metrics import METRIC, Term
from queries.sides import Rest
from queries.stats import Interval
from queries.verdicts import amount, better, signed, summary, verdict

NAN = math.nan


def of(metric: str, a: float, b: float, kind: str = "mean", **more: Any) -> Difference:
    base = {"runs": (400, 300), "method": "", "interval": None} | more
    rests = tuple(Rest(runs, Term("runs")) for runs in base.pop("runs"))
    return Difference(metric, kind, a, b, rests, verdict=base.pop("verdict"), **base)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (
            of("success_rate", 0.931, 0.9, verdict="apart", interval=Interval(0.01, 0.052)),
            "A is better by 3.1 points (95 %: 1.0 to 5.2)",
        ),
        (
            of("success_rate", 0.9, 0.931, verdict="apart", interval=Interval(-0.052, -0.01)),
            "B is better by 3.1 points (95 %: 1.0 to 5.2)",
        ),
        # Cheaper is better; the amounts are those of the side that leads.
        (
            of("cost_per_run", 0.081, 0.098, verdict="apart", interval=Interval(-0.0172, -0.0164)),
            "A is better by $0.0170 (95 %: $0.0164 to $0.0172)",
        ),
        (
            of("cost_per_run", 0.12, 0.1, verdict="maybe", interval=Interval(0.002, 0.038)),
            "B looks better by $0.0200 (95 %: $0.00200 to $0.0380), but among 15 differences one like this can be chance",
        ),
        # More tokens are neither better nor worse.
        (
            of("tokens_per_run", 556, 933, verdict="apart", interval=Interval(-383, -370)),
            "B is higher by 377 (95 %: 370 to 383)",
        ),
        (
            of("llm_calls_per_run", 3.9959, 4.0, verdict="apart", interval=Interval(-0.0053, -0.0028)),
            "B is higher by 0.0041 (95 %: 0.0028 to 0.0053)",
        ),
        (
            of("success_rate", 0.91, 0.9, verdict="open", interval=Interval(-0.01, 0.03), more=1163.2),
            "No difference can be told yet; about 1,200 more runs each would show one of this size",
        ),
        (
            of("success_rate", 0.9, 0.9, verdict="open", interval=Interval(-0.02, 0.02), more=math.inf),
            "No difference seen",
        ),
        (
            of("success_rate", 0.9001, 0.9, verdict="open", interval=Interval(-0.02, 0.02), more=3.2e6),
            "No difference can be told yet; one of this size would take over 1,000,000 more runs each",
        ),
        (
            of("success_rate", 0.9, 0.8, verdict="few", runs=(29, 300)),
            "Too few runs: A rests on 29, 30 each are needed",
        ),
        (
            of("success_rate", 0.9, 0.8, verdict="few", runs=(2, 5)),
            "Too few runs: A rests on 2 and B rests on 5, 30 each are needed",
        ),
        (of("p99_duration_ms", 9, 8, "percentile", verdict="few"), "Too few runs for so rare a value"),
        (of("cost_per_run", NAN, 0.1, verdict="none"), "No value on side A"),
        (of("cost_per_run", NAN, NAN, verdict="none"), "No value on either side"),
        (of("runs", 400, 300, "total", verdict="total"), "Counted: no chance in it"),
        (of("runs", 300, 300, "total", verdict="total"), "Equal"),
        (
            of("llm_calls_per_run", 4, 4, verdict="same", interval=Interval(0, 0)),
            "No difference, and no spread in either",
        ),
        (of("cost_per_run", 1, 2, verdict="unread"), "No interval: too few of the single runs could be read"),
    ],
)
def test_verdict(difference: Difference, words: str) -> None:
    assert verdict(difference, 15) == words


def test_an_interval_that_reaches_the_other_way_keeps_its_sign() -> None:
    one = of("avg_duration_ms", 61_000, 60_000, verdict="maybe", interval=Interval(-200, 2200))
    assert "by 1\u202fs (95 %: −200\u202fms to 2.2\u202fs)" in verdict(one, 3)


@pytest.mark.parametrize(
    ("metric", "value", "words"),
    [
        ("success_rate", 0.031, "+3.1 points"),
        ("success_rate", -0.00042, "−0.042 points"),
        ("success_rate", 0.0, "0.0 points"),
        ("cost_per_run", -0.0168, "−$0.0168"),
        ("avg_duration_ms", 97_000, "+1m 37s"),
        ("tokens_per_run", 0.25, "+0.25"),
        ("runs", -1204, "−1,204"),
    ],
)
def test_a_difference_in_its_unit(metric: str, value: float, words: str) -> None:
    assert signed(METRIC[metric], value) == words
    assert amount(METRIC[metric], value) == words.lstrip("+−")


def test_only_what_stands_is_coloured() -> None:
    interval = Interval(0.01, 0.05)
    assert better(of("success_rate", 0.9, 0.8, verdict="apart", interval=interval)) is True
    assert better(of("cost_per_run", 0.9, 0.8, verdict="apart", interval=interval)) is False
    assert better(of("tokens_per_run", 9, 8, verdict="apart", interval=interval)) is None
    assert better(of("success_rate", 0.9, 0.8, verdict="maybe", interval=interval)) is None
    assert better(of("runs", 9, 8, "total", verdict="total")) is None


def comparison(*differences: Difference) -> Comparison:
    return Comparison(None, None, (400, 300), differences, (400, 300), 15, 0, None)  # type: ignore[arg-type]


def test_summary() -> None:
    apart = {"verdict": "apart", "interval": Interval(0.01, 0.05)}
    rate, cost = of("success_rate", 0.9, 0.8, **apart), of("cost_per_run", 0.9, 0.8, **apart)
    slow, tokens = of("p95_duration_ms", 1, 2, **apart), of("tokens_per_run", 9, 8, **apart)
    chance = of("llm_calls_per_run", 1, 2, verdict="maybe", interval=Interval(-2, -0.1))
    assert summary(comparison(rate, cost, slow, tokens, chance)) == (
        "A is better in success rate and p95 duration; B is better in cost per run."
    )
    assert summary(comparison(tokens)) == "They differ, but in nothing that is better or worse."
    assert summary(comparison(chance)) == "Of 15 differences that can be judged, none stands out from chance."
