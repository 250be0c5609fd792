"""The statements that let runs in, replace them and take them away, each with its rollup rows."""

from __future__ import annotations

from ingest.rollups import COLUMNS, NEEDED, bucket, of_runs
from ingest.staging import FROM_JSON
from queries.schema import CONTENT_COLUMNS, RAW_FROM

# A batch looks its runs up one by one, in the order of the joins as written. Left alone, the planner may
# read all runs there are instead, or join them first (it takes id and start for independent): 20,000
# known runs took 0.6 s this way and were not done after 10 minutes the other.
ONE_BY_ONE = (
    "SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), "
    "set_config('join_collapse_limit', '1', true)"
)

# For a bulk write: rows stay in the order of their start, which costs indexes a quarter less, and in memory.
BULK = "SELECT set_config('work_mem', '64MB', true), set_config('enable_mergejoin', 'off', true)"

_CONTENT = ", ".join(CONTENT_COLUMNS)
_RUN_COLUMNS = f"{_CONTENT}, import_id, ingested_at"


def _prefixed(alias: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{alias}.{name}" for name in columns)


# What a record says, without what we make of it: new rules of errors and new prices change no run.
_DERIVED = {
    "error_category": None,
    "error_template": None,
    "attributes": "{0}.attributes - 'error_category'",
    "cost_usd": "CASE WHEN s.cost_source = 'estimated' AND r.cost_source = 'estimated' "
    "THEN NULL ELSE {0}.cost_usd END",
}


def _compared(alias: str) -> str:
    expressions = (_DERIVED.get(name, f"{{0}}.{name}") for name in CONTENT_COLUMNS)
    return ", ".join(expression.format(alias) for expression in expressions if expression)


_NEEDED = _prefixed("r", NEEDED)
_DELTA = f"INSERT INTO rollup_delta ({', '.join(COLUMNS)})"
# Facets are made again by the hour (ingest/facets.py): whoever changes runs says which hours.
_DIRTY = f"dirty AS (INSERT INTO facet_dirty SELECT DISTINCT {bucket('hour', 'bucket')} FROM delta) "
# The statement's own bounds let the planner leave out all other months.
_STORED = (
    "staging s JOIN execution_key k USING (invocation_id) JOIN agent_execution r "
    "ON r.start_time = k.start_time AND r.invocation_id = k.invocation_id "
    "AND r.start_time BETWEEN %(first)s AND %(last)s "
    f"WHERE ({_compared('s')}) IS DISTINCT FROM ({_compared('r')})"
)


def _from(small: bool) -> str:
    return FROM_JSON if small else ""


def write(*, small: bool, replace: bool) -> str:
    """New runs enter; gives how many, and how many rollup rows they made.

    The keys go in in one order, whoever writes: writers that meet wait for each other and cannot
    deadlock. With ``replace``, keys that are known are locked in the same pass (WHERE false: locked,
    not written).
    """
    known = (
        "ON CONFLICT (invocation_id) DO UPDATE SET start_time = excluded.start_time WHERE false"
        if replace
        else "ON CONFLICT DO NOTHING"
    )
    return (
        f"WITH {_from(small)}key AS (INSERT INTO execution_key (invocation_id, start_time) "
        f"SELECT invocation_id, start_time FROM staging WHERE start_time >= {RAW_FROM} "
        f'ORDER BY invocation_id COLLATE "C" {known} RETURNING invocation_id), '
        f"new AS (INSERT INTO agent_execution AS r ({_RUN_COLUMNS}) "
        f"SELECT {_prefixed('s', CONTENT_COLUMNS)}, %(import_id)s::bigint, now() "
        "FROM staging s JOIN key USING (invocation_id) ORDER BY s.start_time, s.invocation_id "
        f"RETURNING {_NEEDED}), "
        f"delta AS ({_DELTA} {of_runs('new')} RETURNING runs, bucket), {_DIRTY}"
        "SELECT coalesce(sum(runs), 0)::bigint, count(*) FROM delta"
    )


def bounds(*, small: bool) -> str:
    """First and last start of the known runs, as they are stored; and whether retention may have a say."""
    return (
        f"WITH {_from(small)}known AS (SELECT k.start_time AS stored, s.start_time FROM staging s "
        "LEFT JOIN execution_key k USING (invocation_id)) "
        f"SELECT min(stored), max(stored), least(min(stored), min(start_time)) < {RAW_FROM} FROM known"
    )


def too_old(*, small: bool, replace: bool) -> str:
    """Runs that retention keeps out: ids, and whether the record that each would replace was dropped.

    One that is known and not to be replaced is there already, whenever it started."""
    known = f"k.start_time < {RAW_FROM} OR s.start_time < {RAW_FROM}" if replace else "false"
    return (
        f"WITH {_from(small)}old AS (SELECT s.invocation_id AS id, "
        f"coalesce(k.start_time < {RAW_FROM}, false) AS dropped "
        "FROM staging s LEFT JOIN execution_key k USING (invocation_id) "
        f"WHERE CASE WHEN k.invocation_id IS NULL THEN s.start_time < {RAW_FROM} ELSE {known} END) "
        "SELECT coalesce(array_agg(id), '{}'), coalesce(array_agg(dropped), '{}') FROM old"
    )


def differing(*, small: bool) -> str:
    """How many runs are stored with other content, and the first ids of them."""
    return (
        f"WITH {_from(small)}differing AS (SELECT s.invocation_id AS id FROM {_STORED}) "
        "SELECT count(*), coalesce((array_agg(id ORDER BY id))[1:%(named)s], '{}') FROM differing"
    )


def replace(*, small: bool) -> str:
    """Runs stored with other content go, with their measures, and come anew; gives how many.

    Their keys are locked already, by the write statement of the same transaction.
    """
    came = ", ".join(f"c.{name} AS new_{name}" for name in CONTENT_COLUMNS)
    return (
        f"WITH {_from(small)}changed AS (SELECT s.*, k.start_time AS stored_start FROM {_STORED} "
        f"AND k.start_time >= {RAW_FROM} AND s.start_time >= {RAW_FROM}), "
        "old AS (DELETE FROM agent_execution r USING changed c WHERE r.start_time = c.stored_start "
        "AND r.invocation_id = c.invocation_id AND r.start_time BETWEEN %(first)s AND %(last)s "
        f"RETURNING {_NEEDED}, {came}), "
        "moved AS (UPDATE execution_key k SET start_time = c.start_time FROM changed c "
        "WHERE k.invocation_id = c.invocation_id AND c.start_time <> c.stored_start), "
        # From what went: a run that came before it went would meet itself.
        f"new AS (INSERT INTO agent_execution AS r ({_RUN_COLUMNS}) "
        f"SELECT {', '.join(f'new_{name}' for name in CONTENT_COLUMNS)}, %(import_id)s::bigint, now() "
        f"FROM old RETURNING {_NEEDED}), "
        f"delta AS ({_DELTA} {of_runs('old', -1)} UNION ALL {of_runs('new')} RETURNING bucket), {_DIRTY}"
        "SELECT (SELECT count(*) FROM new), (SELECT count(*) FROM delta)"
    )


# In the order of the write statement, for the same reason.
LOCK_KEYS = (
    "WITH locked AS (SELECT start_time FROM execution_key WHERE invocation_id = ANY(%(ids)s) "
    'ORDER BY invocation_id COLLATE "C" FOR UPDATE) SELECT min(start_time), max(start_time) FROM locked'
)

# Runs whose raw row is gone cannot be taken back: nothing says what they added. They stay known.
TAKE_BACK = (
    "WITH old AS (DELETE FROM agent_execution r USING execution_key k "
    "WHERE k.invocation_id = ANY(%(ids)s) AND r.start_time = k.start_time "
    "AND r.invocation_id = k.invocation_id AND r.start_time BETWEEN %(first)s AND %(last)s "
    f"AND r.start_time >= {RAW_FROM} "
    "AND (%(import_id)s::bigint IS NULL OR r.import_id = %(import_id)s) "
    f"RETURNING r.invocation_id, {_NEEDED}), "
    "gone AS (DELETE FROM execution_key k USING old WHERE k.invocation_id = old.invocation_id), "
    f"delta AS ({_DELTA} {of_runs('old', -1)} RETURNING bucket), {_DIRTY}"
    "SELECT (SELECT coalesce(array_agg(invocation_id), '{}') FROM old), (SELECT count(*) FROM delta)"
)
