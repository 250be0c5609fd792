"""The changes page on the rows made by hand (tests/callbacks/rows.py).

14 to 20 Nov against 7 to 13 Nov has nothing before; so 30 days, 22 Oct to 20 Nov 13:00 in Berlin, against the
30 before, 22 Sep to 21 Oct: there are no runs either. With against=2026-09-01..2026-09-30 there is one
run of gpt-4 for $1 before, and now ten: claude 3 ($0.80), gpt-4 5 ($3.75), odd 2 (cost not known).
"""

from __future__ import annotations

from typing import Any

from layouts import ids
from tests.callbacks.conftest import Page, Reader, words

SEPTEMBER = {"against": "2026-09-01..2026-09-30"}


def changes(page: Page, **asked: str) -> dict[str, Any]:
    return page.answer(ids.CHANGES, **asked)


def told(page: Page, **asked: str) -> str:
    return words(changes(page, **asked)["html"][ids.SENTENCE])


def table(page: Page, **asked: str) -> list[str]:
    html = changes(page, **asked)["html"][ids.body(ids.CHANGES)]
    return [words(row) for row in html.split("<tr>")[1:]]


def test_one_sentence_tells_the_change(page: Page) -> None:
    # gpt-4: runs with a known cost 1 -> 5 at $1 -> $0.75, mean 0.875: +3.50, its rate 3 * -0.25 = -0.75
    assert told(page, **SEPTEMBER) == (
        "Cost rose by $3.55 (+355.0 %): $3.50 because more runs with a known cost used model gpt-4, "
        "$0.80 because 3 runs with a known cost used model claude, none before, "
        "−$0.75 because runs of model gpt-4 cost less each."
    )


def test_the_table_adds_up_by_row_and_by_column(page: Page) -> None:
    rows = table(page, **SEPTEMBER)
    assert [row.split(" ")[0] for row in rows] == ["Model", "gpt-4", "claude", "odd,", "All"]
    figures = [
        [float(cell.replace("−", "-").replace("$", "").replace("+", "")) for cell in row.split()[-4:]]
        for row in rows[1:]
    ]
    for volume, mix, rate, total in figures:
        assert round(volume + mix + rate, 2) == total
    for column in zip(*figures, strict=True):
        assert round(sum(column[:-1]), 2) == column[-1]
    assert figures[-1][-1] == 3.55


def test_the_waterfall_steps_from_the_old_value_to_the_new_one(page: Page) -> None:
    figure = changes(page, **SEPTEMBER)["figure"]
    meta = figure["layout"]["meta"]
    assert meta["labels"] == ["before", "gpt-4", "claude", "odd, 100%", "now"]
    assert [text.replace("\u202f", " ") for text in meta["columns"][0]["words"]] == [
        "$1.00", "+$2.75", "+$0.80", "$0.00", "$4.55",
    ]  # fmt: skip
    steps = next(trace for trace in figure["data"] if trace["name"] == "contribution")
    assert (steps["base"], steps["x"]) == ([1.0, 3.75, 4.55], [2.75, 0.8, 0.0])


def test_each_contributor_opens_its_runs_in_both_periods(page: Page) -> None:
    html = changes(page, **SEPTEMBER)["html"][ids.body(ids.CHANGES)]
    # September of Berlin, and the part of the last 30 days that has passed
    assert (
        "/runs?model=gpt-4&amp;range=2026-08-31T22%3A00Z..2026-09-30T22%3A00Z&amp;tz=Europe%2FBerlin" in html
    )
    assert (
        "/runs?model=gpt-4&amp;range=2026-10-21T22%3A00Z..2026-11-20T12%3A00Z&amp;tz=Europe%2FBerlin" in html
    )
    links = changes(page, **SEPTEMBER)["figure"]["layout"]["meta"]["links"]
    assert links[1].startswith("/runs?model=gpt-4&range=2026-10-21")
    assert (links[0].count("model="), links[-1].count("range=2026-10-21")) == (0, 1)


def test_other_metrics_and_dimensions(page: Page) -> None:
    said = told(page, metric="success_rate", by="status", **SEPTEMBER)
    assert said.startswith("Success rate fell by 33.3 pt (from 100.0 % to 66.7 %): ")
    assert "a larger share of the runs with a known outcome ended with status failure" in said
    said = told(page, metric="p95_duration_ms", **SEPTEMBER)
    assert said == "p95 duration rose from 1m 00s to 1m 30s (+49.2 %)."  # 60 and 90 s, as the sketch has them
    rows = table(page, metric="p95_duration_ms", **SEPTEMBER)
    assert any("gpt-4" in row and "1m 30s" in row for row in rows)
    assert told(page, metric="runs", by="version", **SEPTEMBER).startswith("Runs rose by 9 (+900.0 %): ")


def test_the_dimensions_are_ranked(page: Page) -> None:
    said = words(page.answer(ids.CHANGED_BY, **SEPTEMBER)["html"][ids.body(ids.CHANGED_BY)])
    assert {"Model", "Agent", "Version", "Status"} <= set(said.split())
    assert "Repository" not in said  # no run has one
    # by definition: success rate by status
    said = words(
        page.answer(ids.CHANGED_BY, metric="success_rate", **SEPTEMBER)["html"][ids.body(ids.CHANGED_BY)]
    )
    assert said.count("by definition") == 2 - ("Error category" not in said)


def test_nothing_to_compare_with(page: Page) -> None:
    assert told(page, range="all").startswith("There is no previous period")
    assert told(page, range="7d", metric="cost_per_success").startswith(
        "Cost per success has no value before"
    )
    assert "no value in one of the periods" in words(
        page.answer(ids.CHANGED_BY, range="7d", metric="cost_per_success")["html"][ids.body(ids.CHANGED_BY)]
    )


def test_bad_values_of_the_page_are_named_in_place(page: Page) -> None:
    assert "'modle' is not a dimension" in told(page, by="modle")
    assert "'costs' is not a metric. Did you mean" in told(page, metric="costs")
    assert "is not a range" in told(page, against="yesterday")
    assert set(changes(page, status="sucess")["html"].values()) == {""}  # the banner tells of the filters


def test_periods_that_differ_are_warned_of(page: Page) -> None:
    html = changes(page, against="2026-09-01..2026-09-07")["html"]
    said = words(html[ids.warnings(ids.CHANGES)])
    assert "The periods differ in length (7.0 days before, 29.6 days now)" in said
    assert "0 runs before and 2 now lack a known cost" in said
    overlapping = changes(page, against="90d")["html"]
    assert "The two periods overlap" in words(overlapping[ids.warnings(ids.CHANGES)])


def test_the_attributes_of_the_settings_can_be_chosen(page: Page) -> None:
    options = Reader(changes(page)["html"][ids.ATTRIBUTES]).texts
    assert options == ["Repository", "Environment", "User", "Task"]


def test_the_change_on_a_card_leads_here(page: Page) -> None:
    cards = page.answer(ids.CARDS, range="2026-11-19..2026-11-19")["html"][ids.CARDS]
    assert "/changes?metric=runs&amp;range=2026-11-19..2026-11-19&amp;tz=" in cards
    assert '"/changes?range=2026-11-19..2026-11-19&amp;tz=' in cards  # cost is what the page shows by itself


def test_versions_are_marked_and_listed(page: Page) -> None:
    # first runs in the 30 days: 2.0 on 19 Nov 10:00 in Berlin; 1.0 and 0.9 began before
    html = page.answer(ids.MARKERS)["html"][ids.MARKERS]
    assert html.count("&quot;at&quot;") == 1
    assert "First run of fixer 2.0, 19 Nov 2026 10:00" in html
    listed = words(page.answer(ids.MARKED)["html"][ids.body(ids.MARKED)])
    # before it: success, failure, success of fixer since 22 Oct: 2 of 3; after: all from its own on
    assert "fixer 2.0 19 Nov 2026 10:00 before 66.7 %" in listed
    assert "after 60.0 %" in listed  # on the hour, so all from then on: 3 of 5
    assert page.answer(ids.MARKERS, agent="helper")["html"][ids.MARKERS].count("&quot;at&quot;") == 0
