"""The tables of what runs are made of while it comes: traces with their spans, files that are watched."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from queries.schema import ID, INSTANT, metadata

# A trace whose spans come, or came: ``runs`` are the ids of the runs made of it, ``posted`` what was said
# of its run by other means. Its row is the lock for whoever adds spans. It stays when the spans go
# (``closed``), so that spans that come later make no second run. ``import_id``: what its last spans came
# with.
otel_trace = Table(
    "otel_trace",
    metadata,
    Column("trace_id", LargeBinary, primary_key=True),
    Column("seen_at", INSTANT, nullable=False),
    Column("spans", Integer, nullable=False),
    Column("has_run", Boolean, nullable=False),  # a span of an agent, a model or a tool came
    Column("has_top", Boolean, nullable=False),  # one above which none is waited for
    Column("settled", Boolean, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("runs", ARRAY(Text), nullable=False),
    Column("posted", JSONB),
    Column("unmade", Integer, nullable=False, server_default="0"),  # changes that its runs do not have yet
    Column("stale_since", INSTANT),  # since when its runs lack what they could have
    Column("import_id", BigInteger),
)
otel_span = Table(
    "otel_span",
    metadata,
    Column("trace_id", LargeBinary, primary_key=True),
    Column("span_id", LargeBinary, primary_key=True),
    Column("parent_id", LargeBinary),
    Column("start_ns", BigInteger, nullable=False),
    Column("end_ns", BigInteger),
    Column("facts", ID, nullable=False),  # JSON of ingest.otlp.spans.Facts
    Column("undone", Boolean, nullable=False, server_default="false"),  # of a run that was taken back
)

# How far the files that `watch` follows have been read, by machine; a path is bytes, and need not be text.
watched_file = Table(
    "watched_file",
    metadata,
    Column("machine", Text, nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("lines", BigInteger, nullable=False),
    Column("head", LargeBinary, nullable=False),
    PrimaryKeyConstraint("machine", "path"),
)
