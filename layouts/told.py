"""A change told in one sentence: what moved, by how much, and the biggest reasons; pure text.

Each reason is a figure of the table and a fact of the data (more runs, a larger share, a higher rate of
their own); together with "everything else" the figures add up to the change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from layouts.changes import difference
from layouts.dimensions import Dimension
from layouts.explained import Explained, Line
from layouts.reasons import above_average, each, higher, known_runs, of_runs, of_same, shared, that
from queries.changes import Change
from queries.decompose import EFFECTS, Amount
from queries.metrics import METRIC
from queries.units import missing, short

REASONS = 3  # as many as a sentence bears
_IN_STEP = 5  # times the moves between members: then members are not what it is about


class Piece(NamedTuple):
    size: int
    why: str
    line: Line | None = None  # whose own runs it is about, where the next piece may say "its runs"
    alone: str = ""  # the same reason where the piece before was of the same member


def sentence(found: Explained, dimension: Dimension) -> str:
    """``Cost rose by $412 (+31.1 %): $260 because more runs used model X, ...``"""
    head = _head(found)
    pieces = [*_chosen(found, dimension)]
    if not found.moved or not pieces:
        return f"{head}."
    rest = found.moved - sum(piece.size for piece in pieces)
    told, before = [], None
    for piece in pieces:
        why = piece.alone if piece.alone and before is not None and before is piece.line else piece.why
        told.append(f"{_signed(found, piece.size)} {why}")
        before = piece.line
    if rest:
        told.append(f"{_signed(found, rest)} from everything else")
    return f"{head}: {', '.join(told)}."


def without_split(change: Change) -> str:
    """The sentence where there is nothing to split: percentiles, tools, a period without a value."""
    record, (before, after) = change.metric, (change.whole.before, change.whole.after)
    if missing(before.value) or missing(after.value):
        return _no_value(change)
    was, now = short(before.value, record.unit), short(after.value, record.unit)
    if before.value == after.value:
        return f"{record.label} is the same in both periods: {now}."
    way = "rose" if after.value > before.value else "fell"
    return f"{record.label} {way} from {was} to {now} ({difference(record, after.value, before.value)})."


def _no_value(change: Change) -> str:
    lost = [
        words
        for side, words in ((change.whole.before, "before"), (change.whole.after, "now"))
        if missing(side.value)
    ]
    when = "in either period" if len(lost) == 2 else lost[0]
    return f"{change.metric.label} has no value {when}, so there is no change to explain."


def _head(found: Explained) -> str:
    record, whole = found.change.metric, found.change.whole
    if not found.moved:
        same = found.change.split is not None and found.change.split.change == 0
        words = "did not change" if same else "hardly changed"
        return f"{record.label} {words}: {found.tally.text(found.after)}"
    way = f"{record.label} {'rose' if found.moved > 0 else 'fell'}"
    was, now = found.tally.text(found.before), found.tally.text(found.after)
    by = f"{way} by {found.tally.size(found.moved)}"
    if record.change == "points" or whole.before.value == 0:
        return f"{by} (from {was} to {now})"
    return f"{by} ({difference(record, whole.after.value, whole.before.value)})"


def _signed(found: Explained, count: int) -> str:
    """In a rise only what goes against it needs its sign; in a fall every figure does."""
    return found.tally.size(count) if found.moved > 0 and count > 0 else found.tally.change(count)


def _chosen(found: Explained, dimension: Dimension) -> list[Piece]:
    """The biggest reasons; where members would leave more untold than told, the effects of all of them."""
    biggest = _biggest(found, dimension)
    rest = found.moved - sum(piece.size for piece in biggest)
    if biggest and abs(rest) <= abs(biggest[0].size) / 2:
        return biggest
    return sorted(_effects(found, dimension), key=lambda piece: -abs(piece.size)) or biggest


def _effects(found: Explained, dimension: Dimension) -> Iterator[Piece]:
    metric = found.change.metric
    volume, mix, rate = (found.effect(name) for name in EFFECTS)
    growth = _growth(found) if metric.kind == "sum" else None
    if volume and growth:
        yield growth
    if mix:
        yield Piece(mix, f"because {known_runs(found.change)} moved to {higher(metric, dimension, mix > 0)}")
    if rate:
        yield Piece(rate, f"because {of_same(dimension)} {each(metric, rate > 0)} on balance")


def _biggest(found: Explained, dimension: Dimension) -> list[Piece]:
    return sorted(_pieces(found, dimension), key=lambda piece: -abs(piece.size))[:REASONS]


def _pieces(found: Explained, dimension: Dimension) -> Iterator[Piece]:
    whole = _growth(found) if _in_step(found) else None
    if whole:
        yield whole
    for line in found.lines:
        if line.item is not None and line.item.state == "unsplit":
            yield Piece(line.total, _unspread(found, line, dimension))
        else:
            yield from _of_member(found, line, dimension, together=whole is not None)


def _of_member(found: Explained, line: Line, dimension: Dimension, *, together: bool) -> Iterator[Piece]:
    """``together``: that there were more runs is told of all of them at once."""
    if found.change.metric.kind == "ratio" and line.mix:
        yield Piece(line.mix, _share(found, line, dimension), line)
    if found.change.metric.kind == "sum" and line.quantity and not together:
        yield Piece(line.quantity, _more(found, line, dimension), line)
    if line.rate:
        yield _own(found, line, dimension)


def _in_step(found: Explained) -> bool:
    """Whether a sum moved with the number of all runs, and hardly any of them from member to member."""
    if found.change.metric.kind != "sum" or found.change.metric.name == "runs":
        return False
    return abs(found.effect("volume")) >= _IN_STEP * sum(abs(line.mix) for line in found.every)


def _growth(found: Explained) -> Piece | None:
    split = found.change.split
    assert split is not None
    was, now = (sum(getattr(i, side).weight for i in split.items) for side in ("before", "after"))
    runs = known_runs(found.change)
    if not was or not now:
        return None
    grown = difference(METRIC["runs"], float(now), float(was)).lstrip("+−")
    more = "more" if now > was else "fewer"
    return Piece(found.effect("volume"), f"because there were {grown} {more} {runs}")


def _more(found: Explained, line: Line, dimension: Dimension) -> str:
    was, now = _weights(line)
    runs = known_runs(found.change)
    if not was.weight:
        return f"because {float(now.weight):,.0f} {runs} {that(dimension, line.name)}, none before"
    if not now.weight:
        return f"because no {runs.replace('runs', 'run', 1)} {that(dimension, line.name)} any more"
    return f"because {'more' if now.weight > was.weight else 'fewer'} {runs} {that(dimension, line.name)}"


def _share(found: Explained, line: Line, dimension: Dimension) -> str:
    split, item = found.change.split, line.item
    assert split is not None
    assert item is not None
    totals = [sum(getattr(i, side).weight for i in split.items) for side in ("before", "after")]
    grown = item.after.weight / totals[1] > item.before.weight / totals[0]
    rates = [rate for rate in (item.before.rate, item.after.rate) if rate is not None]
    above = sum(rates) / len(rates) > (split.before + split.after) / 2
    larger = "larger" if grown else "smaller"
    share = shared(found.change, that(dimension, line.name))
    return f"because a {larger} share of {share} ({above_average(found.change.metric, above)})"


def _own(found: Explained, line: Line, dimension: Dimension) -> Piece:
    was, now = _weights(line)
    rose = now.rate is not None and was.rate is not None and now.rate > was.rate
    what = each(found.change.metric, rose)
    return Piece(
        line.rate, f"because {of_runs(dimension, line.name)} {what}", line, f"because its runs {what}"
    )


def _unspread(found: Explained, line: Line, dimension: Dimension) -> str:
    return (
        f"from {of_runs(dimension, line.name)}, which had no {_NOTHING.get(found.change.metric.name, 'runs')}"
    )


def _weights(line: Line) -> tuple[Amount, Amount]:
    assert line.item is not None
    return line.item.before, line.item.after


_NOTHING = {"cost_per_success": "success in one of the periods"}
