"""No single row can harm its batch or a later compaction, even if nothing looked at it before."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from ingest import batch
from ingest.compact import compact
from ingest.verify import verify
from ingest.write import Writer

Make = Callable[..., tuple[Any, ...]]

POISON: dict[str, dict[str, Any]] = {
    "long model": {"model": "".join(chr(0x4E00 + n) for n in range(3_000))},
    "long agent": {"agent": "a" * 201},
    "long version": {"agent_version": "v" * 100_000},
    "long id": {"invocation_id": "".join(chr(0x4E00 + n) for n in range(3_000))},
    "NUL character": {"error_message": "a\0b"},
    "NUL in JSON": {"attributes": '{"a": "\\u0000"}'},
    "half a surrogate pair": {"error_message": "\ud800"},
    "broken JSON": {"attributes": "{"},
    "NaN cost": {"cost_usd": Decimal("NaN")},
    "infinite cost": {"cost_usd": Decimal("Infinity")},
    "cost of a billion": {"cost_usd": Decimal(10**9)},
    "negative cost": {"cost_usd": Decimal(-1)},
    "negative tokens": {"input_tokens": -1},
    "tokens beyond bigint": {"input_tokens": 2**70},
    "tokens that would overflow a sum": {"total_tokens": 2**62},
    "calls beyond integer": {"llm_call_count": 2**31},
    "NaN duration": {"duration_ms": Decimal("NaN")},
    "unknown status": {"status": "done"},
    "no model": {"model": None},
    "no attributes": {"attributes": None},
    "before 2000": {"start_time": "1999-12-31T23:59:59Z"},
}


@pytest.mark.parametrize("way", ["json", "copy"])
def test_poisonous_rows_are_named_and_the_others_enter(
    engine: Engine, run: Make, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(batch, "SMALL", 0 if way == "copy" else 200)
    rows = [run(cost_usd=1) for _ in range(50)]
    positions = {}
    for kind, fields in POISON.items():
        positions[kind] = 3 * len(positions) + 2  # alone, the next one two good rows away
        rows.insert(positions[kind], run(**fields))
    with Writer(engine) as writer:
        result = writer.write(rows)
    assert (result.inserted, result.already_there, result.differing) == (50, 0, 0)
    assert [position for position, _ in result.rejected] == list(positions.values())
    assert all(reason for _, reason in result.rejected)
    compact(engine)
    assert verify(engine) == []


def test_a_poisonous_first_of_a_run_makes_room_for_the_second(engine: Engine, run: Make) -> None:
    rows = [run(), run(invocation_id="r", cost_usd=-1), run(), run(invocation_id="r", cost_usd=1)]
    with Writer(engine) as writer:
        result = writer.write(rows)
    assert (result.inserted, [position for position, _ in result.rejected]) == (3, [1])
    assert verify(engine) == []


def test_a_fault_that_is_no_rows_rises(engine: Engine, run: Make) -> None:
    with Writer(engine) as writer, pytest.raises(IndexError):
        writer.write([run()[:3]])


def test_the_largest_values_allowed_do_not_overflow_a_day(engine: Engine, run: Make) -> None:
    largest = {
        "duration_ms": Decimal(366 * 86_400_000),
        "cost_usd": Decimal("999999999.999999999"),
        **dict.fromkeys(("input_tokens", "output_tokens", "total_tokens"), 10**12),
        **dict.fromkeys(("llm_call_count", "tool_call_count", "files_modified_count"), 2**31 - 1),
    }
    with Writer(engine) as writer:
        assert writer.write([run(**largest) for _ in range(1_000)]).inserted == 1_000
    compact(engine)
    assert verify(engine) == []
