"""The demo data: reproducible, and with everything in it that the dashboard is there to show."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import correlation, fmean, median

import numpy as np
import pytest

from ingest.errors import reader
from ingest.record import canonical
from queries.measures import STATUSES
from queries.schema import CONTENT_COLUMNS
from seed.generate import Row, generate
from seed.incidents import Incident, incidents
from seed.load import with_errors
from seed.rhythm import OFFICE

UNTIL = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
DAYS = 200
RUNS = 60_000

Run = dict[str, object]


def runs_of(rows: list[Row]) -> list[Run]:
    return [dict(zip(CONTENT_COLUMNS, row, strict=True)) for row in rows]


def rows_of(runs: int, rng_seed: int = 1, until: datetime = UNTIL, batch: int = 20_000) -> list[Row]:
    return [row for rows in generate(runs, DAYS, rng_seed, until, batch) for row in rows]


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return runs_of(rows_of(RUNS))


def known(runs: list[Run], field: str) -> list[float]:
    return [float(run[field]) for run in runs if run[field] is not None]


def share(runs: list[Run], field: str, value: object) -> float:
    return sum(run[field] == value for run in runs) / len(runs)


def test_same_seed_gives_the_same_data() -> None:
    assert rows_of(3_000) == rows_of(3_000)


def test_another_seed_gives_other_data_under_other_ids() -> None:
    one, two = rows_of(3_000, rng_seed=1), rows_of(3_000, rng_seed=2)
    assert not {row[0] for row in one} & {row[0] for row in two}
    assert [row[1:] for row in one] != [row[1:] for row in two]


@pytest.mark.parametrize("batch", [1_000, 7_777, 1_000_000])
def test_the_size_of_a_batch_changes_nothing_but_the_batches(batch: int) -> None:
    batches = list(generate(45_000, DAYS, 1, UNTIL, batch))
    assert [row for rows in batches for row in rows] == rows_of(45_000)
    assert all(len(rows) == batch for rows in batches[:-1])
    assert 0 < len(batches[-1]) <= batch


@pytest.mark.parametrize(("runs", "days"), [(0, 200), (1, 1), (10, 200), (500, 1), (999, 400)])
def test_gives_as_many_runs_as_asked_for_within_the_days(runs: int, days: int) -> None:
    rows = [row for batch in generate(runs, days, 1, UNTIL) for row in batch]
    assert len(rows) == runs == len({row[0] for row in rows})
    starts = [run["start_time"] for run in runs_of(rows)]
    assert all(UNTIL - timedelta(days=days) <= start < UNTIL for start in starts)


def test_is_in_order_of_time_and_reaches_to_the_last_hours(runs: list[Run]) -> None:
    starts = [run["start_time"] for run in runs]
    assert starts == sorted(starts)
    assert UNTIL - starts[-1] < timedelta(hours=3)
    assert starts[0] - (UNTIL - timedelta(days=DAYS)) < timedelta(hours=12)


def test_nine_of_ten_runs_succeed(runs: list[Run]) -> None:
    ended = [run for run in runs if run["status"] != "unknown"]
    assert 0.88 < share(ended, "status", "success") < 0.92
    assert {run["status"] for run in runs} == set(STATUSES)
    assert 0 < share(runs, "status", "unknown") < 0.01


def test_durations_are_5_to_120_seconds_but_for_outliers(runs: list[Run]) -> None:
    seconds = [value / 1000 for value in known(runs, "duration_ms")]
    assert min(seconds) >= 5
    assert 0.97 < fmean(second <= 120 for second in seconds) < 0.995
    assert max(seconds) > 600


def test_tokens_are_500_to_50_000_and_grow_with_duration(runs: list[Run]) -> None:
    tokens = known(runs, "total_tokens")
    assert 500 <= min(tokens) < 2_000
    assert 45_000 < max(tokens) <= 50_000
    both = [run for run in runs if run["total_tokens"] is not None and run["duration_ms"] is not None]
    took, used = known(both, "duration_ms"), known(both, "total_tokens")
    assert 0.5 < correlation(np.log(took), np.log(used)) < 0.9


# Dollars per million tokens, from the providers' public lists: input, output, cache read, cache write.
LIST_PRICES = {
    "gpt-4": ("30", "60", "0", "0"),
    "gpt-4-turbo": ("10", "30", "0", "0"),
    "claude-3-opus": ("15", "75", "1.5", "18.75"),
    "claude-3-sonnet": ("3", "15", "0.3", "3.75"),
    "claude-sonnet-4-5": ("3", "15", "0.3", "3.75"),
    "gpt-5": ("1.25", "10", "0.125", "0"),
}


def test_cost_is_tokens_times_list_prices(runs: list[Run]) -> None:
    checked: Counter[object] = Counter()
    for run in runs:
        if run["cost_usd"] is None or run["total_tokens"] is None:
            continue
        read, write = run["cache_read_tokens"] or 0, run["cache_write_tokens"] or 0
        amounts = (run["input_tokens"] - read - write, run["output_tokens"], read, write)
        prices = (Decimal(price) for price in LIST_PRICES[run["model"]])
        dollars = sum(amount * price for amount, price in zip(amounts, prices, strict=True)) / 1_000_000
        assert Decimal(run["cost_usd"]) == dollars
        checked[run["model"]] += 1
    assert set(checked) == set(LIST_PRICES)
    assert min(checked.values()) > 1_000


def test_tokens_add_up_and_cache_is_a_part_of_the_input(runs: list[Run]) -> None:
    for run in runs:
        if run["total_tokens"] is not None:
            assert run["total_tokens"] == run["input_tokens"] + run["output_tokens"]
            cached = (run["cache_read_tokens"] or 0) + (run["cache_write_tokens"] or 0)
            assert 0 <= cached <= run["input_tokens"]


def test_end_is_start_plus_duration_and_never_in_the_future(runs: list[Run]) -> None:
    for run in runs:
        assert (run["end_time"] is None) == (run["duration_ms"] is None)
        if run["end_time"] is not None:
            took = run["end_time"] - run["start_time"]
            assert Decimal(run["duration_ms"]) == Decimal(took // timedelta(microseconds=1)) / 1000
            assert run["end_time"] <= UNTIL


def test_tools_add_up_to_the_calls_and_files_to_their_count(runs: list[Run]) -> None:
    for run in runs:
        if run["tool_call_count"] is None:
            assert run["tools_used"] is None
        else:
            used = json.loads(run["tools_used"])
            assert sum(used.values()) == run["tool_call_count"]
            assert all(times > 0 for times in used.values())
        if run["files_modified_count"] is None:
            assert run["files_modified"] is None
        else:
            assert len(set(run["files_modified"])) == run["files_modified_count"]


def test_every_run_passes_the_rules_of_ingest_and_comes_out_unchanged(runs: list[Run]) -> None:
    """What a source reported in JSON: strings for instants and money, lists and objects as such."""
    errors = reader()
    for made in runs[::20]:
        # As the seed writes them: category and template are told from the message.
        run = dict(zip(CONTENT_COLUMNS, with_errors(tuple(made.values()), errors), strict=True))
        reported = run | {name: loaded(run[name]) for name in ("tools_used", "attributes")}
        reported |= {name: told(run[name]) for name in ("start_time", "end_time")}
        entered = dict(zip(CONTENT_COLUMNS, canonical(reported, now=UNTIL), strict=True))
        assert comparable(entered) == comparable(run)


def loaded(text: object) -> object:
    return None if text is None else json.loads(str(text))


def told(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def comparable(run: Run) -> Run:
    amounts = {n: None if run[n] is None else Decimal(str(run[n])) for n in ("duration_ms", "cost_usd")}
    return run | amounts | {name: loaded(run[name]) for name in ("tools_used", "attributes")}


NULLABLE = (
    "agent_version", "end_time", "duration_ms", "input_tokens", "cache_read_tokens", "cache_write_tokens",
    "output_tokens", "total_tokens", "cost_usd", "cost_source", "llm_call_count", "tool_call_count",
    "tools_used", "files_modified_count", "files_modified", "error_message",
)  # fmt: skip


@pytest.mark.parametrize("field", NULLABLE)
def test_some_runs_lack_it_and_some_have_it(runs: list[Run], field: str) -> None:
    assert 0 < share(runs, field, None) < 1


def test_most_costs_are_reported_and_some_estimated(runs: list[Run]) -> None:
    assert 0.9 < share(runs, "cost_source", "reported") < 1
    assert 0.01 < share(runs, "cost_source", "estimated") < 0.1


def test_a_known_incident_stands_out_of_its_day(runs: list[Run]) -> None:
    """Twelve days before 23 November 2026 is a Wednesday: rate limits from nine to four, Berlin time."""
    begin = datetime(2026, 11, 11, 8, tzinfo=UTC)
    during, after = between(runs, begin), between(runs, begin + timedelta(days=1))
    assert 0.45 < share(during, "status", "error") < 0.75
    assert share(after, "status", "error") < 0.1
    told = [str(run["error_message"]) for run in during if run["status"] == "error"]
    assert fmean("429" in message or "ate limit" in message for message in told) > 0.9


def between(runs: list[Run], begin: datetime) -> list[Run]:
    """Runs on Anthropic's models in the seven hours from ``begin``."""
    hours = [run for run in runs if begin <= run["start_time"] < begin + timedelta(hours=7)]
    return [run for run in hours if str(run["model"]).startswith("claude")]


@pytest.mark.parametrize("rng_seed", range(5))
def test_incidents_fall_on_working_days_and_two_are_recent(rng_seed: int) -> None:
    found: list[Incident] = incidents(UNTIL, DAYS, np.random.default_rng(rng_seed))
    assert len(found) >= 6
    assert all(incident.start.astimezone(OFFICE).weekday() < 5 for incident in found)
    assert sum(UNTIL - timedelta(days=30) < incident.start for incident in found) == 2


def of_version(runs: list[Run], version: str) -> dict[object, list[Run]]:
    """By model, so that a change of the mix of models is not taken for a change of the version."""
    found = defaultdict(list)
    for run in runs:
        if run["agent"] == "fixer" and run["agent_version"] == version and run["status"] == "success":
            found[run["model"]].append(run)
    return found


def ratios(
    runs: list[Run], old: str, new: str, field: str, statistic: Callable[[list[float]], float]
) -> list[float]:
    before, after = of_version(runs, old), of_version(runs, new)
    return [statistic(known(after[m], field)) / statistic(known(before[m], field)) for m in after]


def test_a_recent_version_costs_more_and_the_next_is_faster(runs: list[Run]) -> None:
    assert 1.08 < fmean(ratios(runs, "2.3.1", "2.4.0", "cost_usd", fmean)) < 1.25
    assert 0.82 < fmean(ratios(runs, "2.4.0", "2.5.0", "duration_ms", median)) < 0.92
    recent = [run for run in runs if run["start_time"] > UNTIL - timedelta(days=30)]
    assert {"2.3.1", "2.4.0", "2.5.0"} <= {run["agent_version"] for run in recent}


def test_cache_use_grows_over_the_months(runs: list[Run]) -> None:
    def hit_rate(part: list[Run]) -> float:
        told = [run for run in part if run["cache_read_tokens"] is not None]
        return sum(known(told, "cache_read_tokens")) / sum(known(told, "input_tokens"))

    tenth = len(runs) // 10
    first, middle, last = (hit_rate(runs[n * tenth : (n + 1) * tenth]) for n in (0, 5, 9))
    assert first < 0.25 < middle < last
    assert last > 0.4


def test_days_and_weeks_have_the_rhythm_of_the_office(runs: list[Run]) -> None:
    local = [run["start_time"].astimezone(OFFICE) for run in runs]
    weekdays = Counter(moment.weekday() for moment in local)
    assert max(weekdays[5], weekdays[6]) < 0.5 * min(weekdays[day] for day in range(5))
    hours = Counter(moment.hour for moment in local)
    assert hours[10] > 5 * hours[4]


def test_the_team_grows(runs: list[Run]) -> None:
    half = UNTIL - timedelta(days=DAYS / 2)
    assert 1.2 < sum(r["start_time"] >= half for r in runs) / sum(r["start_time"] < half for r in runs) < 2.5


def test_messages_only_where_something_went_wrong(runs: list[Run]) -> None:
    for run in runs:
        if run["status"] in ("success", "unknown"):
            assert run["error_message"] is None
        if run["status"] == "error":
            assert run["error_message"]


def test_messages_are_many_in_several_scripts_and_some_are_tracebacks(runs: list[Run]) -> None:
    messages = [str(run["error_message"]) for run in runs if run["error_message"] is not None]
    assert len(set(messages)) > 0.8 * len(messages)
    for script in ("ü", "é", "レ", "超", "ы", "ł"):
        assert any(script in message for message in messages), script
    assert any(message.startswith("Traceback") and message.count("\n") > 3 for message in messages)
    assert not any(mark in message for message in messages for mark in ("{n}", "{m}", "{hex}", "{path}"))


def test_attributes_say_where_and_for_whom(runs: list[Run]) -> None:
    assert {tuple(json.loads(run["attributes"])) for run in runs[:500]} == {
        ("environment", "repository", "user", "task")
    }


def test_until_must_say_its_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        next(generate(10, 1, 1, datetime(2026, 1, 1)))
