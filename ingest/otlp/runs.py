"""A run's spans to the record of a run, in the words of ingest.record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ingest.columns import FIELDS, INDEX, RecordOptions
from ingest.otlp import tree, usage
from ingest.otlp.names import AGENT
from ingest.otlp.spans import Facts, Span, instant
from ingest.otlp.tree import RunSpans, invocation_id
from ingest.record import Canon
from queries.errors import RecordError

Record = dict[str, Any]
Row = tuple[object, ...]

# What the user may say of a run by an attribute; the rest is measured. Anything else becomes an attribute.
OWN_FIELDS = frozenset(FIELDS) - {
    *("start_time", "end_time", "duration_ms", "total_tokens", "cost_source"),
    *("error_category", "error_template", "attributes"),
}
LINKS = {"trace_id", "span_id"}  # lead back to the spans, whatever is said
_COST, _COST_SOURCE = INDEX["cost_usd"], INDEX["cost_source"]
_MILLI = Decimal("0.001")
_TIMES = ("start_time", "end_time", "duration_ms")
_PREFIXES = ("invoke_agent ", "invoke_workflow ")


@dataclass(frozen=True)
class TraceOptions:
    """``unset_status``: what an agent's span says that ended without saying how."""

    unset_status: str = "success"
    record: RecordOptions = field(default_factory=RecordOptions)


class Assembler:
    """Puts the runs of traces together; one for a server, as plans and names are judged once."""

    def __init__(self, options: TraceOptions | None = None) -> None:
        self._options = options or TraceOptions()
        self._canon = Canon(self._options.record)

    def rows(
        self, spans: Iterable[Span], *, settled: bool, posted: Mapping[str, Any] | None, now: datetime
    ) -> tuple[list[Row], list[str]]:
        """The rows of one trace's runs, and why one cannot enter.

        ``posted``: what was said of the trace's run by other means; then all of the trace is that run, and
        the spans say what it does not.
        """
        if posted is not None:
            whole = tree.whole_trace(spans)
            found = [whole] if whole else []
        else:
            found = tree.runs_of(spans, settled=settled)
        rows, problems, ids = [], [], set()
        for run in found:
            record = self._record(run, posted, now)
            if record["invocation_id"] in ids:  # the same was said of two agents of the trace
                record["invocation_id"] = invocation_id(run)
            ids.add(record["invocation_id"])
            try:
                rows.append(self.row(record, now))
            except RecordError as error:
                problems.append(f"{record['invocation_id']}: {error}")
        return rows, problems

    def _record(self, run: RunSpans, posted: Mapping[str, Any] | None, now: datetime) -> Record:
        record = measured(run, self._options.unset_status)
        own = run.head.facts.own if run.head else {}
        said = {name: value for name, value in own.items() if name in OWN_FIELDS}
        record["attributes"] |= {name: own[name] for name in own.keys() - OWN_FIELDS - LINKS}
        if self._is_allowed(said, now):
            record = with_said(record, said)
        else:
            record["attributes"] |= said
        return with_said(record, posted) if posted else record

    def _is_allowed(self, said: Mapping[str, Any], now: datetime) -> bool:
        """What the user says wrong is kept as attributes, and spoils nothing that was measured."""
        try:
            self._canon.row({"start_time": now.isoformat(), **said}, now)
        except RecordError:
            return False
        return True

    def row(self, record: Record, now: datetime) -> Row:
        row = list(self._canon.row(record, now))
        # Estimated from its spans, call by call; not once more from its sums.
        row[_COST] = row[_COST] if record.get("cost_usd") is not None else None
        row[_COST_SOURCE] = record.get("cost_source")
        return tuple(row)


def measured(run: RunSpans, unset_status: str) -> Record:
    """What the spans alone say."""
    head = run.head.facts if run.head else _stand_in(run.spans)
    ended = "error" if head.failed else "success" if head.succeeded else unset_status
    start_ns, end_ns = _times(run)
    used = usage.of_run(run.spans, run.head, instant(start_ns))
    return {
        "invocation_id": invocation_id(run),
        "agent": _agent(head),
        "agent_version": head.agent_version or head.service_version,
        "model": used.model or head.model,
        "status": ended if run.head else "unknown",  # nobody said how it ended, or that it has
        "start_time": instant(start_ns).isoformat(),
        "end_time": None if end_ns is None else instant(end_ns).isoformat(),
        "duration_ms": None if end_ns is None else _milliseconds(end_ns - start_ns),
        "input_tokens": used.tokens.input,
        "cache_read_tokens": used.tokens.cache_read,
        "cache_write_tokens": used.tokens.cache_write,
        "output_tokens": used.tokens.output,
        "cost_usd": used.cost,
        "cost_source": used.cost_source,
        "llm_call_count": used.llm_calls,
        "tool_call_count": None if used.tools is None else used.tools.total(),
        "tools_used": None if used.tools is None else dict(sorted(used.tools.items())),
        "error_message": _error(head, run.spans) if head.failed else None,
        "attributes": _attributes(run, head, used),
    }


def with_said(measured: Record, said: Mapping[str, Any]) -> Record:
    """``said`` before ``measured``; the times of a run are all of one of them."""
    both = {**measured, **said}
    both["attributes"] = measured["attributes"] | said.get("attributes", {})
    if "cost_usd" in said:
        both["cost_source"] = "reported"
    if not {"end_time", "duration_ms"} & said.keys():
        both |= {name: measured.get(name) for name in _TIMES}
    elif "start_time" in said:
        both |= {name: said.get(name) for name in _TIMES}
    if both["status"] == "success":
        both["error_message"] = said.get("error_message")
    return both


def _stand_in(spans: Sequence[Span]) -> Facts:
    """For a span that never came: what the others say of who ran."""
    known = next((span.facts for span in spans if span.facts.service), Facts())
    return Facts(
        agent=next((span.facts.agent for span in spans if span.facts.agent), None),
        service=known.service,
        service_version=known.service_version,
        environment=known.environment,
        repository=known.repository,
    )


def _times(run: RunSpans) -> tuple[int, int | None]:
    if run.head:
        return run.head.start_ns, run.head.end_ns
    ends = [span.end_ns for span in run.spans if span.end_ns is not None]
    return min(span.start_ns for span in run.spans), max(ends, default=None)


def _milliseconds(nanoseconds: int) -> Decimal:
    return (Decimal(nanoseconds) / 1_000_000).quantize(_MILLI, ROUND_HALF_UP)


def _agent(head: Facts) -> str | None:
    """Its name; else of what it is a part: `unknown_service:python` is how SDKs say that nobody named it."""
    if head.kind == AGENT and not head.agent and head.name:
        for prefix in _PREFIXES:
            if head.name.startswith(prefix):
                return head.name.removeprefix(prefix)
    service = head.service if head.service and not head.service.startswith("unknown_service") else None
    return head.agent or service or head.name


def _error(head: Facts, spans: Sequence[Span]) -> str | None:
    """The head's own, else of what failed last under it: many agents only pass on that they failed."""
    if head.error:
        return head.error
    failed = [span for span in spans if span.facts.failed and (span.facts.error or span.facts.error_type)]
    failed.sort(key=lambda span: (span.facts.error is not None, span.end_ns or 0, span.span_id))
    last = failed[-1].facts if failed else head
    return last.error or head.error_type or last.error_type


def _attributes(run: RunSpans, head: Facts, used: usage.Usage) -> Record:
    """What leads back to the trace, and what runs are grouped by."""
    first = run.spans[0]
    requested = {span.facts.requested_model or "" for span in run.spans if span.facts.model == used.model}
    providers = sorted({span.facts.provider for span in run.spans if span.facts.provider})
    conversations = sorted({span.facts.conversation for span in run.spans if span.facts.conversation})
    models = {name: told.calls for name, told in sorted(used.models.items())}
    inner = sum(span.facts.kind == AGENT and span is not run.head for span in run.spans)
    found = {
        "trace_id": first.trace_id.hex(),
        "span_id": run.key.hex() if run.head else None,
        "service": head.service,
        "environment": head.environment,
        "repository": head.repository,
        "user": head.user,
        "agent_id": head.agent_id,
        "conversation": head.conversation or (conversations[0] if len(conversations) == 1 else None),
        "provider": ", ".join(providers) or None,
        "requested_model": ", ".join(sorted(requested - {""})) or None,
        "models": models if len(models) > 1 else None,
        "sub_agents": inner or None,
    }
    return {name: value for name, value in found.items() if value is not None}
