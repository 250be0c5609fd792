"""GET /api/export/runs.*: every run once, as the page and the database have it, or a download that breaks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, text

from dashboard.api import exports
from dashboard.export_formats import cell
from ingest.importer import import_paths
from ingest.write import Writer
from tests.api.test_runs import FIELDS, walk

Run = Callable[..., tuple[Any, ...]]
Put = Callable[..., None]
NASTY = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1", "'", '"', 'say "hi", twice', "a,b", "two\nlines", "\r\n", "",
    " =1", "ü 漢 \U0001f41b", "-", "NULL", "null",
]  # fmt: skip
SIZE = 2_345  # more than two batches


@pytest.fixture(scope="module")
def ask(module_engine: Engine, asking: Callable[..., Any], run: Run) -> Any:
    def some(n: int) -> dict[str, Any]:
        word = NASTY[n % len(NASTY)]
        return {
            "model": "a" if n % 3 else "b",
            "agent": word or "fixer",
            "agent_version": None if n % 4 == 0 else word,
            "status": ("success", "failure", "error", "unknown")[n % 4],
            "duration_ms": None if n % 5 == 0 else Decimal(n) + Decimal("0.125"),
            "cost_usd": None if n % 7 == 0 else Decimal(n) / 1000 + Decimal("0.000000001"),
            "cost_source": None if n % 7 == 0 else ("reported", "estimated")[n % 2],
            "input_tokens": 3_000_000_000 + n,
            "total_tokens": 0 if n % 6 == 0 else None,
            "error_message": word if n % 2 else None,
            "tools_used": json.dumps({word or "x": n}),
            "files_modified": [word, "b"] if n % 3 == 0 else None,
            "attributes": json.dumps({"repository": word, "n": -n, "deep": {"=": [word]}}),
        }

    rows = [run(f"2026-11-{n % 20 + 1:02}T{n % 24:02}:{n % 60:02}:01.5+00:00", invocation_id=f"{NASTY[n % 7]}{n}", **some(n))
            for n in range(SIZE)]  # fmt: skip
    with Writer(module_engine) as writer:
        assert writer.write(rows).inserted == SIZE
    return asking(module_engine)


def download(ask: Any, ending: str, query: str = "") -> bytes:
    response = ask.client.get(f"/api/export/runs.{ending}?{query}")
    assert response.status_code == 200, response.text
    data: bytes = response.data
    return data


def pages(ask: Any, query: str) -> list[dict[str, Any]]:
    """All runs, as the API has them page by page."""
    items: list[dict[str, Any]] = []
    what = f"runs?limit=500&{query}"
    while what:
        page = ask(what)
        items += page["items"]
        what = (page["nextUrl"] or "").removeprefix("/api/metrics/")
    return items


QUERIES = [
    "",
    "model=b&status=failed",
    "sort=-cost&min_duration=1s",
    "sort=tokens",
    "range=2026-11-03..2026-11-04",
]


@pytest.mark.parametrize("query", QUERIES)
def test_json_lines_are_the_pages_and_the_raw_rows(ask: Any, module_engine: Engine, query: str) -> None:
    lines = [json.loads(line) for line in download(ask, "jsonl", query).splitlines()]
    assert lines == pages(ask, query)
    where = {
        "": "true",
        "model=b&status=failed": "model = 'b' AND status IN ('failure', 'error')",
        "sort=-cost&min_duration=1s": "duration_ms >= 1000",
        "sort=tokens": "true",
        "range=2026-11-03..2026-11-04": "start_time >= '2026-11-03Z' AND start_time < '2026-11-05Z'",
    }[query]
    with module_engine.connect() as connection:
        raw = connection.execute(
            text(
                f"SELECT invocation_id, cost_usd, error_message, attributes FROM agent_execution WHERE {where}"
            )
        ).all()
    assert len(raw) == len(lines)
    assert {
        line["invocationId"]: (line["totalCostUsd"], line["errorMessage"], line["attributes"])
        for line in lines
    } == {
        row.invocation_id: (row.cost_usd and float(row.cost_usd), row.error_message, row.attributes)
        for row in raw
    }


def plain(value: Any) -> str:
    """As a CSV cell says it once its quotes are gone."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return (
        json.dumps(value, ensure_ascii=False)
        if isinstance(value, (list, dict))
        else f"{Decimal(repr(value)).normalize():f}"
    )


@pytest.mark.parametrize("query", QUERIES[:3])
def test_csv_is_the_pages_but_for_the_apostrophe_before_formulas(ask: Any, query: str) -> None:
    data = download(ask, "csv", query).decode()
    rows = list(csv.DictReader(io.StringIO(data, newline=""), strict=True))
    items = pages(ask, query)
    assert len(rows) == len(items)
    assert list(rows[0]) == FIELDS
    for row, item in zip(rows, items, strict=True):
        for name in FIELDS:
            expected = plain(item[name])
            if isinstance(item[name], str) and expected[:1] in tuple("=+-@\t\r\n＝"):
                expected = f"'{expected}"
            assert row[name] == expected, name


@pytest.mark.parametrize("query", QUERIES[:3])
def test_parquet_is_the_pages_with_every_digit(ask: Any, query: str) -> None:
    file = pq.ParquetFile(io.BytesIO(download(ask, "parquet", query)))
    rows, items = file.read().to_pylist(), pages(ask, query)
    assert list(rows[0]) == FIELDS
    assert len(rows) == len(items)
    for row, item in zip(rows, items, strict=True):
        for name in FIELDS:
            value = row[name]
            if name in ("toolsUsed", "attributes"):
                value = json.loads(value)
            if isinstance(value, datetime):
                value = value.isoformat().replace("+00:00", "Z")
            assert (float(value) if isinstance(value, Decimal) else value) == item[name], name
    dear = max(row["totalCostUsd"] for row in rows if row["totalCostUsd"] is not None)
    assert str(dear).endswith("000001")
    assert b"words" in file.schema_arrow.metadata


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", '"\'=1+1"'),
        ("@x", '"\'@x"'),
        ("-5", '"\'-5"'),  # a text, of a column of texts
        (-5, "-5"),
        (Decimal("-0.500"), "-0.5"),
        (Decimal("0.000000001"), "0.000000001"),
        (Decimal("100"), "100"),
        ("plain", '"plain"'),
        ('a "b"', '"a ""b"""'),
        ("", '""'),
        (None, ""),
        (["=x"], '"[""=x""]"'),
    ],
)
def test_formulas_are_made_harmless_and_numbers_stay(value: Any, written: str) -> None:
    assert cell(value) == written


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_an_export_can_be_imported_again(
    ask: Any, engine: Engine, tmp_path: Path, asking: Callable[..., Any], ending: str
) -> None:
    query = "range=2026-11-05..2026-11-05"
    path = tmp_path / f"runs.{ending}"
    path.write_bytes(download(ask, ending, query))
    before = pages(ask, query)
    summary = import_paths(engine, [str(path)])
    assert (summary.inserted, summary.rejected) == (len(before), 0)
    after = pages(asking(engine), query)
    same = (
        "invocationId",
        "model",
        "status",
        "startTime",
        "durationMs",
        "inputTokens",
        "toolsUsed",
        "reportedCostUsd",
    )
    if ending == "jsonl":
        assert [{name: item[name] for name in same} for item in after] == [
            {name: item[name] for name in same} for item in before
        ]
    assert [item["startTime"] for item in after] == [item["startTime"] for item in before]


# ---- what goes with the file ----------------------------------------------------------------------------


def test_headers_and_the_sidecar_say_what_is_in_it(ask: Any) -> None:
    query = "range=7d&tz=Europe/Berlin&model=b&status=failed&min_cost=0.5&sort=-cost&q=%22two+lines%22"
    response = ask.client.get(f"/api/export/runs.csv?{query}")
    asked = unquote(response.headers["X-Fixer-Metrics-Filters"])
    for part in ("range=2026-11-16T23:00Z..2026-11-23T23:00Z", "tz=Europe/Berlin", "model=b", "status=failed", "min_cost=0.5",
                 "sort=-cost", 'q="two lines"'):  # fmt: skip
        assert part in asked
    assert response.headers["Content-Disposition"].startswith(
        'attachment; filename="runs_2026-11-17_to_2026-11-23_failed-runs-model-b-matching-two-lines-cost-at-least-0.50.csv"'
    )
    link = response.headers["Link"]
    assert link.endswith('; rel="describedby"; type="application/json"')
    meta = ask(link[1 : link.index(">")])
    number = len(list(csv.reader(io.StringIO(response.text)))) - 1
    assert (meta["total"], meta["more"], meta["dataVersion"]) == (
        number, False, response.headers["X-Fixer-Metrics-Data-Version"])  # fmt: skip
    assert meta["filters"]["words"] == "failed runs, model b"
    assert meta["narrowing"]["asked"] == {"sort": "-cost", "q": '"two lines"', "min_cost": "0.5"}
    assert [field["name"] for field in meta["fields"]] == FIELDS
    assert ask.client.get(meta["url"]).data == response.data


def test_the_number_of_rows_is_told_where_the_rollups_know_it(ask: Any) -> None:
    response = ask.client.get("/api/export/runs.jsonl?model=b")
    assert int(response.headers["X-Fixer-Metrics-Rows"]) == response.data.count(b"\n") > 700
    assert "X-Fixer-Metrics-Rows" not in ask.client.get("/api/export/runs.jsonl?min_cost=1").headers


def test_no_runs_are_a_file_without_rows(ask: Any) -> None:
    assert download(ask, "csv", "model=nobody").decode() == ",".join(FIELDS) + "\r\n"
    assert download(ask, "jsonl", "model=nobody") == b""
    table = pq.read_table(io.BytesIO(download(ask, "parquet", "model=nobody")))
    assert (table.num_rows, table.column_names) == (0, FIELDS)


def test_a_head_request_reads_nothing_and_says_the_same(ask: Any) -> None:
    head, get = (getattr(ask.client, way)("/api/export/runs.csv?model=b") for way in ("head", "get"))
    assert head.data == b""
    assert {k: v for k, v in head.headers if k != "Date"} == {k: v for k, v in get.headers if k != "Date"}


def test_a_long_list_of_filters_makes_no_long_file_name(ask: Any) -> None:
    names = [
        ask.client.head(f"/api/export/runs.csv?model={'x' * 190}{n}").headers["Content-Disposition"]
        for n in (1, 2)
    ]
    assert names[0] != names[1]
    assert all(len(name.split(";")[1]) < 200 for name in names)


@pytest.mark.parametrize("query", ["model=", "sort=price", "limit=5", "cursor=abc", "range=31d"])
def test_a_bad_question_gets_no_file(ask: Any, query: str) -> None:
    ask.refused(f"/api/export/runs.csv?{query}")


# ---- never cut in silence -------------------------------------------------------------------------------


def test_a_file_with_other_rows_than_the_rollups_count_breaks(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fewer(*arguments: Any) -> Iterator[list[dict[str, Any]]]:
        yield from list(whole(*arguments))[:-1]

    whole = exports.runs.stream
    monkeypatch.setattr(exports.runs, "stream", fewer)
    with pytest.raises(RuntimeError, match="an export has 2,000 runs, the rollups count 2,345"):
        ask.client.get("/api/export/runs.csv").data  # noqa: B018


def test_the_walk_of_the_pages_is_that_of_the_file(ask: Any) -> None:
    ids = [
        json.loads(line)["invocationId"]
        for line in download(ask, "jsonl", "sort=-duration&model=a").splitlines()
    ]
    assert ids == walk(ask, "runs?sort=-duration&model=a&limit=499")
