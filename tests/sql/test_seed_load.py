"""Demo data in a real PostgreSQL: through the one writer, exact in the rollups, repeatable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from ingest.verify import verify
from queries.errors import UserError
from queries.schema import CONTENT_COLUMNS
from seed.generate import Row, generate
from seed.load import Recipe, ahead, seed

UNTIL = datetime(2026, 11, 20, 12, tzinfo=UTC)
SMALL = {"runs": 3_000, "days": 40, "rng_seed": 7}


def quiet(written: int) -> None:
    """Progress that draws nothing."""


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_every_run_is_stored_as_it_was_made(database_url: str, engine: Engine) -> None:
    result = seed(database_url, **SMALL, until=UNTIL, progress=quiet)
    assert (result.inserted, result.already_there) == (3_000, 0)
    made = [row for rows in generate(3_000, 40, 7, UNTIL) for row in rows]
    with engine.connect() as connection:
        columns = ", ".join(
            f"{name}::text" if name in ("attributes", "tools_used") else name for name in CONTENT_COLUMNS
        )
        stored = connection.execute(
            text(f"SELECT {columns} FROM agent_execution ORDER BY invocation_id")
        ).all()
    assert [comparable(tuple(row)) for row in stored] == [comparable(row) for row in made]


def comparable(row: Row) -> dict[str, object]:
    """With numbers as numbers, and without the order of JSON's keys."""
    run = dict(zip(CONTENT_COLUMNS, row, strict=True))
    for name in ("cost_usd", "duration_ms"):
        run[name] = None if run[name] is None else Decimal(str(run[name]))
    # The writer's side adds these; what they say is tested below.
    del run["error_category"], run["error_template"]
    for name in ("attributes", "tools_used"):
        run[name] = None if run[name] is None else sorted(str(run[name]).strip("{}").split(", "))
    return run


def test_what_went_wrong_is_told_as_of_any_run(database_url: str, engine: Engine) -> None:
    seed(database_url, **SMALL, until=UNTIL, progress=quiet)
    statement = (
        "SELECT count(*) FILTER (WHERE status IN ('failure', 'error')) AS failed, "
        "count(*) FILTER (WHERE error_category IS NOT NULL) AS told, "
        "count(*) FILTER (WHERE (error_message IS NULL) <> (error_template IS NULL)) AS odd, "
        "count(*) FILTER (WHERE error_message IS NULL AND error_category <> 'other') AS made_up, "
        "count(DISTINCT error_template) AS templates FROM agent_execution"
    )
    with engine.connect() as connection:
        found = connection.execute(text(statement)).one()
    assert found.failed == found.told > 200
    assert (found.odd, found.made_up) == (0, 0)
    # messages.toml has 58 ways to say it; 3,000 runs need not meet all.
    assert 30 <= found.templates <= 58


def test_rollups_are_exact_and_compact_afterwards(database_url: str, engine: Engine) -> None:
    seed(database_url, **SMALL, until=UNTIL, progress=quiet)
    assert verify(engine) == []
    assert count(engine, "rollup_delta") == 0
    assert count(engine, "rollup_day") > 0


def test_the_same_seed_again_is_a_replay_even_later(database_url: str, engine: Engine) -> None:
    """Without ``until`` the second one ends where the first one did, not now."""
    first = seed(database_url, **SMALL, until=UNTIL, progress=quiet)
    again = seed(database_url, **SMALL, progress=quiet)
    assert again.recipe == first.recipe
    assert (again.inserted, again.already_there) == (0, 3_000)
    assert count(engine, "agent_execution") == 3_000


def test_the_same_seed_with_other_arguments_is_refused(database_url: str, engine: Engine) -> None:
    seed(database_url, **SMALL, until=UNTIL, progress=quiet)
    for other in ({"runs": 4_000}, {"days": 41}, {"until": UNTIL - timedelta(days=1)}):
        with pytest.raises(UserError, match="already holds demo data of --rng-seed 7: 3000 runs"):
            seed(database_url, **{**SMALL, **other}, progress=quiet)
    assert count(engine, "agent_execution") == 3_000


def test_another_seed_is_added(database_url: str, engine: Engine) -> None:
    seed(database_url, **SMALL, until=UNTIL, progress=quiet)
    seed(database_url, **{**SMALL, "rng_seed": 8}, until=UNTIL, progress=quiet)
    assert count(engine, "agent_execution") == 6_000
    assert verify(engine) == []


def test_an_interrupted_seed_is_finished_by_the_same_command(database_url: str, engine: Engine) -> None:
    def interrupt(written: int) -> None:
        raise KeyboardInterrupt

    arguments = {"runs": 45_000, "days": 40, "rng_seed": 3}
    with pytest.raises(KeyboardInterrupt):
        seed(database_url, **arguments, until=UNTIL, progress=interrupt)
    half = count(engine, "agent_execution")
    assert 0 < half < 45_000
    result = seed(database_url, **arguments, progress=quiet)
    assert (result.inserted, result.already_there) == (45_000 - half, half)
    assert verify(engine) == []


def test_the_import_is_listed_with_its_counts(database_url: str, engine: Engine) -> None:
    seed(database_url, **SMALL, until=UNTIL, progress=quiet)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM data_import")).one()
    assert Recipe.of(row.source) == Recipe(3_000, 40, 7, UNTIL)
    assert (row.read, row.inserted, row.already_there, row.rejected) == (3_000, 3_000, 0, 0)
    assert row.finished_at >= row.started_at


def test_a_database_seeded_from_nothing_gets_an_identity_of_its_own(
    database_url: str, engine: Engine
) -> None:
    """Copies of one empty database would else give the same data version to different data."""

    def identity() -> str:
        with engine.connect() as connection:
            return str(connection.execute(text("SELECT identity FROM data_state")).scalar_one())

    empty = identity()
    seed(database_url, **SMALL, until=UNTIL, progress=quiet)
    first = identity()
    seed(database_url, **{**SMALL, "rng_seed": 8}, until=UNTIL, progress=quiet)
    assert first != empty
    assert identity() == first


def test_without_until_it_ends_now(database_url: str) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    until = seed(database_url, runs=100, days=2, rng_seed=1, progress=quiet).recipe.until
    assert before <= until <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"runs": 0}, r"--runs is 0; allowed is 1 to 100000000\."),
        ({"days": 0}, r"--days is 0; allowed is 1 to 3650\."),
        ({"rng_seed": -1}, r"--rng-seed is -1; allowed is 0 to"),
        ({"until": datetime(2999, 1, 1, tzinfo=UTC)}, "runs of the future are refused"),
    ],
)
def test_bad_arguments_are_named(database_url: str, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        seed(database_url, **{**SMALL, **arguments}, progress=quiet)


def test_other_imports_are_no_recipe() -> None:
    assert Recipe.of("runs.jsonl") is None


def test_ahead_keeps_order_and_lets_errors_through() -> None:
    def failing() -> Iterator[list[Row]]:
        yield [("one",)]
        yield [("two",)]
        raise RuntimeError("the well is dry")

    items = ahead(failing())
    assert [next(items), next(items)] == [[("one",)], [("two",)]]
    with pytest.raises(RuntimeError, match="the well is dry"):
        next(items)
