"""Prints as it goes: Markdown tables with the wanted figure beside the measured one."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """Seconds of the repetitions of one thing."""

    seconds: Sequence[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.seconds) * 1000

    @property
    def p95(self) -> float:
        """Nearest rank; with fewer than twenty repetitions, the slowest."""
        ordered = sorted(self.seconds)
        return ordered[-(-95 * len(ordered) // 100) - 1] * 1000


def timed(action: Callable[[], object], repeats: int, prepare: Callable[[], object] = lambda: None) -> Times:
    """How long ``action`` takes; ``prepare`` runs before each and is not counted."""
    seconds = []
    for _ in range(repeats):
        prepare()
        began = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - began)
    return Times(seconds)


def heading(text: str) -> None:
    print(f"\n### {text}\n", flush=True)


def table(*columns: str) -> Callable[..., None]:
    """Prints the head of a table; what it returns prints a row."""
    print(f"| {' | '.join(columns)} |")
    print(f"|{'|'.join('---' for _ in columns)}|", flush=True)

    def row(*cells: object) -> None:
        print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)

    return row


def judged(measured: float, target: float, unit: str, at_least: bool = False) -> str:
    """The target and whether it is met."""
    met = measured >= target if at_least else measured <= target
    sign = "≥" if at_least else "≤"
    return f"{sign} {target:,g} {unit} {'met' if met else '**missed**'}"


def say(text: str) -> None:
    """What is going on, beside the report."""
    print(text, file=sys.stderr, flush=True)
