"""What stands around a comparison in words: what is compared, what to beware of, why there is nothing."""

from __future__ import annotations

from collections.abc import Iterator

from dash import html
from dash.development.base_component import Component

from layouts.chart_card import warning_lines
from layouts.dimensions import dimension
from layouts.warnings import FEW, Caution, by_filter
from layouts.words import count
from queries.compare import Comparison
from queries.filters import Filters
from queries.pair import Pair
from queries.units import short
from queries.words import filters as filters_in_words
from queries.words import period

_MUCH = 0.1  # of a side's runs: to leave out more than this is said loudly
_SAME = 0.02  # of the length: periods that differ by less are called equally long


def dimension_of(adjust: str) -> str | None:
    """What the URL calls ``version`` is the dimension ``agent_version``."""
    found = dimension(adjust) if adjust else None
    return found.by if found else None


def subtitle(pair: Pair, adjust: str) -> str:
    """``Every metric (failed runs), last 30 days, adjusted for the mix of agents``."""
    scope = filters_in_words(pair.common)
    text = f"Every metric{f' ({scope})' if scope else ''}, {period(pair.common)}"
    found = dimension(adjust) if adjust else None
    return f"{text}, adjusted for the mix of {found.many}" if found else text


def nothing(pair: Pair) -> Component:
    found = dimension(pair.by)
    if len(pair.members) == 1 and found:
        only = found.label(pair.members[0][0])
        text = f"Only one {found.one} has runs here: {only}. Choose something else, or a longer period."
    elif pair.members:
        text = "A and B are the same. Choose another on one side."
    else:
        text = "No run passes these filters, so there is nothing to compare."
    return html.P(text, className="quiet nothing")


def warnings(found: Comparison, common: Filters, adjust: str) -> list[Component]:
    filtered = Caution(by_filter("models", common), True)
    return warning_lines([*([filtered] if filtered.text else []), *_cautions(found, adjust)])


def _cautions(found: Comparison, adjust: str) -> Iterator[Caution]:
    if _outcome(found.a) != _outcome(found.b):
        text = "A and B are told apart by how their runs ended"
        yield Caution(f"{text}: success rate, wasted share and cost per success follow from that alone", True)
    for name, runs in zip("AB", found.runs, strict=True):
        if runs < FEW:
            yield Caution(f"{name} has {count(runs, 'run') if runs else 'no runs'}", True)
    if found.both:
        text = f"{count(found.both, 'run')} {'is' if found.both == 1 else 'are'} on both sides"
        yield Caution(f"{text}: the intervals take A and B for separate runs", True)
    if _days(found.a) and abs(_days(found.a) - _days(found.b)) > _SAME * max(_days(found.a), _days(found.b)):
        lengths = f"{_days(found.a):.3g} days in A, {_days(found.b):.3g} in B"
        yield Caution(f"The periods differ in length ({lengths}): totals differ for that alone", True)
    yield from _adjusted(found, adjust)


def _outcome(filters: Filters) -> tuple[tuple[str, ...], ...]:
    """What lets runs through by their outcome: failed runs alone have an error, and all of them have one."""
    return filters.statuses, filters.category, filters.error


def _days(filters: Filters) -> float:
    return (filters.end - filters.start).total_seconds() / 86_400


def _adjusted(found: Comparison, adjust: str) -> Iterator[Caution]:
    shown, strata = dimension(adjust) if adjust else None, found.strata
    if strata is None or shown is None:
        return
    if not strata.weights:
        text = f"Not adjusted: no {shown.one} has ten runs on both sides"
        yield Caution(f"{text}, so there is nothing to weigh alike", True)
        return
    text = f"Adjusted: {count(len(strata.weights), shown.one, shown.many)} weighted alike on both sides"
    yield Caution(f"{text}, by the mix of both together; totals stay as they are", False)
    if strata.left_out:
        text = f"{count(strata.left_out, shown.one, shown.many)} with fewer than ten runs on a side left out"
        shares = zip("AB", strata.lost, strict=True)
        lost = " and ".join(f"{short(share, 'percent')} of the runs of {name}" for name, share in shares)
        yield Caution(f"{text}: {lost}", max(strata.lost) > _MUCH)
