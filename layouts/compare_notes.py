"""How a comparison was computed, in words, under its table."""

from __future__ import annotations

from collections.abc import Iterator

from dash import html
from dash.development.base_component import Component

from queries.compare import ADJUSTED, METHODS, Comparison

_CHANCE = (
    "Each interval is of A less B and holds the true difference 95 times of 100, where runs do not depend on "
    "each other. It is about chance, not about causes: A and B may differ in more than their names say."
)
_MANY = (
    "differences were looked at together, of which one in twenty would leave zero out by chance alone. “Is "
    "better” is said only where Holm's procedure lets it stand (at most 5 % chance of even one false one "
    "among all); “looks better” where only its own interval leaves zero out."
)
_MORE = (
    "“More runs” is how many on each side would show a difference of this size with a power of 80 % in a "
    "two-sided test at 5 %, were the spread as it is now (normal approximation)."
)


def notes(found: Comparison) -> Component:
    said = html.Ul([html.Li(text) for text in _said(found)])
    return html.Details([html.Summary("How this is computed"), said], className="more")


def _said(found: Comparison) -> Iterator[str]:
    methods = ADJUSTED if found.strata and found.strata.weights else METHODS
    yield _CHANCE
    yield f"{found.looked_at} {_MANY}"
    yield f"Success rate: {methods['share']}. Averages per run: {methods['mean']}."
    yield f"Cost per success, wasted share, cache hit rate: {methods['ratio']}."
    yield f"Percentiles: {methods['percentile']}."
    yield _MORE
    for name, read, runs in zip("AB", found.read, found.runs, strict=True):
        if 0 < read < runs:
            yield (
                f"The spread of {name} was read from a sample of {read:,} of its {runs:,} runs, strewn over "
                "the whole period; every value is of all of them."
            )
