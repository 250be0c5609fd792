"""CSV of charts and tables, made in the browser from the very figure and table that are shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from layouts.charts import KIND
from queries.filters import parse

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore:HTTPResponse.getheader:DeprecationWarning"),
]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("=1+1", "'=1+1"),
        ("＝1+1", "'＝1+1"),
        ("+cmd", "'+cmd"),
        ("-x", "'-x"),
        ("@sum(a)", "'@sum(a)"),
        ("\t=1", "'\t=1"),
        ('say "a", b', '"say ""a"", b"'),
        ("=a,b", '"\'=a,b"'),
        ("two\nlines", '"two\nlines"'),
        (-12.5, "-12.5"),
        (0, "0"),
        ("", ""),
    ],
)
def test_formulas_are_harmless_and_numbers_stay_numbers(fresh, text, written) -> None:
    assert fresh.execute_script("return fixer.csv.cell(arguments[0])", text) == written


def test_a_time_chart(fresh, framed_days) -> None:
    figure = KIND["cost"].draw(framed_days, parse({"range": "7d"}, now=NOW)).figure
    fresh.execute_script("arrive(arguments[0], [])", figure)
    rows = fresh.execute_script("return fixer.csv.rowsOf('cost')")
    assert rows[0] == ["start", "end", "complete", "total cost (USD)", "cost per run (USD)", "runs"]
    assert rows[1] == ["2026-11-16T00:00:00Z", "2026-11-17T00:00:00Z", True, 100, 0.1, 1000]
    assert rows[3][3] == ""  # not known is empty, never 0
    assert rows[7][:3] == ["2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z", False]
    assert len(rows) == 8


def test_a_chart_without_time_has_percents_from_0_to_100(fresh) -> None:
    columns = [
        {"label": "share", "unit": "percent", "values": [0.0812, None]},
        {"label": "runs", "unit": "count", "values": [7, 0]},
    ]
    meta = {"chart": "cost", "labels": ["1 s to 2 s", "=evil"], "head": "Duration", "columns": columns}
    fresh.execute_script(
        "arrive(arguments[0], [])", {"data": [], "layout": {"meta": meta, "margin": {"l": 0, "r": 0}}}
    )
    assert fresh.execute_script("return fixer.csv.rowsOf('cost')") == [
        ["Duration", "share (%)", "runs"], ["1 s to 2 s", 8.12, 7], ["=evil", "", 0],
    ]  # fmt: skip


TABLE = """
const card = document.createElement("section");
card.id = "card-demo";
card.innerHTML = `<table data-cut="2-of-9"><thead><tr><th>Model</th><th data-unit="percent">Success rate</th><th data-csv="from|to">95 %</th></tr></thead>
<tbody><tr data-csv="skip"><th colspan="3">Group</th></tr>
<tr><th data-value="-x">-x</th><td data-value="0.931">93.1 %</td><td data-value="-0.5|2.25" data-unit="ms">0 to 2</td></tr>
<tr><th data-value="b">b</th><td data-value="">–</td><td data-value="|">–</td></tr></tbody></table>`;
document.body.append(card);
return [fixer.csv.rowsOf("demo"), fixer.csv.fileName("demo")];
"""


def test_a_table(fresh) -> None:
    rows, name = fresh.execute_script(TABLE)
    assert rows == [
        ["Model", "Success rate (%)", "from", "to"], ["-x", 93.1, -0.5, 2.25], ["b", "", "", ""],
    ]  # fmt: skip
    assert name == "fixer-metrics_demo_2-of-9.csv"


def test_the_filters_are_in_the_name_of_the_file(fresh) -> None:
    fresh.execute_script(
        "fixer.frozen = arguments[0]",
        "?model=gpt-4,a%252Fb&range=2026-11-01T00:00Z..2026-11-08T00:00Z&tz=Europe%2FBerlin",
    )
    assert fresh.execute_script("return fixer.csv.fileName('cost')") == (
        "fixer-metrics_cost_model=gpt-4,a-2Fb_range=2026-11-01T00-00Z..2026-11-08T00-00Z_tz=Europe-Berlin.csv"
    )
    long = "?model=" + ",".join(f"model-{n}" for n in range(60))
    assert fresh.execute_script(
        "fixer.frozen = arguments[0]; return fixer.csv.fileName('cost')", long
    ).endswith("-etc.csv")


NOW = datetime(2026, 11, 22, 13, 32, tzinfo=UTC)


@pytest.fixture
def framed_days():
    import pandas as pd

    from queries.calendar import buckets, edges

    filters = parse({"range": "7d"}, now=NOW)
    spans = buckets(edges(filters.start, filters.end, "UTC", "day"), "UTC")
    cost = [100.0, 120.0, float("nan"), 130.0, 110.0, 148.0, 40.0]
    return pd.DataFrame(
        {
            "start": pd.Series([start for start, _ in spans], dtype=object),
            "end": pd.Series([end for _, end in spans], dtype=object),
            "partial": [filters.partial(start, end) for start, end in spans],
            "runs": [1000.0] * 7,
            "runs_without_cost": [0.0] * 7,
            "estimated_cost_usd": [0.0] * 7,
            "cost_usd": cost,
            "cost_per_run": [value / 1000 for value in cost],
        }
    )
