"""What the spans of a run used: tokens, cost, calls, tools. Nothing is counted twice.

Sums are told at many levels: a model's call, a wrapper around it, the agent above. Of the calls of models
the outermost one counts; sums of an agent count where nothing under it tells any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ingest import prices
from ingest.otlp.names import AGENT, APART_SCOPES, EMBEDDING, LINK, MODEL, TOOL
from ingest.otlp.spans import Facts, Span

UNKNOWN = "unknown"
_DEEPEST = 200  # levels of spans
_CALLS = (MODEL, EMBEDDING)
# A model's call inside a tool, or an agent's, is one of its own.
_BORDERS = (AGENT, TOOL)


@dataclass
class Tokens:
    """Sums of what was told; None as long as nothing was. ``input`` has the cache's tokens in it."""

    calls: int = 0
    input: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    output: int | None = None

    def add(self, facts: Facts, apart: bool) -> None:
        self.calls += 1
        output, given = facts.output_tokens, facts.input_tokens
        if given is not None:
            read, write = facts.cache_read_tokens, facts.cache_write_tokens
            cached = (read or 0) + (write or 0)
            self.input = _plus(self.input, given + cached if apart or cached > given else given)
            self.cache_read, self.cache_write = _plus(self.cache_read, read), _plus(self.cache_write, write)
            output = 0 if output is None and facts.kind == EMBEDDING else output
        self.output = _plus(self.output, output)


@dataclass
class Usage:
    tokens: Tokens
    models: dict[str, Tokens]
    cost: Decimal | None
    cost_source: str | None
    llm_calls: int | None
    tools: Counter[str] | None

    @property
    def model(self) -> str | None:
        """The one that wrote most; of equals the one that read most, then the one that was asked most."""

        def share(name: str) -> tuple[int, int, int, str]:
            told = self.models[name]
            return told.output or 0, told.input or 0, told.calls, name

        known = [name for name in self.models if name != UNKNOWN] or list(self.models)
        return max(known, key=share, default=None)


def of_run(spans: Sequence[Span], head: Span | None, start: datetime) -> Usage:
    """``spans``: all of one run; ``head``: the one above all others; ``start``: when it began, for the
    prices of that day."""
    up = Ancestors(spans, head)
    told = up.counted(_tells_tokens)
    told_of = Counted(spans, told)
    priced = up.counted(_tells_cost)
    counted = told or up.calls()
    cost, source = _cost(told_of, priced, _without(up, told, priced), start)
    return Usage(told_of.sums(counted), told_of.by_model(counted), cost, source, _llm_calls(up), _tools(up))


class Ancestors:
    """The spans of one run, and for each what stands above it there; the agent where that was lost."""

    def __init__(self, spans: Sequence[Span], head: Span | None) -> None:
        self.spans = spans
        self._head = head
        # Where a parent was lost, it was under the agent; whether under a call or a tool nobody knows.
        self._home = head if head and head.facts.kind in (AGENT, LINK) else None
        self._known = {span.span_id: span for span in spans}

    def above(self, span: Span) -> Iterable[Span]:
        """Parent, its parent, and so on; in a circle as in what is too deep to be true, not for ever."""
        above = span
        for _ in range(_DEEPEST):
            parent = self._parent(above)
            if parent is None or parent is span:
                return
            above = parent
            yield above

    def _parent(self, span: Span) -> Span | None:
        if span is self._head:
            return None
        return self._known.get(span.parent_id or b"") or self._home

    def within_call(self, span: Span, told: Callable[[Facts], bool]) -> bool:
        """Whether ``span`` is a part of a model's call above it that tells what is asked for."""
        for above in self.above(span):
            if above.facts.kind in _BORDERS:
                return False
            if above.facts.kind in _CALLS and told(above.facts):
                return True
        return False

    def calls(self) -> list[Span]:
        """The outermost calls of models."""
        return [s for s in self.spans if s.facts.kind in _CALLS and not self.within_call(s, lambda _: True)]

    def counted(self, told: Callable[[Facts], bool]) -> list[Span]:
        """The spans whose sums count: the outermost calls that tell any, and where there is none under an
        agent, the agent's own."""
        telling = [span for span in self.spans if told(span.facts)]
        calls = [s for s in telling if s.facts.kind in _CALLS and not self.within_call(s, told)]
        others = [span for span in telling if span.facts.kind not in (*_CALLS, LINK)]
        covered = {above.span_id for span in (*calls, *others) for above in self.above(span)}
        return calls + [span for span in others if span.span_id not in covered]


def _tells_tokens(facts: Facts) -> bool:
    return facts.input_tokens is not None or facts.output_tokens is not None


def _tells_cost(facts: Facts) -> bool:
    return facts.cost is not None


def _llm_calls(up: Ancestors) -> int | None:
    return sum(span.facts.kind == MODEL for span in up.calls()) or None


def _tools(up: Ancestors) -> Counter[str] | None:
    """A tool that is told twice (by the agent, and by the protocol under it) was called once."""
    used = Counter(_tool(s) for s in up.spans if s.facts.kind == TOOL and not _within_tool(up, s))
    if used:
        return used
    # Who traces the models an agent asks traces its tools, too; who traces models alone does not.
    kinds = {span.facts.kind for span in up.spans}
    return used if {AGENT, MODEL} <= kinds else None


def _within_tool(up: Ancestors, span: Span) -> bool:
    nearest = next((above.facts.kind for above in up.above(span) if above.facts.kind != LINK), None)
    return nearest == TOOL


def _tool(span: Span) -> str:
    return span.facts.tool or UNKNOWN


# ---- sums -----------------------------------------------------------------------------------------------


class Counted:
    """Adds up the spans that count, each in the convention of whoever told it."""

    def __init__(self, spans: Sequence[Span], told: Iterable[Span]) -> None:
        self._named = Counter(s.facts.model for s in spans if s.facts.model and s.facts.kind in _CALLS)
        self._apart = {_teller(span) for span in told if _is_apart(span.facts)}

    def sums(self, spans: Iterable[Span]) -> Tokens:
        tokens = Tokens()
        for span in spans:
            tokens.add(span.facts, self._adds_cache(span))
        return tokens

    def by_model(self, spans: Iterable[Span]) -> dict[str, Tokens]:
        groups: dict[str, list[Span]] = {}
        for span in spans:
            groups.setdefault(self._model(span), []).append(span)
        return {model: self.sums(some) for model, some in groups.items()}

    def _model(self, span: Span) -> str:
        """Of sums that an agent tells: the model that it names, or that its calls do."""
        if span.facts.model or span.facts.kind in _CALLS:
            return span.facts.model or UNKNOWN
        return max(self._named, key=lambda name: (self._named[name], name), default=UNKNOWN) or UNKNOWN

    def _adds_cache(self, span: Span) -> bool:
        return _teller(span) in self._apart if span.facts.apart is None else span.facts.apart


def _teller(span: Span) -> tuple[str | None, str | None]:
    return span.facts.scope, span.facts.provider


def _is_apart(facts: Facts) -> bool:
    """Whether the cache's tokens are not among the input's, though the conventions say that they are.

    That shows: more was read from the cache than the input has, or the total counts both.
    """
    cached = (facts.cache_read_tokens or 0) + (facts.cache_write_tokens or 0)
    if not cached or facts.input_tokens is None:
        return False
    whole = facts.input_tokens + (facts.output_tokens or 0) + cached
    return facts.scope in APART_SCOPES or cached > facts.input_tokens or facts.total_tokens == whole


def _plus(known: int | None, value: int | None) -> int | None:
    return known if value is None else (known or 0) + value


# ---- cost -----------------------------------------------------------------------------------------------


def _cost(
    counted: Counted, priced: Sequence[Span], left: Sequence[Span], start: datetime
) -> tuple[Decimal | None, str | None]:
    """What is told, and an estimate for the spans of which no cost is; nothing where one has no price.

    Embeddings are left out where they have none: price lists hardly know them, and they cost next to nothing.
    """
    told = [Decimal(span.facts.cost or 0) for span in priced]
    embedding = {span.facts.model for span in left if span.facts.kind == EMBEDDING}
    found = {model: _estimate(model, sums, start) for model, sums in counted.by_model(left).items()}
    estimates = [estimate for estimate in found.values() if estimate is not None]
    if any(estimate is None and model not in embedding for model, estimate in found.items()):
        return None, None
    if not told and not estimates:
        return None, None
    return sum([*told, *estimates], Decimal(0)), "estimated" if estimates else "reported"


def _without(up: Ancestors, told: Sequence[Span], priced: Sequence[Span]) -> list[Span]:
    """The spans that tell tokens, but have no cost: neither themselves, nor above or under them."""
    has = {span.span_id for span in priced}
    over = {above.span_id for span in priced for above in up.above(span)}

    def priced_around(span: Span) -> bool:
        return span.span_id in has | over or any(above.span_id in has for above in up.above(span))

    return [span for span in told if not priced_around(span)]


def _estimate(model: str, tokens: Tokens, start: datetime) -> Decimal | None:
    if tokens.input is None or tokens.output is None:
        return None
    cached = (tokens.cache_read or 0, tokens.cache_write or 0)
    return prices.estimate(model, start, tokens.input, *cached, tokens.output)
