"""What can be done to the charts: zoom, crosshair, legends, tables, sorting."""

from __future__ import annotations

from layouts import ids
from tests.browser.conftest import PANELS
from tests.browser.page import Page

ONCE = dict.fromkeys(PANELS, 1)
# Of the 30 days up to 20 November: the 19th is number 28, the 18th 27, and so on.
ZOOMED = "?range=2026-11-16T23%3A00Z..2026-11-19T23%3A00Z"  # 17, 18 and 19 November in Berlin


def test_a_drag_sets_the_range_and_back_undoes_it(page: Page) -> None:
    page.open()
    assert page.after(lambda: page.drag("cost", 26, 28)) == ONCE
    assert (page.search, page.kpi("runs"), page.range) == (ZOOMED, "4", "custom")
    assert page.buckets("duration") == 3
    assert page.back() == ONCE
    assert (page.search, page.kpi("runs"), page.buckets("duration")) == ("", "10", 30)


def test_a_double_click_undoes_a_drag_and_keeps_other_filters(page: Page) -> None:
    page.open("?range=90d")
    page.after(lambda: page.drag("executions", 86, 88))
    assert page.search == ZOOMED
    page.after(lambda: page.choose(ids.STATUS, "success"))
    assert page.search == f"{ZOOMED}&status=success"
    assert page.after(lambda: page.double_click("executions", 1)) == ONCE
    assert page.search == "?range=90d&status=success"
    # There is no drag left to undo.
    assert page.after(lambda: page.double_click("executions", 1), calls=False) == {}
    assert page.search == "?range=90d&status=success"


def test_the_pointer_draws_one_line_on_all_time_charts(page: Page) -> None:
    page.open()
    page.hover("executions", 28)
    page.wait(lambda: len(page.all(".crosshair:not([hidden])")) == len(ids.TIME_CHARTS), "the lines")
    days = page.run(
        "return arguments[0].map((name) => {"
        "  const graph = document.querySelector('#graph-' + name + ' .js-plotly-plot');"
        "  const line = graph.closest('.picture').querySelector('.crosshair').getBoundingClientRect();"
        "  const axis = graph._fullLayout.xaxis, left = graph.getBoundingClientRect().left + axis._offset;"
        "  return axis.p2d(line.left - left).slice(0, 13); })",
        list(ids.TIME_CHARTS),
    )
    # The 19th begins in Berlin at 23:00 UTC; a pixel is minutes wide.
    assert {day[:13] for day in days} <= {"2026-11-18 22", "2026-11-18 23"}
    assert "Thu 19 Nov 2026" in page.text(".chart-tooltip")
    page.mouse("mouseMoved", (5, 5))
    page.wait(lambda: not page.all(".crosshair:not([hidden])"), "the lines to go")


def test_a_scroll_hides_the_tooltip_and_a_move_in_the_same_bucket_brings_it_back(page: Page) -> None:
    page.open()
    page.hover("executions", 28)
    x, y = page.place_of("executions", 28)
    page.run("window.scrollBy(0, 3)")
    page.wait(lambda: not page.all(".chart-tooltip:not([hidden])"), "the tooltip to go")
    page.mouse("mouseMoved", (x + 1, y))
    page.wait(lambda: page.all(".chart-tooltip:not([hidden])"), "the tooltip to come back")
    assert "Thu 19 Nov 2026" in page.text(".chart-tooltip")


def test_legend_hides_a_trace_and_keeps_it_hidden(page: Page) -> None:
    page.open()
    calls = len(page.run("return window.calls"))
    entry = f"#{ids.legend('duration')} [data-trace=p99]"
    page.click(entry)
    page.wait(lambda: page.one(entry).get_attribute("aria-pressed") == "false", "the legend")
    page.wait(lambda: "p99" not in _drawn(page, "duration"), "p99 to go")
    assert "p95" in _drawn(page, "duration")
    assert len(page.run("return window.calls")) == calls  # without the server
    page.after(lambda: page.choose_range("7d"))
    assert "p99" not in _drawn(page, "duration")
    page.click(entry)
    page.wait(lambda: "p99" in _drawn(page, "duration"), "p99 to come back")


def _drawn(page: Page, chart: str) -> set[str]:
    return set(
        page.run(
            f"return document.querySelector('#{ids.graph(chart)} .js-plotly-plot')"
            "._fullData.filter((trace) => trace.visible === true).map((trace) => trace.name)"
        )
    )


def test_every_chart_can_be_read_as_a_table(page: Page) -> None:
    page.open("?range=2026-11-18..2026-11-20")
    calls = len(page.run("return window.calls"))
    for chart in ids.CHARTS:
        page.click(f"#{ids.chart_card(chart)} .menu summary")
        page.click(f"#{ids.table_toggle(chart)}")
        assert page.all(f"#{ids.table(chart)} tbody tr")
    rows = [row.text.split() for row in page.all(f"#{ids.table('executions')} tbody tr")]
    # day, success, failure, error, unknown, runs; today is not over
    assert [row[-5:] for row in rows] == [
        ["0", "0", "0", "1", "1"], ["2", "1", "0", "0", "3"], ["2", "0", "1", "0", "3"],
    ]  # fmt: skip
    assert len(page.run("return window.calls")) == calls
    page.click(f"#{ids.chart_card('executions')} .menu summary")
    page.click(f"#{ids.table_toggle('executions')}")
    assert not page.all(f"#{ids.table('executions')}")[0].is_displayed()


def test_models_can_be_sorted(page: Page) -> None:
    page.open()

    def names() -> list[str]:
        return [cell.text for cell in page.all(f"#{ids.body(ids.MODELS)} tbody th")]

    assert names() == ["gpt-4", "claude", "odd, 100%"]
    page.click("[data-sort=cost_per_run]")
    assert names() == ["gpt-4", "claude", "odd, 100%"]  # $0.75, $0.267, not known
    page.click("[data-sort=cost_per_run]")
    assert names() == ["claude", "gpt-4", "odd, 100%"]  # what is not known stays last
    page.click("[data-sort=model]")
    assert names() == ["claude", "gpt-4", "odd, 100%"]
