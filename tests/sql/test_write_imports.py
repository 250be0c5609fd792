"""The log of imports, and taking runs back out."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest import imports
from ingest.compact import compact
from ingest.verify import verify
from ingest.write import Writer, WriteResult, finish_import, start_import, take_back, take_back_runs
from queries.errors import UserError

Make = Callable[..., tuple[Any, ...]]


def ids(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(
            connection.execute(text("SELECT invocation_id FROM agent_execution ORDER BY 1")).scalars()
        )


def rollup_runs(engine: Engine) -> int:
    statement = "SELECT coalesce(sum(runs), 0) FROM (SELECT runs FROM status_day UNION ALL SELECT runs FROM rollup_delta) t"
    with engine.connect() as connection:
        return int(connection.execute(text(statement)).scalar_one())


def test_an_import_is_logged_with_what_became_of_it(engine: Engine) -> None:
    first, second = start_import(engine, "a.jsonl"), start_import(engine, "b.csv")
    counts = {"read": 9, "inserted": 3, "replaced": 1, "already_there": 2, "differing": 1, "rejected": 2}
    finish_import(engine, first, counts)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM data_import ORDER BY import_id")).mappings().all()
    assert [row["source"] for row in rows] == ["a.jsonl", "b.csv"]
    assert {name: rows[0][name] for name in counts} == counts
    assert rows[0]["finished_at"] >= rows[0]["started_at"]
    assert (rows[1]["import_id"], rows[1]["finished_at"]) == (second, None)


@pytest.mark.parametrize("folded", [False, True])
def test_an_import_is_taken_back_whole(
    engine: Engine, run: Make, monkeypatch: pytest.MonkeyPatch, folded: bool
) -> None:
    monkeypatch.setattr(imports, "_BATCH", 4)
    good, bad = start_import(engine, "good"), start_import(engine, "bad")
    with Writer(engine, import_id=good) as writer:
        writer.write([run(invocation_id=f"good{n}", cost_usd="1") for n in range(3)])
    rows = [
        run(f"2026-{month:02}-03T10:00Z", invocation_id=f"bad{month}", cost_usd="5") for month in range(1, 11)
    ]
    with Writer(engine, import_id=bad) as writer:
        writer.write(rows)
    if folded:
        compact(engine)
    assert take_back(engine, bad) == 10
    assert ids(engine) == ["good0", "good1", "good2"]
    assert rollup_runs(engine) == 3
    assert verify(engine) == []
    assert take_back(engine, bad) == 0
    with Writer(engine, import_id=good) as writer:
        assert writer.write(rows).inserted == 10
    assert verify(engine) == []


def test_an_import_takes_back_what_it_replaced_and_not_what_it_met(engine: Engine, run: Make) -> None:
    first, second = start_import(engine, "first"), start_import(engine, "second")
    met, changed = run(invocation_id="met"), run(invocation_id="changed")
    with Writer(engine, import_id=first) as writer:
        writer.write([met, changed])
    with Writer(engine, import_id=second, replace=True) as writer:
        writer.write([met, run(invocation_id="changed", model="other")])
    assert take_back(engine, second) == 1
    assert ids(engine) == ["met"]
    assert verify(engine) == []


def test_what_was_taken_back_is_noted(engine: Engine, run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = start_import(engine, "bad")
    with Writer(engine, import_id=bad) as writer:
        writer.write([run(invocation_id=f"bad{n}") for n in range(10)])
    noted = text("SELECT taken_back, taken_back_at FROM data_import")
    batches = imports._batches

    def broken_off(ids: Iterable[str], _size: int) -> Iterator[list[str]]:
        """Two batches of four, and then the connection is gone."""
        yield from islice(batches(ids, 4), 2)
        raise ConnectionError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(imports, "_batches", broken_off)
        with pytest.raises(ConnectionError):
            take_back(engine, bad)
    with engine.connect() as connection:
        assert connection.execute(noted).one() == (8, None)
    assert take_back(engine, bad) == 2
    with engine.connect() as connection:
        taken, at = connection.execute(noted).one()
    assert (taken, at is not None) == (10, True)
    assert verify(engine) == []


def test_an_import_is_taken_back_by_one_at_a_time(engine: Engine) -> None:
    bad = start_import(engine, "bad")
    with imports._alone(engine, bad):
        with pytest.raises(UserError, match="is being taken back already"):
            take_back(engine, bad)
        assert take_back(engine, start_import(engine, "other")) == 0
    assert take_back(engine, bad) == 0


def test_an_unknown_import_is_refused(engine: Engine) -> None:
    with pytest.raises(UserError, match="There is no import 99"):
        take_back(engine, 99)


def test_single_runs_are_taken_back(engine: Engine, run: Make) -> None:
    rows = [run(invocation_id=name, duration_ms=0, cost_usd=0) for name in "abc"]
    with Writer(engine) as writer:
        writer.write(rows)
    assert take_back_runs(engine, ["a", "c", "never there"]) == 2
    assert take_back_runs(engine, ["a"]) == 0
    assert ids(engine) == ["b"]
    assert verify(engine) == []


def test_a_run_without_raw_row_cannot_be_taken_back(engine: Engine, run: Make) -> None:
    row = run("2026-05-20T10:00Z", invocation_id="dropped")
    with Writer(engine) as writer:
        writer.write([row])
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE agent_execution_2026_05"))
        assert take_back_runs(engine, ["dropped"]) == 0
        assert writer.write([row]) == WriteResult(already_there=1)
    assert rollup_runs(engine) == 1
