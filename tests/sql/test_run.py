"""One run: found, dropped or unknown, among its peers, with its error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingest.write import Writer
from queries import run as one
from queries.filters import Filters, parse
from queries.run import Peers
from queries.store import Store

NOW = datetime(2026, 11, 23, 12, 7, tzinfo=UTC)
Run = Callable[..., tuple[Any, ...]]


def asked(**params: str) -> Filters:
    return parse(params, now=NOW)


def put(engine: Engine, *rows: tuple[Any, ...]) -> None:
    with Writer(engine) as writer:
        assert writer.write(list(rows)).inserted == len(rows)


@pytest.mark.parametrize("name", ["plain", "a/b//c", "/", "..", "ä b%20?#&=+", "x" * 512, "\U0001f41b"])
def test_a_run_of_any_id_is_found(store: Store, engine: Engine, run: Run, name: str) -> None:
    put(
        engine,
        run("2026-11-20T10:00:00.5+02:00", invocation_id=name, total_tokens=7, attributes='{"a": [1]}'),
    )
    found = one.find(store, name)
    assert found is not None
    assert found.row is not None
    assert (found.run_id, found.start) == (name, datetime(2026, 11, 20, 8, 0, 0, 500_000, UTC))
    assert (found.row["invocation_id"], found.row["total_tokens"], found.row["attributes"]) == (
        name,
        7,
        {"a": [1]},
    )
    assert found.row["import_id"] is None
    assert found.brought_by is None


@pytest.mark.parametrize("name", ["", "nothing", "a\x00", "\ud800"])
def test_an_unknown_id_is_nothing(store: Store, engine: Engine, run: Run, name: str) -> None:
    put(engine, run(invocation_id="a"))
    assert one.find(store, name) is None


def test_a_run_whose_row_was_dropped_is_known_by_its_key(store: Store, engine: Engine, run: Run) -> None:
    put(engine, run("2026-03-05T10:00+00:00", invocation_id="old"), run(invocation_id="new"))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE agent_execution_2026_03"))
    assert one.find(store, "old") == one.Run("old", datetime(2026, 3, 5, 10, tzinfo=UTC), None)


def test_the_import_that_brought_a_run(store: Store, engine: Engine, run: Run) -> None:
    put(engine, run(invocation_id="a"))
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO data_import (source, started_at, inserted) VALUES ('runs.jsonl', now(), 12)")
        )
        connection.execute(
            text("UPDATE agent_execution SET import_id = (SELECT max(import_id) FROM data_import)")
        )
    found = one.find(store, "a")
    assert found is not None
    assert found.brought_by is not None
    assert (found.brought_by["source"], found.brought_by["inserted"]) == ("runs.jsonl", 12)


# ---- peers ----------------------------------------------------------------------------------------------

# Five runs of one model, and what must not count: another model, another month, a run of another status.
COSTS = ["0.10", "0.20", "0.20", "0.30", None]


@pytest.fixture
def peers(engine: Engine, run: Run) -> None:
    rows = [
        run("2026-11-20T10:00+00:00", invocation_id=f"p{n}", model="m", cost_usd=cost and Decimal(cost),
            duration_ms=Decimal(1000 * n), total_tokens=5, status="failure" if n == 3 else "success")
        for n, cost in enumerate(COSTS)
    ]  # fmt: skip
    rows.append(run("2026-11-20T10:00+00:00", model="other", cost_usd=Decimal(9), total_tokens=9))
    rows.append(run("2026-09-20T10:00+00:00", invocation_id="old", model="m", cost_usd=Decimal(8)))
    put(engine, *rows)


def found(store: Store, name: str, **params: str) -> dict[str, Peers]:
    run = one.find(store, name)
    assert run is not None
    assert run.row is not None
    return one.peers(store, asked(**params), run.row)


@pytest.mark.usefixtures("peers")
def test_the_place_of_a_run_among_the_runs_of_its_model(store: Store) -> None:
    assert found(store, "p1") == {
        "cost": Peers(4, below=1, above=1),  # 0.10 | 0.20, 0.20 | 0.30
        "duration": Peers(5, below=1, above=3),
        "tokens": Peers(5, below=0, above=0),
    }
    assert found(store, "p3")["cost"] == Peers(4, below=3, above=0)


@pytest.mark.usefixtures("peers")
def test_filters_but_the_period_do_not_choose_the_peers(store: Store) -> None:
    narrowed = found(store, "p1", status="success", agent="fixer", model="other", tool="bash", q="x")
    assert narrowed == found(store, "p1")


@pytest.mark.usefixtures("peers")
def test_what_a_run_lacks_is_not_compared(store: Store) -> None:
    assert found(store, "p4").keys() == {"duration", "tokens"}


@pytest.mark.usefixtures("peers")
def test_a_run_outside_of_the_period_is_compared_with_the_30_days_up_to_it(store: Store) -> None:
    assert found(store, "old") == {"cost": Peers(1, 0, 0)}
    group = one.peer_period(asked(tz="Asia/Tokyo"), datetime(2026, 9, 20, 16, tzinfo=UTC))  # the 21st there
    assert group.range == "2026-08-23..2026-09-21"
    assert group.start == datetime(2026, 8, 22, 15, tzinfo=UTC)
    assert group.end == datetime(2026, 9, 21, 15, tzinfo=UTC)


def test_many_peers_are_told_from_sketches_and_the_latest(
    store: Store, engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one, "COMPARED", 50)
    amounts = range(1, 101)  # a cent to a dollar; ten seconds apart, so that no two share a bin of 2 %
    put(engine, *(
        run(datetime(2026, 11, 20, 10, 0, n, tzinfo=UTC) if n < 60 else datetime(2026, 11, 20, 10, 1, n - 60, tzinfo=UTC),
            invocation_id=f"p{n}", model="m", cost_usd=Decimal(n) / 100, duration_ms=Decimal(n), total_tokens=n)
        for n in amounts
    ))  # fmt: skip
    told = found(store, "p20")
    assert told["cost"] == Peers(100, below=19, above=80, nearly=True)
    assert told["duration"] == Peers(100, below=19, above=80, nearly=True)
    assert told["tokens"] == Peers(50, below=0, above=50, latest=True)  # of 51 to 100
    # Within 1 % of $0.90 are 89 to 91 or so: they may count as equal, never on the wrong side.
    dear = found(store, "p90")["cost"]
    assert (dear.number, dear.nearly) == (100, True)
    assert 86 <= dear.below <= 89
    assert 7 <= dear.above <= 10


def test_zero_has_a_place_too(
    store: Store, engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one, "COMPARED", 2)
    put(engine, *(run(invocation_id=f"p{n}", cost_usd=Decimal(n)) for n in range(4)))
    assert found(store, "p0")["cost"] == Peers(4, below=0, above=3, nearly=True)


# ---- the same error -------------------------------------------------------------------------------------


def test_runs_with_the_same_error(store: Store, engine: Engine, run: Run) -> None:
    timed_out = {
        "error_message": "timed out after 3 s",
        "error_template": "timed out after <n> s",
        "status": "error",
    }
    put(
        engine,
        run(invocation_id="a", **timed_out),
        run(**timed_out, model="other"),
        run("2026-06-20T10:00+00:00", **timed_out),
        run(error_message="else", error_template="else", status="error"),
        run(invocation_id="fine"),
    )
    row = one.find(store, "a").row  # type: ignore[union-attr]
    assert one.same_error(store, asked(), row) == 2
    assert one.same_error(store, asked(range="2026-06-01..2026-11-23", status="success"), row) == 3
    assert one.same_error(store, asked(), one.find(store, "fine").row) is None  # type: ignore[union-attr]
