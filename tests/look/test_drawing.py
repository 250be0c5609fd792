"""Painting, legend, tooltip, table, sorting: our scripts with a real Plotly, without a server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from layouts.charts import KIND
from queries.filters import parse

pytestmark = [
    pytest.mark.browser,
    # selenium 4.2, which dash.testing pins, on its urllib3.
    pytest.mark.filterwarnings("ignore:HTTPResponse.getheader:DeprecationWarning"),
]
NOW = datetime(2026, 11, 22, 13, 32, tzinfo=UTC)
LEGEND = ["total cost", "cost per run"]
DAYS = 7
COST = [100.0, 120.0, 140.0, 130.0, 110.0, 148.0, 40.0]


@pytest.fixture
def figure(framed_cost):
    return KIND["cost"].draw(framed_cost, parse({"range": "7d"}, now=NOW)).figure


@pytest.fixture
def framed_cost():
    import pandas as pd

    from queries.calendar import buckets, edges

    filters = parse({"range": "7d"}, now=NOW)
    spans = buckets(edges(filters.start, filters.end, "UTC", "day"), "UTC")
    return pd.DataFrame(
        {
            "start": pd.Series([start for start, _ in spans], dtype=object),
            "end": pd.Series([end for _, end in spans], dtype=object),
            "partial": [filters.partial(start, end) for start, end in spans],
            "runs": [1000.0] * DAYS,
            "runs_without_cost": [0.0] * DAYS,
            "estimated_cost_usd": [0.0] * DAYS,
            "cost_usd": COST,
            "cost_per_run": [value / 1000 for value in COST],
        }
    )


@pytest.fixture
def shown(fresh, figure):
    """The page with the chart drawn on it."""
    fresh.execute_script("arrive(arguments[0], arguments[1])", figure, LEGEND)
    return fresh


def until(page, script, *arguments):
    return WebDriverWait(page, 10, poll_frequency=0.05).until(
        lambda _: page.execute_script(script, *arguments)
    )


def texts(page, selector):
    return page.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map((e) => (e.innerText ?? e.textContent).trim())",
        selector,
    )


# ---- bars that are hardly there -------------------------------------------------------------------------

# Every path that is drawn: Plotly writes "MNaN" for what it cannot work out, and the browser complains.
_PATHS = "return [...document.querySelectorAll('.bars path')].map((e) => e.getAttribute('d'))"


@pytest.mark.parametrize("below", [0.0125, 0.013, 0.0135, 0.014])
def test_bars_of_a_pixel_or_less_are_drawn_and_seen(fresh, figure, below):
    """One bar sets the axis, the others go from a tenth of a pixel to three, a tenth at a time; zero lies
    between two pixels, as on a picture whose height is no whole number, and no gap is between the bars."""
    heights = [200.0, *(n / 10 for n in range(1, 31))]
    bar = next(trace for trace in figure["data"] if trace["type"] == "bar")
    bar |= {"y": heights, "x": list(range(len(heights)))}
    bar["marker"]["color"] = "#ff0000"
    meta = {"chart": figure["layout"]["meta"]["chart"], "columns": []}
    axes = {"xaxis": {"type": "linear"}, "yaxis": {"range": [-200 * below, 200]}}
    layout = {"margin": figure["layout"]["margin"], "bargap": 0, "meta": meta, **axes}
    fresh.execute_script("arrive(arguments[0], [])", {"data": [bar], "layout": layout})
    until(fresh, "return document.querySelectorAll('.bars path').length === 31")
    assert [path for path in fresh.execute_script(_PATHS) if "NaN" in path] == []
    framed = fresh.execute_script(
        "return [...document.querySelectorAll('.bars path')].map((e) => parseFloat(e.style.strokeWidth) || 0)"
    )
    assert framed[:4] == [1, 0, 0, 0]  # the high one keeps its line, the low ones are not hidden by theirs
    assert framed[-1] == 1


# ---- painting -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("theme", "bar"), [("light", "#dd6f2c"), ("dark", "#f0955c")])
def test_tokens_become_the_colours_of_the_theme(fresh, figure, theme, bar):
    fresh.execute_script("document.documentElement.dataset.bsTheme = arguments[0]", theme)
    painted = fresh.execute_script(
        "return dash_clientside.look.paint(arguments[0], null, 'graph-cost')", figure
    )
    assert painted["data"][0]["marker"]["color"][:2] == [bar, bar]
    assert painted["data"][0]["marker"]["color"][6].startswith("rgba(")
    meta = painted["layout"].pop("meta")
    assert meta["columns"][0]["color"] == "--c4", "the tooltip follows the style sheet by itself"
    assert '"--' not in str(painted).replace("'", '"')


def test_painting_leaves_what_the_server_sent_as_it_was(fresh, figure):
    script = "const before = JSON.stringify(arguments[0]); dash_clientside.look.paint(arguments[0], null, 'graph-cost'); return before === JSON.stringify(arguments[0])"
    assert fresh.execute_script(script, figure)


def test_without_a_figure_nothing_is_drawn(fresh):
    assert fresh.execute_script("return dash_clientside.look.paint(null, null, 'graph-cost')") == "no update"


def test_the_picture_takes_the_skeletons_place(fresh, figure):
    opacity = "return getComputedStyle(document.querySelector('.skeleton')).opacity === '1'"
    assert until(fresh, opacity), "it appears after a while"
    fresh.execute_script("arrive(arguments[0], arguments[1])", figure, LEGEND)
    assert not fresh.find_element(By.CSS_SELECTOR, ".skeleton").is_displayed()
    assert until(fresh, "return document.querySelectorAll('.main-svg .bars path').length") == DAYS
    assert texts(fresh, ".xtick text") == [
        "16 Nov",
        "17 Nov",
        "18 Nov",
        "19 Nov",
        "20 Nov",
        "21 Nov",
        "22 Nov",
    ]


def test_a_repaint_follows_the_theme_without_new_data(shown):
    fill = "return getComputedStyle(document.querySelector('.bars path')).fill"
    assert shown.execute_script(fill) == "rgb(221, 111, 44)"
    shown.execute_script(
        "document.documentElement.dataset.bsTheme = 'dark'; fixer.charts.repaint('graph-cost')"
    )
    assert shown.execute_script(fill) == "rgb(240, 149, 92)"


# ---- legend ---------------------------------------------------------------------------------------------


def pressed(page):
    return page.execute_script(
        "return [...document.querySelectorAll('[data-trace]')].map((b) => b.getAttribute('aria-pressed'))"
    )


def test_the_legend_hides_its_traces_and_the_axis_fits_what_is_left(shown):
    assert texts(shown, ".ytick text") == ["$0", "$50", "$100", "$150"]
    shown.find_element(By.CSS_SELECTOR, "[data-trace='total cost']").click()
    assert pressed(shown) == ["false", "true"]
    assert texts(shown, ".bars path") == []
    shown.find_element(By.CSS_SELECTOR, "[data-trace='total cost']").click()
    assert pressed(shown) == ["true", "true"]
    assert shown.execute_script("return document.querySelectorAll('.bars path').length") == DAYS


def test_what_is_hidden_stays_hidden_when_new_data_come(shown, figure):
    shown.find_element(By.CSS_SELECTOR, "[data-trace='total cost']").click()
    shown.execute_script("arrive(arguments[0], arguments[1])", figure, LEGEND)
    assert until(
        shown, "return document.querySelector('[data-trace]').getAttribute('aria-pressed') === 'false'"
    )
    assert shown.execute_script("return document.querySelectorAll('.bars path').length") == 0


# ---- tooltip --------------------------------------------------------------------------------------------


def hover(page, day):
    box = page.execute_script(
        "const g = document.querySelector('.js-plotly-plot'), f = g._fullLayout, r = g.getBoundingClientRect();"
        "return [r.left + f.xaxis._offset + f.xaxis.d2p(g.layout.meta.x[arguments[0]]), r.top + f._size.t + f._size.h / 2]",
        day,
    )
    pointer = ActionChains(page)
    pointer.w3c_actions.pointer_action.move_to_location(int(box[0]) - 3, int(box[1]))
    pointer.w3c_actions.pointer_action.move_to_location(int(box[0]), int(box[1]) + 2)
    pointer.perform()
    return until(
        page, "const t = document.querySelector('.chart-tooltip'); return t && !t.hidden && t.innerText"
    )


def test_the_tooltip_says_the_bucket_and_every_value_exactly(shown):
    assert hover(shown, 2).split("\n") == [
        "Wed 18 Nov 2026",
        "total cost",
        "$140.00",
        "cost per run",
        "$0.14",
        "runs",
        "1,000",
        "Click for the runs",
    ]


def test_the_tooltip_names_what_is_incomplete(shown):
    assert hover(shown, 6).split("\n")[:2] == ["Sun 22 Nov 2026", "incomplete: still filling at 13:32"]


# ---- table ----------------------------------------------------------------------------------------------


def open_table(page):
    page.find_element(By.CSS_SELECTOR, ".menu summary").click()
    page.find_element(By.CSS_SELECTOR, "[data-table-of]").click()


def test_the_table_behind_the_chart(shown):
    open_table(shown)
    rows = texts(shown, "#table-cost tr")
    assert len(rows) == DAYS + 1
    assert rows[0].split() == ["Day", "total", "cost", "cost", "per", "run", "runs"]
    assert rows[1].split("\t") == ["Mon 16 Nov 2026", "$100.00", "$0.10", "1,000"]
    assert "incomplete: still filling at 13:32" in rows[7]
    assert shown.execute_script("return document.activeElement.id") == "table-cost"
    assert not shown.find_element(By.CSS_SELECTOR, ".picture").is_displayed()
    assert shown.execute_script("return document.querySelector('details.menu').open") is False


def test_the_table_follows_new_data_and_closes_again(shown, figure):
    open_table(shown)
    figure["data"][0]["y"][0] = 5
    shown.execute_script("arrive(arguments[0], arguments[1])", figure, LEGEND)
    assert "$5.00" in texts(shown, "#table-cost tr")[1]
    open_table(shown)
    assert not shown.find_element(By.CSS_SELECTOR, "#table-cost").is_displayed()
    assert shown.find_element(By.CSS_SELECTOR, ".picture").is_displayed()


@pytest.mark.parametrize(
    ("clicks", "order", "said"),
    [
        (["model"], "abc", ["ascending", "none"]),
        (["model", "model"], "cba", ["descending", "none"]),
        (["runs"], "bac", ["none", "ascending"]),
        (["runs", "runs"], "abc", ["none", "descending"]),
    ],
    ids=["names from A", "names from Z", "least first, unknown last", "most first, unknown last"],
)
def test_a_table_sorts(shown, clicks, order, said):
    for key in clicks:
        shown.find_element(By.CSS_SELECTOR, f"[data-sort={key}]").click()
    assert "".join(texts(shown, "[data-sortable] tbody td:first-child")) == order
    assert (
        shown.execute_script(
            "return [...document.querySelectorAll('[data-sortable] th')].map((h) => h.ariaSort)"
        )
        == said
    )


def test_the_order_outlives_new_rows(shown):
    shown.find_element(By.CSS_SELECTOR, "[data-sort=model]").click()
    row = '<tr><td data-value="aa">aa</td><td data-value="7">7</td></tr>'
    shown.execute_script(
        "document.querySelector('[data-sortable] tbody').insertAdjacentHTML('beforeend', arguments[0])", row
    )
    assert until(
        shown,
        "return [...document.querySelectorAll('[data-sortable] tbody tr')].map((r) => r.cells[0].innerText).join() === 'a,aa,b,c'",
    )


# ---- popovers -------------------------------------------------------------------------------------------


def test_help_opens_on_focus_and_escape_closes_it(shown):
    text = shown.find_element(By.CSS_SELECTOR, ".popover-text")
    button = shown.find_element(By.ID, "help")
    assert not text.is_displayed()
    shown.execute_script("arguments[0].focus()", button)
    assert until(
        shown, "return getComputedStyle(document.querySelector('.popover-text')).visibility === 'visible'"
    )
    button.send_keys(Keys.ESCAPE)
    assert until(
        shown, "return getComputedStyle(document.querySelector('.popover-text')).visibility === 'hidden'"
    )
    shown.execute_script("arguments[0].blur(); arguments[0].focus()", button)
    assert until(
        shown, "return getComputedStyle(document.querySelector('.popover-text')).visibility === 'visible'"
    )
