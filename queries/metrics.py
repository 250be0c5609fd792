"""Metrics are data: one frozen record each, read by every surface (card, axis, table, API, docs).

A metric is made of terms: a measure of the rollups, perhaps only of runs with some statuses. Ratios
name numerator and denominator and are never means of ratios. Adding a metric is one record here and
one oracle in tests/sql/test_metric_oracles.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from queries.errors import QueryError, did_you_mean
from queries.measures import FAILED, MEASURE, RATED

Kind = Literal["sum", "ratio", "percentile", "interval"]
Unit = Literal["count", "tokens", "number", "usd", "ms", "percent"]


@dataclass(frozen=True)
class Term:
    """``sign`` times the sum of ``measure`` over runs with one of ``statuses`` (None: all)."""

    measure: str
    statuses: tuple[str, ...] | None = None
    sign: int = 1

    def __post_init__(self) -> None:
        assert self.measure in MEASURE, self.measure


@dataclass(frozen=True)
class Metric:
    """One number people ask for.

    ``numerator``/``denominator``: terms added up; a ratio is numerator / denominator * ``scale``.
    ``quantile`` of ``sketch`` for percentiles; ``bound`` (-1 lower, +1 upper) for intervals.
    ``better``: the direction that is good news, None where neither is.
    ``change``: told in percent of the old value, or in points (percentage points of a share).
    ``empty``: the value when there are no runs at all (0 for counts and sums, None for the others).
    """

    name: str
    label: str
    help: str
    kind: Kind
    unit: Unit
    numerator: tuple[Term, ...] = ()
    denominator: tuple[Term, ...] = ()
    scale: float = 1.0
    sketch: str = ""
    quantile: float = 0.0
    bound: int = 0
    better: Literal["up", "down"] | None = None
    change: Literal["percent", "points"] = "percent"

    @property
    def empty(self) -> int | None:
        return 0 if self.kind == "sum" else None

    @property
    def additive(self) -> bool:
        """Whether the parts of a breakdown add up to the whole."""
        return self.kind == "sum"

    @property
    def terms(self) -> tuple[Term, ...]:
        return self.numerator + self.denominator


_ALL = (Term("runs"),)
_US = 1e-3  # duration_us to milliseconds


def _sum(name: str, label: str, text: str, *terms: Term, unit: Unit = "count", **more: object) -> Metric:
    return Metric(name, label, text, "sum", unit, numerator=terms, **more)  # type: ignore[arg-type]


def _ratio(name: str, label: str, text: str, top: Term, bottom: Term, unit: Unit, **more: object) -> Metric:
    return Metric(name, label, text, "ratio", unit, (top,), (bottom,), **more)  # type: ignore[arg-type]


def _percentile(name: str, label: str, text: str, sketch: str, quantile: float, unit: Unit) -> Metric:
    text += " Nearest rank, from a sketch with a relative error of at most 1 %."
    return Metric(name, label, text, "percentile", unit, sketch=sketch, quantile=quantile, better="down")


def _interval(name: str, label: str, bound: int) -> Metric:
    side = "Lower" if bound < 0 else "Upper"
    text = f"{side} end of the 95 % Wilson score interval of the success rate: how far chance alone could carry it with this many runs."
    return Metric(
        name, label, text, "interval", "percent",
        (Term("runs", ("success",)),), (Term("runs", RATED),), bound=bound, change="points",
    )  # fmt: skip


def _lacking(name: str, what: str, known: str) -> Metric:
    return _sum(
        f"runs_without_{name}", f"Runs without {what}",
        f"Runs with no known {what}. They are left out of its averages and rates, never counted as 0.",
        Term("runs"), Term(known, sign=-1), better="down",
    )  # fmt: skip


METRICS: tuple[Metric, ...] = (
    _sum("runs", "Runs", "Runs that started in the period, however they ended; a run is one execution of an agent. For capacity planning.", *_ALL),
    _sum("successes", "Successes", "Runs that ended with status success.", Term("runs", ("success",)), better="up"),
    _sum("failed", "Failed", "Runs that did not succeed: failure (finished, task not solved) and error (the run broke) together.", Term("runs", FAILED), better="down"),
    _sum("failures", "Failures", "Runs with status failure: the agent finished, the task is not solved.", Term("runs", ("failure",)), better="down"),
    _sum("errors", "Errors", "Runs with status error: the run itself broke.", Term("runs", ("error",)), better="down"),
    _sum("unknowns", "Unknown outcome", "Runs whose source does not say how they ended. They count as runs, and in no rate.", Term("runs", ("unknown",)), better="down"),
    _ratio("success_rate", "Success rate", "Successes / (successes + failures + errors). Runs with an unknown outcome are left out. Reliability at a glance.", Term("runs", ("success",)), Term("runs", RATED), "percent", better="up", change="points"),
    _ratio("failure_rate", "Failure rate", "Failed runs / (successes + failures + errors): 100 % less the success rate. Runs with an unknown outcome are left out.", Term("runs", FAILED), Term("runs", RATED), "percent", better="down", change="points"),
    _interval("success_rate_low", "Success rate, lower bound", -1),
    _interval("success_rate_high", "Success rate, upper bound", 1),
    _ratio("avg_duration_ms", "Average duration", "Mean wall-clock time of the runs whose duration is known, waiting for tools and APIs included.", Term("duration_us"), Term("duration_known"), "ms", scale=_US, better="down"),
    _percentile("p50_duration_ms", "p50 duration", "Half of the runs took at most this long (the median).", "duration_sketch", 0.50, "ms"),
    _percentile("p90_duration_ms", "p90 duration", "Nine of ten runs took at most this long.", "duration_sketch", 0.90, "ms"),
    _percentile("p95_duration_ms", "p95 duration", "95 of 100 runs took at most this long: the slow end that users feel.", "duration_sketch", 0.95, "ms"),
    _percentile("p99_duration_ms", "p99 duration", "99 of 100 runs took at most this long.", "duration_sketch", 0.99, "ms"),
    _sum("total_tokens", "Tokens", "Input and output tokens together, as reported. The workload given to the models; drives cost.", Term("total_tokens"), unit="tokens"),
    _sum("input_tokens", "Input tokens", "All prompt tokens, those read from and written to the cache included.", Term("input_tokens"), unit="tokens"),
    _sum("uncached_input_tokens", "Uncached input tokens", "Input tokens that were neither read from nor written to the cache. Where a run reports no cache figures, all its input counts as uncached.", Term("uncached_input_tokens"), unit="tokens"),
    _sum("cache_read_tokens", "Cache read tokens", "Input tokens served from the prompt cache.", Term("cache_read_tokens"), unit="tokens"),
    _sum("cache_write_tokens", "Cache write tokens", "Input tokens written to the prompt cache.", Term("cache_write_tokens"), unit="tokens"),
    _sum("output_tokens", "Output tokens", "Tokens the models produced.", Term("output_tokens"), unit="tokens"),
    _ratio("tokens_per_run", "Tokens per run", "Total tokens / runs whose token count is known.", Term("total_tokens"), Term("total_known"), "tokens"),
    _sum("cost_usd", "Cost", "Dollars spent on all runs with a known cost, failed ones included. Reported by the source, or estimated from tokens and marked so.", Term("cost_usd"), unit="usd", better="down"),
    _sum("estimated_cost_usd", "Estimated cost", "The part of the cost that was estimated from tokens because the source reported none.", Term("estimated_cost_usd"), unit="usd"),
    _ratio("cost_per_run", "Cost per run", "Cost / runs with a known cost. Efficiency, free of the volume of runs.", Term("cost_usd"), Term("cost_known"), "usd", better="down"),
    _ratio("cost_per_success", "Cost per success", "Cost of all runs with a known cost / successes: what one solved task really costs, failed tries included. For leadership: return on spend.", Term("cost_usd"), Term("runs", ("success",)), "usd", better="down"),
    _sum("failed_cost_usd", "Wasted on failed runs", "Cost of the runs that ended in failure or error. For engineering: waste.", Term("cost_usd", FAILED), unit="usd", better="down"),
    _ratio("failed_cost_share", "Wasted share of cost", "Cost of failed runs / cost of all runs.", Term("cost_usd", FAILED), Term("cost_usd"), "percent", better="down", change="points"),
    _percentile("p95_cost_usd", "p95 cost", "95 of 100 runs cost at most this much.", "cost_sketch", 0.95, "usd"),
    _ratio("cache_hit_rate", "Cache hit rate", "Cache read tokens / input tokens, over the runs that report cache reads. For engineering: every hit is cheaper and faster.", Term("hit_read_tokens"), Term("hit_input_tokens"), "percent", better="up", change="points"),
    _sum("llm_calls", "LLM calls", "Calls to language models.", Term("llm_calls")),
    _ratio("llm_calls_per_run", "LLM calls per run", "LLM calls / runs whose number of calls is known: how much thinking a run takes.", Term("llm_calls"), Term("llm_known"), "number"),
    _sum("tool_calls", "Tool calls", "Calls to tools.", Term("tool_calls")),
    _ratio("tool_calls_per_run", "Tool calls per run", "Tool calls / runs whose number of calls is known: how much doing a run takes.", Term("tool_calls"), Term("tool_known"), "number"),
    _sum("files_modified", "Files modified", "Files that the runs changed, added up.", Term("files_modified")),
    _ratio("files_modified_per_run", "Files modified per run", "Files modified / runs whose number of files is known. A proxy for what a run gets done.", Term("files_modified"), Term("files_known"), "number", better="up"),
    _lacking("duration", "duration", "duration_known"),
    _lacking("cost", "cost", "cost_known"),
    _lacking("input_tokens", "input tokens", "input_known"),
    _lacking("output_tokens", "output tokens", "output_known"),
    _lacking("total_tokens", "token count", "total_known"),
    _lacking("cache_read", "cache reads", "cache_read_known"),
    _lacking("cache_write", "cache writes", "cache_write_known"),
    _lacking("llm_calls", "number of LLM calls", "llm_known"),
    _lacking("tool_calls", "number of tool calls", "tool_known"),
    _lacking("files", "number of files modified", "files_known"),
)  # fmt: skip
METRIC = {metric.name: metric for metric in METRICS}


def metric(name: str) -> Metric:
    """The record called ``name``; QueryError ``unknown_metric`` where there is none."""
    try:
        return METRIC[name]
    except KeyError:
        raise QueryError(
            "unknown_metric",
            "metric",
            f"{name!r} is not a metric.{did_you_mean(name, METRIC)}",
            ", ".join(METRIC),
        ) from None
