"""Every chart as a function of a frame and its filters, and as a record of what it asks for.

A new chart is one function that returns a Chart and one record here; the look comes from layouts.theme.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from layouts.charts import durations, outcomes, usage
from layouts.charts.series import Chart, Legend
from layouts.words import TITLES, hint

__all__ = ["KIND", "KINDS", "Chart", "ChartKind", "Legend"]


@dataclass(frozen=True)
class ChartKind:
    """``metrics``: what the frame must hold; ``series``: by the filters' grain, else one row in all.
    ``width``: columns of twelve on a wide screen."""

    name: str
    metrics: tuple[str, ...]
    draw: Callable[..., Chart]
    width: int = 6
    series: bool = True

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
    ChartKind("duration", durations.DURATION, durations.duration),
    ChartKind("tokens", usage.TOKENS, usage.tokens),
    ChartKind("cost", usage.COST, usage.cost),
    ChartKind("llm_calls", usage.LLM_CALLS, usage.llm_calls),
    ChartKind("tool_calls", usage.TOOL_CALLS, usage.tool_calls),
)
KIND = {kind.name: kind for kind in KINDS}
