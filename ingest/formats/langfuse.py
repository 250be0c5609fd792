"""Traces of Langfuse: each trace is one run.

Read are the page's download (``trace`` and ``observations``), the API's trace with its observations, its
lists, and exported tables of observations or traces. What a trace holds is the sum over its calls of
models; spans around them repeat their tokens and are not added again.
"""

from __future__ import annotations

from collections.abc import Iterator

from ingest.formats.fields import tables, text
from ingest.formats.kind import Origin
from ingest.formats.langfuse_trace import Trace
from ingest.lines import Broken, Item, Record
from ingest.values import ID_BYTES

_SIZE = 1_000


def read(items: Iterator[Item], origin: Origin) -> Iterator[Item]:
    scattered: dict[str, Trace] = {}
    for line, record, size in items:
        if isinstance(record, Broken):
            yield line, record, size
            continue
        for part in _parts(record):
            whole = _whole(line, part)
            if whole:
                yield line, whole.run(), _SIZE
            else:
                _gather(scattered, line, part)
    for trace in scattered.values():
        yield trace.line, trace.run(), _SIZE


def _parts(record: Record) -> Iterator[Record]:
    """What a page of a list holds; else the record itself."""
    if isinstance(record.get("data"), list) and "meta" in record:
        yield from tables(record["data"])
    else:
        yield record


def _whole(line: int, record: Record) -> Trace | None:
    """A trace that brings its observations along."""
    head = record.get("trace")
    if not isinstance(head, dict):
        head = record
    observations = list(tables(record.get("observations"))) or list(tables(head.get("observations")))
    if not observations:
        return None
    trace = Trace(line, head)
    for observation in observations:
        trace.add(observation)
    return trace


def _gather(scattered: dict[str, Trace], line: int, record: Record) -> None:
    """Rows of exported tables: observations name their trace, and a trace may stand beside them."""
    identity = text(record.get("traceId") or record.get("id"), ID_BYTES) or str(line)
    trace = scattered.setdefault(identity, Trace(line, {}))
    if "traceId" in record:
        trace.add(record)
    else:
        trace.head = record


def is_page(value: object) -> bool:
    """Whether this is what a page of the API's lists holds: traces or observations."""
    first = next(tables(value), {})
    return "traceId" in first or "projectId" in first or "htmlPath" in first
