"""What changed, in a browser: the sentence, the picture and the table tell the same, and controls ask anew."""

from __future__ import annotations

import re

from layouts import ids
from tests.browser.page import Page

_ROWS = f"#{ids.body(ids.CHANGES)} tbody tr"
_RUNS = "changes?metric=runs&range=7d"


def whole(text: str) -> int:
    return int(re.sub(r"[^\d−]", "", text).replace("−", "-") or 0)


def cells(page: Page, row: str) -> list[str]:
    found: list[str] = page.run(
        "return [...document.querySelectorAll(arguments[0])].map((c) => c.textContent)", f"{row} > *"
    )
    return found


def test_the_rows_add_up_to_the_change_and_the_sentence_says_it(demo_page: Page) -> None:
    demo_page.open(_RUNS)
    number = len(demo_page.all(_ROWS))
    rows = [cells(demo_page, f"{_ROWS}:nth-child({n + 1})") for n in range(number)]
    total = cells(demo_page, f"#{ids.body(ids.CHANGES)} tfoot tr")
    before, after = (int(part.replace(",", "")) for part in total[1].split("→"))
    assert number > 3
    assert sum(whole(row[-1]) for row in rows) == whole(total[-1]) == after - before
    for row in rows:
        was, now = (int(part.replace(",", "")) for part in row[1].split("→"))
        assert whole(row[-1]) == now - was, row
    said = demo_page.text(f"#{ids.SENTENCE}")
    assert said.startswith(f"Runs {'rose' if after > before else 'fell'} by {abs(after - before):,}")


def test_a_row_of_the_picture_tells_whose_it_is(demo_page: Page) -> None:
    demo_page.open(_RUNS)
    first = cells(demo_page, f"{_ROWS}:nth-child(1)")
    demo_page.run(
        "arguments[0].scrollIntoView({block: 'center'})", demo_page.one(f"#{ids.graph(ids.CHANGES)}")
    )
    left, top, middle = demo_page.run(
        "const g = document.querySelector('#graph-changes .js-plotly-plot'), box = g.getBoundingClientRect();"
        "const bar = g._fullData.find((t) => t.name === 'contribution'), full = g._fullLayout;"
        "return [box.left, box.top + full.yaxis._offset + full.yaxis.d2p(1),"
        " full.xaxis._offset + full.xaxis.d2p(bar.base[0] + bar.x[0] / 2)]"
    )
    demo_page.mouse("mouseMoved", (round(left + middle) - 2, round(top)))
    demo_page.mouse("mouseMoved", (round(left + middle), round(top)))
    demo_page.says(".chart-tooltip strong", first[0])
    demo_page.says(".chart-tooltip dd", first[-1])
    demo_page.says(".chart-tooltip", "Click for the runs")


def test_controls_and_the_list_of_dimensions_ask_anew(demo_page: Page) -> None:
    demo_page.open("changes?range=7d")
    choose = (
        "const s = document.getElementById('changes-by'); s.value = 'agent';"
        "s.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    demo_page.after(lambda: demo_page.run(choose))
    assert demo_page.search == "?by=agent&range=7d"
    assert cells(demo_page, f"#{ids.body(ids.CHANGES)} thead tr")[0] == "Agent"
    link = demo_page.all(f"#{ids.body(ids.CHANGED_BY)} th a")[0]
    name = link.text
    demo_page.after(link.click)
    assert cells(demo_page, f"#{ids.body(ids.CHANGES)} thead tr")[0] == name
    dates = (
        "const [from, to] = ['from', 'to'].map((end) => document.querySelector(`[data-against=${end}]`));"
        "from.value = '2026-10-05'; to.value = '2026-10-11'; to.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    demo_page.after(lambda: demo_page.run(dates))
    assert "against=2026-10-05..2026-10-11" in demo_page.search
    demo_page.says(f"#{ids.subtitle(ids.CHANGES)}", "compared with 5 Oct to 11 Oct 2026")
    demo_page.back()
    assert "against" not in demo_page.search


def test_a_percentile_is_not_split_but_told_one_by_one(demo_page: Page) -> None:
    demo_page.open("changes?metric=p95_duration_ms&range=7d")
    demo_page.says(f"#{ids.warnings(ids.CHANGES)} .warning", "A percentile of all is no sum")
    assert demo_page.all(f"#{ids.body(ids.CHANGES)} tfoot") == []
    assert len(demo_page.all(_ROWS)) > 3
