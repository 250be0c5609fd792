"""Comparing in a browser: A and B are chosen, change places, and every metric has its verdict."""

from __future__ import annotations

from layouts import ids
from tests.browser.page import Page

_TABLE = f"#{ids.body(ids.COMPARED)} .versus-table"


def heads(page: Page) -> list[str]:
    return page.read(f"{_TABLE} .side-words")[:2]


def choose(page: Page, selector: str, value: str) -> None:
    page.after(
        lambda: page.run(
            "const s = document.querySelector(arguments[0]); s.focus(); s.value = arguments[1];"
            "s.dispatchEvent(new Event('change', {bubbles: true}))",
            selector,
            value,
        )
    )


def test_the_two_models_with_most_runs_change_places(demo_page: Page) -> None:
    demo_page.open("compare?range=30d")
    a, b = heads(demo_page)
    numbers = demo_page.read(f"{_TABLE} thead a")[:2]
    difference = demo_page.text(f"{_TABLE} [data-metric=avg_duration_ms] td:nth-child(4) .figure")
    demo_page.after(lambda: demo_page.click(f"#{ids.SIDES} .swap"))
    assert demo_page.search == f"?a=model%3D{b}&b=model%3D{a}"
    assert heads(demo_page) == [b, a]
    assert demo_page.read(f"{_TABLE} thead a")[:2] == numbers[::-1]
    turned = demo_page.text(f"{_TABLE} [data-metric=avg_duration_ms] td:nth-child(4) .figure")
    signs = str.maketrans("+−", "−+")
    assert turned == difference.translate(signs)
    demo_page.back()
    assert heads(demo_page) == [a, b]


def test_every_metric_has_a_verdict_and_the_outlines_their_names(demo_page: Page) -> None:
    demo_page.open("compare?range=30d")
    rows = demo_page.read(f"#{ids.body(ids.COMPARED)} > table tr[data-metric] .verdict")
    assert len(rows) >= 12
    assert all(rows)
    names = [f"A: {heads(demo_page)[0]}", f"B: {heads(demo_page)[1]}"]
    for chart in (ids.COMPARE_DURATION, ids.COMPARE_COST):
        assert demo_page.read(f"#{ids.legend(chart)} button") == names


def test_what_is_chosen_stands_in_the_url(demo_page: Page) -> None:
    demo_page.open("compare?range=30d")
    first, second = heads(demo_page)
    # What B has already: they change places.
    choose(demo_page, "[data-side=a]", f"model={second}")
    assert heads(demo_page) == [second, first]
    choose(demo_page, "[data-compare-by]", "agent")
    assert demo_page.search == "?by=agent"
    assert set(heads(demo_page)) < {"fixer", "reviewer", "triage"}
    choose(demo_page, "[data-set=adjust]", "model")
    assert demo_page.search == "?adjust=model&by=agent"
    demo_page.says(f"#{ids.subtitle(ids.COMPARED)}", "adjusted")


def test_each_row_behind_an_outline_leads_to_its_runs(demo_page: Page) -> None:
    demo_page.open("compare?range=7d")
    chart = ids.COMPARE_DURATION
    demo_page.click(f"#{ids.chart_card(chart)} .menu summary")
    demo_page.click(f"#{ids.table_toggle(chart)}")
    links = demo_page.all(f"#{ids.table(chart)} tbody td a")
    each = [int(link.text.replace(",", "")) for link in links]
    # Of both sides, all runs with a known duration.
    told = demo_page.read(f"{_TABLE} [data-metric=avg_duration_ms] small")[:2]
    known = [int(text.removeprefix("n = ").replace(",", "")) for text in told]
    assert sum(each) == sum(known)
    demo_page.after(links[0].click)
    assert demo_page.one(f"#{ids.RUNS_TOTAL}").get_attribute("data-value") == str(each[0])
