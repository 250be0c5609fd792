"""One trace of Langfuse: its head, and its observations added up as they come."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta

from ingest.formats.fields import amount, known, moment, table, tables, text, told_table
from ingest.formats.langfuse_usage import spent
from ingest.formats.usage import Spending, Usage
from ingest.lines import Record
from ingest.values import ERROR_CHARS, ID_BYTES

_CALLS = ("GENERATION", "EMBEDDING")
# Kinds that came with observations of agents and tools: where there are any, a tool would be one, too.
_TYPED = ("AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "GUARDRAIL")
_TOOL_PREFIX = re.compile(r"(?:execute_tool|running tool:?) ")
_UUID = re.compile(r"\s*\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


class Trace:
    def __init__(self, line: int, head: Record) -> None:
        self.line = line
        self.head = head
        self._id: str | None = None
        self._start: datetime | None = None
        self._end: datetime | None = None
        # Calls of models by id, with what surrounds each: a call around another one repeats its tokens.
        self._calls: dict[object, tuple[str | None, Usage]] = {}
        self._parents: dict[object, object] = {}
        self._tools: Counter[str] = Counter()
        self._is_typed = False
        self._agent: str | None = None
        self._errors = 0
        self._error: str | None = None

    def add(self, observation: Record) -> None:
        self._id = self._id or text(observation.get("traceId"), ID_BYTES)
        self._time(moment(observation.get("startTime")), moment(observation.get("endTime")))
        kind = str(observation.get("type")).upper()
        self._is_typed = self._is_typed or kind in _TYPED
        identity = observation.get("id") if isinstance(observation.get("id"), str) else len(self._parents)
        parent = observation.get("parentObservationId")
        self._parents[identity] = parent if isinstance(parent, str) else None
        if kind in _CALLS:
            self._calls[identity] = (_model(observation), spent(observation))
        elif kind == "TOOL":
            self._tools[_tool(observation)] += 1
        elif kind == "AGENT":
            self._agent = self._agent or _name(_otel(observation).get("gen_ai.agent.name"))
        if observation.get("level") == "ERROR":
            self._failed(observation, root=not isinstance(parent, str))

    def _time(self, start: datetime | None, end: datetime | None) -> None:
        if start is not None:
            self._start = start if self._start is None else min(self._start, start)
        for moment_ in filter(None, (start, end)):
            self._end = moment_ if self._end is None else max(self._end, moment_)

    def _failed(self, observation: Record, *, root: bool) -> None:
        """An error inside may have been got over; one of the outermost observation is the run's."""
        self._errors += 1
        if root:
            self._error = text(observation.get("statusMessage"), ERROR_CHARS) or "error"

    def run(self) -> Record:
        head = self.head
        start = self._start or moment(head.get("timestamp") or head.get("startTime"))
        spending = self._spending()
        return {
            **self._spent(spending, start),
            **({"status": "error", "error_message": self._error} if self._error else {}),
            **self._span(start),
            **known(
                invocation_id=text(head.get("id"), ID_BYTES) or self._id,
                agent=self._agent or _name(head.get("name")) or "langfuse",
                agent_version=text(head.get("version")) or text(head.get("release")),
                llm_call_count=len(self._leaves()) if self._parents else None,
                tool_call_count=self._tools.total() if self._is_typed else None,
                tools_used=dict(self._tools),
                **_told(head),
                error_observations=self._errors or None,
            ),
        }

    def _leaves(self) -> list[tuple[str | None, Usage]]:
        around: set[object] = set()
        for identity in self._calls:
            parent = self._parents.get(identity)
            while parent is not None and parent not in around:
                around.add(parent)
                parent = self._parents.get(parent)
        return [call for identity, call in self._calls.items() if identity not in around]

    def _spending(self) -> Spending:
        spending = Spending()
        for model, usage in self._leaves():
            spending.add(model, usage)
        return spending

    def _spent(self, spending: Spending, start: datetime | None) -> dict[str, object]:
        """Without observations, the sums that a table of traces has."""
        if self._parents:
            return spending.fields(start)
        row = self.head
        cost = amount(row.get("totalCost")) or amount(table(row.get("costDetails")).get("total"))
        usage = spent(row)
        return known(
            input_tokens=usage.input, output_tokens=usage.output, cost_usd=cost,
            cache_read_tokens=usage.cache_read, cache_write_tokens=usage.cache_write,
        )  # fmt: skip

    def _span(self, start: datetime | None) -> dict[str, object]:
        if self._end is not None:
            return known(start_time=start, end_time=self._end)
        latency = amount(self.head.get("latency"))  # of a trace, in seconds
        end = start + timedelta(seconds=latency) if start and latency is not None else None
        return known(start_time=start, end_time=end)


def _told(head: Record) -> dict[str, object]:
    scores = {
        name: value
        for score in tables(head.get("scores"))
        if (name := text(score.get("name"))) and (value := _score(score.get("value"))) is not None
    }
    tags = head.get("tags")
    names = [tag for tag in map(text, tags) if tag] if isinstance(tags, list) else []
    return known(
        trace=text(head.get("name")),
        user=text(head.get("userId")),
        session=text(head.get("sessionId")),
        environment=text(head.get("environment")),
        tags=names or None,
        scores=scores,
    )


def _score(value: object) -> object:
    return (
        value
        if isinstance(value, bool | float) or (type(value) is int and abs(value) < 2**53)
        else text(value)
    )


def _model(observation: Record) -> str | None:
    model = text(observation.get("model")) or text(observation.get("providedModelName"))
    return None if model == "unknown" else model


def _name(said: object) -> str | None:
    """A name without an id in it: one that no other run has tells nothing apart."""
    name = text(said)
    return text(_UUID.sub("", name)) if name else None


def _tool(observation: Record) -> str:
    told = text(_otel(observation).get("gen_ai.tool.name"))
    name = told or _TOOL_PREFIX.sub("", text(observation.get("name")) or "", count=1)
    return name or "unknown"


def _otel(observation: Record) -> Record:
    """The span's own attributes, where an observation came from OpenTelemetry."""
    return table(told_table(observation.get("metadata")).get("attributes"))
