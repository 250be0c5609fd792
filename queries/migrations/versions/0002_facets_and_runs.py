"""Rollups of errors, tools and attributes; what finding runs needs; views, markers, takings back.

Facets hold for each hour and day what the runs with one value of one facet add up to. They are made again
from the raw rows for each hour in ``facet_dirty``: a write only notes which hours it touched.
The statements are frozen: they say what this revision made, whatever the code has become since.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

MEASURES = [
    "runs",
    "duration_us",
    "duration_known",
    "input_tokens",
    "uncached_input_tokens",
    "input_known",
    "output_tokens",
    "output_known",
    "total_tokens",
    "total_known",
    "cache_read_tokens",
    "cache_read_known",
    "cache_write_tokens",
    "cache_write_known",
    "hit_read_tokens",
    "hit_input_tokens",
    "hit_known",
    "cost_usd",
    "cost_known",
    "estimated_cost_usd",
    "estimated_known",
    "llm_calls",
    "llm_known",
    "tool_calls",
    "tool_known",
    "files_modified",
    "files_known",
]
MONEY = ("cost_usd", "estimated_cost_usd")
SKETCHES = ("duration_sketch", "cost_sketch")
FACETS = (
    "error_category",
    "error_template",
    "error_hits",
    "tool",
    "tools_known",
    "no_files",
    "attr.repository",
    "attr.environment",
    "attr.user",
    "attr.task",
)
# Hours are made again and again: vacuum by count, not by share, or dead rows pile up.
VACUUM = "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000"
# The time of a run beside the value: a period is cut out of the index, and equal values keep their order.
SORTS = ("cost_usd", "duration_ms", "total_tokens", "llm_call_count", "tool_call_count")


def upgrade() -> None:
    _facets()
    _runs()
    _pages()


def _facets() -> None:
    sums = [f"{m} {'numeric' if m in MONEY else 'bigint'} NOT NULL" for m in MEASURES]
    sketches = [f"{name} bytea NOT NULL" for name in SKETCHES]
    for tier in ("hour", "day"):
        table = f"facet_{tier}"
        op.execute(
            f'CREATE TABLE {table} (facet text COLLATE "C" NOT NULL, bucket timestamptz NOT NULL, '
            'value text COLLATE "C" NOT NULL, model text NOT NULL, status text NOT NULL, '
            f"calls bigint NOT NULL, {', '.join(sums + sketches)}) WITH ({VACUUM})"
        )
        op.execute(f"CREATE INDEX {table}_bucket ON {table} (facet, bucket)")
        op.execute(f"CREATE INDEX {table}_value ON {table} (facet, value, bucket)")
    op.execute(
        'CREATE TABLE rollup_facet (facet text COLLATE "C" PRIMARY KEY CHECK (char_length(facet) <= 110), '
        "hours boolean NOT NULL DEFAULT true)"
    )
    op.execute(f"CREATE TABLE facet_dirty (hour timestamptz NOT NULL) WITH ({VACUUM})")
    names = ", ".join(f"('{facet}')" for facet in FACETS)
    op.execute(f"INSERT INTO rollup_facet (facet) VALUES {names}")
    op.execute(
        "INSERT INTO facet_dirty SELECT bucket FROM status_hour UNION "
        "SELECT date_bin('1 hour', bucket, TIMESTAMPTZ '2000-01-01 00:00:00+00') FROM rollup_delta"
    )


def _runs() -> None:
    op.execute(
        "ALTER TABLE agent_execution ADD CHECK (char_length(error_template) <= 300), "
        "ADD CHECK (char_length(error_category) <= 100)"
    )
    op.execute("DROP INDEX agent_execution_cost, agent_execution_duration")
    for column in SORTS:
        op.execute(f"CREATE INDEX agent_execution_{column} ON agent_execution ({column}, start_time)")
    op.execute(
        "CREATE INDEX agent_execution_error_template ON agent_execution (error_template, start_time) "
        "WHERE error_template IS NOT NULL"
    )
    op.execute(
        "CREATE INDEX agent_execution_error_words ON agent_execution "
        "USING gin (to_tsvector('simple', error_message)) WHERE error_message IS NOT NULL"
    )


def _pages() -> None:
    op.execute(
        "CREATE TABLE saved_view (view_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
        "name text NOT NULL UNIQUE CHECK (char_length(name) BETWEEN 1 AND 100), "
        "path text NOT NULL CHECK (char_length(path) <= 1000), "
        "search text NOT NULL CHECK (char_length(search) <= 20000), "
        "is_start boolean NOT NULL DEFAULT false, created_at timestamptz NOT NULL DEFAULT now())"
    )
    op.execute("CREATE UNIQUE INDEX saved_view_start ON saved_view (is_start) WHERE is_start")
    op.execute(
        "CREATE TABLE marker (marker_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
        "at timestamptz NOT NULL, label text NOT NULL CHECK (char_length(label) BETWEEN 1 AND 100), "
        "created_at timestamptz NOT NULL DEFAULT now())"
    )
    op.execute(
        "ALTER TABLE data_import ADD taken_back_at timestamptz, ADD taken_back bigint NOT NULL DEFAULT 0"
    )
