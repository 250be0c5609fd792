"""Which spans of a trace make which run.

A run is an agent's invocation with all that lies under it; an agent under another one belongs to the
outermost. What lies under no agent belongs to a run of the span at the top. Parents come after their
children, and some never come: as long as a trace is not settled, spans whose parent may still come wait.
Then they belong to the one run that the trace has, or else make one of their own. What was taken back with
a run stays so, with all that comes under it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ingest.otlp.names import AGENT, LINK
from ingest.otlp.spans import Span

Spans = Mapping[bytes, Span]


@dataclass(frozen=True, slots=True)
class RunSpans:
    """The spans of one run. ``head`` is the span that stands for it; None where it never came, and then
    ``key`` is the id that it was known by."""

    key: bytes
    head: Span | None
    spans: tuple[Span, ...]


def invocation_id(run: RunSpans) -> str:
    """Of the trace and the span that stands for the run: a traceparent leads to it, and it never changes."""
    return f"{run.spans[0].trace_id.hex()}-{run.key.hex()}"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a span stands: its outermost agent, the top of its branch, whether more may come above, and
    whether it or one above it was taken back."""

    agent: bytes | None
    top: bytes
    open: bool
    undone: bool


def runs_of(spans: Iterable[Span], *, settled: bool) -> list[RunSpans]:
    """The runs of one trace's spans, in the order of their beginning; whatever the order of ``spans``."""
    known = _known(spans)
    places = _places(known)
    home = _home(places) if settled else None
    members: dict[bytes, list[Span]] = {}
    for span in known.values():
        place = places[span.span_id]
        if not place.open:
            members.setdefault(_key(known, place), []).append(span)
        elif settled:
            members.setdefault(home or _key(known, place), []).append(span)
    found = [
        RunSpans(key, known.get(key), tuple(span for span in some if not places[span.span_id].undone))
        for key, some in members.items()
        if not _is_undone(places.get(key), some)
    ]
    # A web request without a model or a tool is no run.
    runs = [run for run in found if any(span.facts.kind != LINK for span in run.spans)]
    return sorted(runs, key=lambda run: (run.spans[0].start_ns, run.key))


def _is_undone(head: _Place | None, spans: Iterable[Span]) -> bool:
    """Whether a run was taken back; where its head never came its spans tell."""
    return head.undone if head else any(span.undone for span in spans)


def is_over(spans: Iterable[Span]) -> bool:
    """Whether more spans above these are hardly to come, though some parents are missing: the root has ended,
    or the one agent there is, and all that is not under it happened meanwhile. Else an agent may still be at
    work, whose calls and inner agents have come already."""
    known = _known(spans)
    if any(span.parent_id is None for span in known.values()):
        return True
    places = _places(known)
    agents = {place.agent for place in places.values() if place.agent is not None}
    if len(agents) != 1:
        return False
    agent = known[agents.pop()]
    rest = [s for s in known.values() if s.facts.kind != LINK and places[s.span_id].agent is None]
    return all(_within(span, agent) for span in rest)


def _within(span: Span, agent: Span) -> bool:
    return agent.start_ns <= span.start_ns and (span.end_ns or span.start_ns) <= (agent.end_ns or 0)


def whole_trace(spans: Iterable[Span]) -> RunSpans | None:
    """All spans of a trace as one run, whatever agents there are."""
    known = _known(spans)
    places = _places(known)
    in_order = tuple(span for span in known.values() if not places[span.span_id].undone)
    if all(span.facts.kind == LINK for span in in_order):
        return None
    tops = [span for span in in_order if places[span.span_id].top == span.span_id]
    agents = [span for span in in_order if places[span.span_id].agent == span.span_id]
    head = agents[0] if len(agents) == 1 else tops[0] if len(tops) == 1 else None
    return RunSpans(head.span_id if head else in_order[0].trace_id, head, in_order)


def _known(spans: Iterable[Span]) -> Spans:
    """In one order, whatever order they came in."""
    return {span.span_id: span for span in sorted(spans, key=lambda span: (span.start_ns, span.span_id))}


def _home(places: Mapping[bytes, _Place]) -> bytes | None:
    """The one run of a trace that what lies under a lost parent must have belonged to; None for several."""
    closed = [place for place in places.values() if not place.open]
    agents = {place.agent for place in closed if place.agent is not None}
    homes = agents or {place.top for place in closed}
    return homes.pop() if len(homes) == 1 else None


def _key(known: Spans, place: _Place) -> bytes:
    """Of a branch whose parent never came: it goes with the others that lack the same one."""
    if place.agent is not None:
        return place.agent
    top = known[place.top]
    return top.parent_id if place.open and top.parent_id else place.top


def _places(known: Spans) -> dict[bytes, _Place]:
    places: dict[bytes, _Place] = {}
    for span in known.values():
        way = _way_up(known, places, span)
        for step in reversed(way):
            above = places.get(step.parent_id) if step.parent_id else None
            places[step.span_id] = _under(above, step)
    return places


def _way_up(known: Spans, places: Mapping[bytes, _Place], span: Span) -> list[Span]:
    """``span`` and those above it, up to one whose place is known already, or whose parent is not there."""
    way: dict[bytes, Span] = {}
    above: Span | None = span
    # A circle has no top: it is cut where it was entered.
    while above and above.span_id not in places and above.span_id not in way:
        way[above.span_id] = above
        above = known.get(above.parent_id) if above.parent_id else None
    return list(way.values())


def _under(above: _Place | None, span: Span) -> _Place:
    is_agent = span.facts.kind == AGENT
    if above is None:
        # A parent in another process may be one that is never sent here: it is not waited for.
        may_come = span.parent_id is not None and not span.facts.remote
        return _Place(span.span_id if is_agent else None, span.span_id, may_come, span.undone)
    agent = above.agent or (span.span_id if is_agent else None)
    return _Place(agent, above.top, above.open, above.undone or span.undone)
