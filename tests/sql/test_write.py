"""What enters, what is skipped, what is replaced: by both ways in (JSON for few rows, COPY for many)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest import batch
from ingest.compact import compact
from ingest.verify import verify
from ingest.write import Writer, WriteResult
from queries.schema import CONTENT_COLUMNS

Row = tuple[Any, ...]
Make = Callable[..., Row]


@pytest.fixture(params=["json", "copy"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "copy":
        monkeypatch.setattr(batch, "SMALL", 0)
    return str(request.param)


def write(engine: Engine, rows: list[Row], **options: Any) -> WriteResult:
    with Writer(engine, **options) as writer:
        return writer.write(rows)


def stored(engine: Engine) -> dict[str, dict[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM agent_execution ORDER BY invocation_id")).mappings()
        return {row["invocation_id"]: dict(row) for row in rows}


def totals(engine: Engine) -> tuple[int, Decimal]:
    """Runs and cost as a reader of the rollups adds them up."""
    statement = (
        "SELECT coalesce(sum(runs), 0)::bigint, coalesce(sum(cost_usd), 0) FROM "
        "(SELECT runs, cost_usd FROM rollup_day UNION ALL SELECT runs, cost_usd FROM rollup_delta) t"
    )
    with engine.connect() as connection:
        runs, cost = connection.execute(text(statement)).one()
    return runs, cost


@pytest.mark.usefixtures("way")
def test_a_replay_adds_nothing(engine: Engine, run: Make) -> None:
    rows = [run(duration_ms=1000, cost_usd="0.5") for _ in range(3)]
    assert write(engine, rows) == WriteResult(inserted=3)
    assert write(engine, rows) == WriteResult(already_there=3)
    compact(engine)
    more = run(cost_usd="2")
    assert write(engine, [*rows, more]) == WriteResult(inserted=1, already_there=3)
    assert totals(engine) == (4, Decimal("3.5"))  # 3 x 0.5 + 2
    assert verify(engine) == []


def test_no_rows_are_no_work(engine: Engine) -> None:
    assert write(engine, []) == WriteResult()


@pytest.mark.usefixtures("way")
def test_every_kind_of_value_comes_back_as_it_went_in(engine: Engine, run: Make) -> None:
    tricky = 'tab\t newline\n return\r backslash \\ quote " brace {} null NULL \\N comma, ü € 🙂'
    row = run(
        datetime(2026, 11, 20, 15, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        invocation_id=tricky,
        agent=tricky,
        agent_version="NULL",
        end_time=datetime(2026, 11, 20, 10, 0, 1, tzinfo=UTC),
        duration_ms=Decimal("876.544"),
        input_tokens=10**11,
        output_tokens=0,
        cost_usd=Decimal("0.000000001"),
        cost_source="reported",
        llm_call_count=2**31 - 1,
        tools_used='{"a\\"b": 1}',
        files_modified=[tricky, "", "null", "plain.py"],
        files_modified_count=4,
        error_message=tricky,
        attributes='{"exact": 12345678901234567890.123456789, "text": "tab\\t"}',
    )
    empty = run(invocation_id="empty", files_modified=[], error_message="", agent_version="")
    plain = run(invocation_id="plain", cost_usd="3", duration_ms="2.5")
    assert write(engine, [row, empty, plain]).inserted == 3
    found = stored(engine)
    want = dict(zip(CONTENT_COLUMNS, row, strict=True)) | {"tools_used": {'a"b': 1}}
    del want["attributes"]
    assert {name: found[tricky][name] for name in want} == want
    with engine.connect() as connection:
        exact = connection.execute(
            text("SELECT attributes->>'exact' FROM agent_execution WHERE cost_usd < 1")
        )
        assert exact.scalar_one() == "12345678901234567890.123456789"
    assert (found["empty"]["files_modified"], found["empty"]["error_message"]) == ([], "")
    assert (found["plain"]["cost_usd"], found["plain"]["duration_ms"]) == (Decimal(3), Decimal("2.5"))
    assert write(engine, [row, empty, plain]).already_there == 3
    assert verify(engine) == []


@pytest.mark.usefixtures("way")
def test_the_first_of_a_run_inside_a_batch_wins(engine: Engine, run: Make) -> None:
    first = run(invocation_id="twice", cost_usd="1")
    other = run(invocation_id="twice", cost_usd="2")
    result = write(engine, [first, run(), first, other, first])
    assert result == WriteResult(inserted=2, already_there=2, differing=1, differing_ids=["twice"])
    assert stored(engine)["twice"]["cost_usd"] == 1
    assert totals(engine) == (2, Decimal(1))
    assert verify(engine) == []


@pytest.mark.usefixtures("way")
def test_with_replace_the_last_of_a_run_inside_a_batch_wins(engine: Engine, run: Make) -> None:
    first = run(invocation_id="twice", cost_usd="1")
    last = run(invocation_id="twice", cost_usd="2")
    assert write(engine, [first, last], replace=True) == WriteResult(inserted=1, replaced=1)
    assert stored(engine)["twice"]["cost_usd"] == 2
    assert totals(engine) == (1, Decimal(2))
    assert verify(engine) == []


@pytest.mark.usefixtures("way")
def test_a_known_run_with_other_content_is_named_and_left_alone(engine: Engine, run: Make) -> None:
    rows = [run(invocation_id=f"r{n:03}", error_message=None) for n in range(120)]
    write(engine, rows)
    error = CONTENT_COLUMNS.index("error_message")
    changed = [(*row[:error], "", *row[error + 1 :]) for row in rows]  # null and empty differ
    result = write(engine, [*changed[:110], *rows[110:]])
    assert (result.inserted, result.already_there, result.differing) == (0, 10, 110)
    assert result.differing_ids == [f"r{n:03}" for n in range(batch.IDS_NAMED)]
    assert {row["error_message"] for row in stored(engine).values()} == {None}


# What we make of a record, and may make another time of it.
SAME_RECORD = [
    ({"error_message": "x", "error_category": "other"}, {"error_message": "x", "error_category": "timeout"}),
    ({"error_message": "x 1", "error_template": "x"}, {"error_message": "x 1", "error_template": "x <n>"}),
    ({"error_category": None}, {"error_category": "other"}),
    ({"attributes": '{"a": 1, "error_category": "z"}'}, {"attributes": '{"a": 1}'}),
    ({"cost_usd": "1", "cost_source": "estimated"}, {"cost_usd": "2", "cost_source": "estimated"}),
]
OTHER_RECORD = [
    ({"error_message": "x"}, {"error_message": "y"}),
    ({"attributes": '{"a": 1}'}, {"attributes": '{"a": 2}'}),
    ({"cost_usd": "1", "cost_source": "reported"}, {"cost_usd": "2", "cost_source": "reported"}),
    ({"cost_usd": "1", "cost_source": "estimated"}, {"cost_usd": "1", "cost_source": "reported"}),
    ({"cost_usd": None, "cost_source": None}, {"cost_usd": "2", "cost_source": "estimated"}),
]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("replace", [False, True])
def test_new_rules_and_prices_do_not_make_a_run_another(engine: Engine, run: Make, replace: bool) -> None:
    both = [
        (run(invocation_id=f"r{n}", **before), run(invocation_id=f"r{n}", **after))
        for n, (before, after) in enumerate([*SAME_RECORD, *OTHER_RECORD])
    ]
    write(engine, [before for before, _ in both])
    result = write(engine, [after for _, after in both], replace=replace)
    others = len(OTHER_RECORD)
    assert result.already_there == len(SAME_RECORD)
    assert (result.differing, result.replaced) == ((0, others) if replace else (others, 0))
    assert verify(engine) == []


def test_a_known_run_with_another_start_is_the_same_run(engine: Engine, run: Make) -> None:
    write(engine, [run("2026-11-20T10:00+00:00", invocation_id="moved")])
    again = run("2026-08-20T10:00+00:00", invocation_id="moved")
    assert write(engine, [again]) == WriteResult(differing=1, differing_ids=["moved"])
    assert totals(engine)[0] == 1


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("folded", [False, True])
def test_replacing_takes_the_old_run_out_of_every_rollup(engine: Engine, run: Make, folded: bool) -> None:
    old = run("2026-11-20T10:00Z", invocation_id="moved", model="old", cost_usd="1", duration_ms=1000)
    same = run(invocation_id="same", cost_usd="4")
    write(engine, [old, same], import_id=None)
    if folded:
        compact(engine)
    new = run("2026-08-01T00:00Z", invocation_id="moved", model="new", cost_usd="2", duration_ms=5000)
    result = write(engine, [new, same, run(invocation_id="new")], replace=True)
    assert result == WriteResult(inserted=1, replaced=1, already_there=1)
    found = stored(engine)
    assert (found["moved"]["model"], found["moved"]["start_time"]) == ("new", new[5])
    assert len(found) == 3
    assert totals(engine) == (3, Decimal(6))  # 2 + 4
    assert verify(engine) == []
    compact(engine)
    assert verify(engine) == []
    assert write(engine, [new], replace=True) == WriteResult(already_there=1)


def test_replacing_marks_the_run_with_its_import(engine: Engine, run: Make) -> None:
    with Writer(engine, import_id=7) as writer:
        writer.write([run(invocation_id="a"), run(invocation_id="b")])
    write(engine, [run(invocation_id="a", cost_usd="1")], replace=True, import_id=8)
    assert {name: row["import_id"] for name, row in stored(engine).items()} == {"a": 8, "b": 7}


@pytest.mark.parametrize("replace", [False, True])
def test_a_run_whose_raw_row_is_gone_is_known_still(engine: Engine, run: Make, replace: bool) -> None:
    row = run("2026-05-20T10:00Z", invocation_id="dropped", cost_usd="1")
    write(engine, [row])
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE agent_execution_2026_05"))
    again = run("2026-11-20T10:00Z", invocation_id="dropped", cost_usd="9")
    # Of two of one run inside a batch one is enough: its content is not compared with what is gone.
    assert write(engine, [again, run()], replace=replace) == WriteResult(inserted=1, already_there=1)
    assert totals(engine) == (2, Decimal(1))


def test_not_known_is_no_zero_in_the_rollups(engine: Engine, run: Make) -> None:
    write(engine, [run(cost_usd=None), run(cost_usd="0"), run(cost_usd="2"), run(duration_ms=0)])
    compact(engine)
    statement = "SELECT sum(runs), sum(cost_known), sum(duration_known), sum(input_known) FROM rollup_hour"
    with engine.connect() as connection:
        assert tuple(connection.execute(text(statement)).one()) == (4, 2, 1, 0)
    assert verify(engine) == []


def test_a_writer_gives_back_a_connection_without_traces(engine: Engine, run: Make) -> None:
    write(engine, [run() for _ in range(3)])
    with engine.connect() as connection:
        left = connection.execute(
            text("SELECT count(*) FROM pg_class WHERE relname = 'staging'")
        ).scalar_one()
        isolation = connection.execute(text("SHOW transaction_isolation")).scalar_one()
        timeout = connection.execute(text("SHOW statement_timeout")).scalar_one()
    assert (left, isolation, timeout) == (0, "read committed", "15s")


def test_a_writer_made_with_an_address_works_and_closes(database_url: str, engine: Engine, run: Make) -> None:
    with Writer(database_url) as writer:
        assert writer.write([run()]).inserted == 1
    assert totals(engine)[0] == 1


def test_a_long_write_is_folded_on_the_way(engine: Engine, run: Make) -> None:
    with Writer(engine, compact_at=10) as writer:
        for day in range(1, 21):
            writer.write([run(f"2026-11-{day:02}T{hour:02}:00Z") for hour in range(5)])
    with engine.connect() as connection:
        folded = connection.execute(text("SELECT folded FROM data_state")).scalar_one()
    assert folded >= 10
    assert totals(engine)[0] == 100
    assert verify(engine) == []
