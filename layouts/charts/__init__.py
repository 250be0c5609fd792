"""Every chart as a function of a frame and its filters, and as a record of what it asks for.

A new chart is one function that returns a Chart and one record here; the look comes from layouts.theme.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from layouts.charts import durations, failures, outcomes, usage
from layouts.charts.series import Chart, Legend
from layouts.words import TITLES, hint

__all__ = ["KIND", "KINDS", "Chart", "ChartKind", "Legend"]


@dataclass(frozen=True)
class ChartKind:
    """``metrics``: what the frame must hold; ``series``: by the filters' grain, else one row in all.
    ``width``: columns of twelve on a wide screen. ``failed_by``: the failed runs by this dimension are drawn,
    too."""

    name: str
    metrics: tuple[str, ...]
    draw: Callable[..., Chart]
    width: int = 6
    series: bool = True
    failed_by: str = ""

    @property
    def title(self) -> str:
        return TITLES[self.name]

    @property
    def hint(self) -> str:
        return hint(self.name)


# In the order of the page.
KINDS = (
    ChartKind("executions", outcomes.EXECUTIONS, outcomes.executions, width=8),
    ChartKind("outcomes", outcomes.OUTCOMES, outcomes.outcomes, width=4, series=False),
    ChartKind("success_rate", outcomes.SUCCESS_RATE, outcomes.success_rate),
    ChartKind("failures", failures.FAILURES, failures.failures, failed_by="error_category"),
    ChartKind("duration", durations.DURATION, durations.duration),
    ChartKind("tokens", usage.TOKENS, usage.tokens),
    ChartKind("cost", usage.COST, usage.cost, width=4),
    ChartKind("llm_calls", usage.LLM_CALLS, usage.llm_calls, width=4),
    ChartKind("tool_calls", usage.TOOL_CALLS, usage.tool_calls, width=4),
)
KIND = {kind.name: kind for kind in KINDS}
