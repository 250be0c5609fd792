"""Splitting the charts, and the tools page, in the browser."""

from __future__ import annotations

from layouts import ids
from tests.browser.page import Page


def names(page: Page, chart: str) -> list[str]:
    graph = f"document.querySelector('#{ids.graph(chart)} .js-plotly-plot')"
    found: list[str] = page.run(f"return [...new Set({graph}.data.map((t) => t.name).filter(Boolean))]")
    return found


def test_a_choice_splits_every_time_chart_and_stands_in_the_url(page: Page) -> None:
    page.open()
    choose = "const s = document.getElementById('split-split'); s.value = 'model';"
    page.after(lambda: page.run(choose + "s.dispatchEvent(new Event('change', {bubbles: true}))"))
    assert page.search == "?split=model"
    for chart in ("executions", "success_rate", "duration", "cost"):
        assert set(names(page, chart)) == {"gpt-4", "claude", "odd, 100%"}
    page.after(lambda: page.click("#split-multiples"))
    assert page.search == "?as=multiples&split=model"
    panels = page.run("return document.querySelectorAll('#graph-executions .annotation').length")
    assert panels == 3
    page.back()
    assert page.search == "?split=model"


def test_the_tools_page_stands(page: Page) -> None:
    page.open("tools")
    page.says(f"#{ids.body(ids.TOOLS)}", "No run says which tools it used")
