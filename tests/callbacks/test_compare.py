"""The compare page through the real wiring: on the twelve runs made by hand, and on two models of 60 runs.

Of the ten runs of the last 30 days: claude 3 (all success, 30, 40 and 45 s; $0.10, $0.20, $0.50), gpt-4 5
(2 success, 2 failure, 1 error), odd 2. All are too few to be judged, which is what the page must say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import Engine

from ingest.write import Writer
from layouts import ids
from queries import run_query, runs
from queries.filters import parse
from queries.store import Store
from tests.callbacks.conftest import Page, Reader, make_page, words
from tests.callbacks.rows import NOW

A_ODD = "model=odd%252C%20100%2525"


def rows(page: Page, **asked: str) -> dict[str, str]:
    """metric -> the words of its row."""
    html = page.answer(ids.COMPARED, **asked)["html"][ids.body(ids.COMPARED)]
    parts = html.split('data-metric="')[1:]
    return {part.split('"')[0]: words("<tr " + part.split("</tr>")[0]) for part in parts}


def place(page: Page, element: str, **asked: str) -> str:
    return page.words(ids.COMPARED, element, **asked)


def test_by_default_the_two_models_with_most_runs_stand_side_by_side(page: Page) -> None:
    html = page.answer(ids.COMPARED)["html"]
    head = words(html[ids.body(ids.COMPARED)].split("</thead>")[0])
    assert "A gpt-4 5 runs B claude 3 runs" in head
    assert words(html[ids.subtitle(ids.COMPARED)]) == "Every metric, last 30 days"
    found = rows(page)
    assert found["success_rate"] == (
        "Success rate 40.0 % n = 5 100.0 % n = 3 −60.0 points – Too few runs: A rests on 5 and B rests on 3, 30 each are needed"
    )
    assert found["runs"] == "Runs 5 3 +2 +66.7 % – Counted: no chance in it"
    assert found["cost_per_run"].startswith("Cost per run $0.750 n = 5 $0.267 n = 3 +$0.483 +181.2 %")


def test_each_side_opens_exactly_its_runs(page: Page) -> None:
    html = page.answer(ids.COMPARED)["html"][ids.body(ids.COMPARED)]
    links = [
        part.split('"')[0].replace("&amp;", "&") for part in html.split("</thead>")[0].split('href="')[1:]
    ]
    assert [link.split("?")[0] for link in links] == ["/runs", "/runs"]
    assert "model=gpt-4" in links[0]
    assert "model=claude" in links[1]
    assert "range=2026-10-21T22:00Z..2026-11-20T23:00Z" in links[0].replace("%3A", ":")


def opened(page: Page, store: Store, **asked: str) -> dict[str, list[tuple[int, int]]]:
    """metric -> the number behind each n, and how many runs its link opens."""
    html = page.answer(ids.COMPARED, **asked)["html"][ids.body(ids.COMPARED)]
    found = {}
    for part in html.split('data-metric="')[1:]:
        links = re.findall(r'href="/runs\?([^"]+)"[^>]*>n = ([\d,]+)<', part.split("</tr>")[0])
        found[part.split('"')[0]] = [(int(n.replace(",", "")), _rows(store, link)) for link, n in links]
    return found


def _rows(store: Store, search: str) -> int:
    given = dict(parse_qsl(search.replace("&amp;", "&")))
    query = run_query.parse(given, parse(given, now=NOW))
    return len(runs.page(store, query, limit=500).rows)


def test_a_value_opens_the_runs_it_rests_on(
    bare_page: Page, engine: Engine, store: Store, run: Callable[..., Any]
) -> None:
    """Each what is known on another number of runs, of two agents that both have, and one that only A has."""
    rows = []
    for n in range(24):
        known = {"duration_ms": Decimal(n), "llm_call_count": 1 if n % 2 else None, "files_modified_count": None if n % 5 else 0,
                 "tool_call_count": 2 if n % 3 else None, "total_tokens": 9 if n < 20 else None, "input_tokens": 8 if n < 18 else None,
                 "cache_read_tokens": 1 if n > 3 else None, "cost_usd": Decimal(1) if n > 5 else None}  # fmt: skip
        status = ("success", "failure", "unknown")[n % 3]
        for model in ("a", "b"):
            rows.append(run(model=model, agent=("fixer", "helper")[n % 2], status=status, **known))
        if n < 5:
            rows.append(run(model="a", agent="rare", status="success", cost_usd=Decimal(9)))
    with Writer(engine) as writer:
        writer.write(rows)
    asked = {"a": "model=a", "b": "model=b"}
    # By hand, b: of 24 runs 8 succeed, 8 fail, 8 end unknown; 18 cost something, 6 of them failed.
    expected = {
        "success_rate": (21, 16), "avg_duration_ms": (24, 24), "p95_duration_ms": (24, 24), "tokens_per_run": (20, 20),
        "cost_per_run": (23, 18), "cost_per_success": (13, 8), "failed_cost_share": (6, 6), "p95_cost_usd": (23, 18),
        "cache_hit_rate": (14, 14), "llm_calls_per_run": (12, 12), "tool_calls_per_run": (16, 16), "files_modified_per_run": (5, 5),
    }  # fmt: skip
    found = opened(bare_page, store, **asked)
    assert {name: found[name] for name in expected} == {
        name: [(a, a), (b, b)] for name, (a, b) in expected.items()
    }
    # Adjusted, without the agent that only A has.
    adjusted = opened(bare_page, store, **asked, adjust="agent")
    assert adjusted["success_rate"] == [(16, 16), (16, 16)]
    assert adjusted["cost_per_success"] == [(8, 8), (8, 8)]
    assert all(number == there for pairs in adjusted.values() for number, there in pairs)


def test_sides_from_the_url(page: Page) -> None:
    html = page.answer(ids.COMPARED, a=A_ODD, b="model=claude&status=success")["html"]
    head = words(html[ids.body(ids.COMPARED)].split("</thead>")[0])
    assert "A odd, 100% 2 runs B successful runs, model claude 3 runs" in head


def test_what_can_be_chosen_and_swapped(page: Page) -> None:
    html = page.answer(ids.COMPARED)["html"][ids.SIDES]
    assert words("<select data-side" + html.split("data-side")[1].split("</select>")[0]).endswith(
        "gpt-4 (5) claude (3) odd, 100% (2)"
    )
    assert Reader(html).asks == [{"set": {"a": "model=claude", "b": "model=gpt-4"}}]
    for offered in ("Models", "Versions", "Agents", "Statuses", "Repositories", "Users", "Periods"):
        assert f">{offered}<" in html
    assert '<option selected="selected" value="model">Models' in html
    assert '<option selected="selected" value="model=gpt-4">' in html


def test_this_period_against_the_one_before(page: Page) -> None:
    html = page.answer(ids.COMPARED, by="period", range="7d")["html"]
    head = words(html[ids.body(ids.COMPARED)].split("</thead>")[0])
    # 14 to 20 Nov until 13:00 in Berlin: seven runs; the week before: none.
    assert (
        "A last 7 days 7 runs B the previous period, 7 Nov 2026 00:00 to 13 Nov 2026 13:00 (Europe/Berlin) 0 runs"
        in head
    )
    assert "B has no runs" in words(html[ids.warnings(ids.COMPARED)])


def test_what_a_reader_must_beware_of(page: Page) -> None:
    warned = page.words(ids.COMPARED, ids.warnings(ids.COMPARED), a="model=gpt-4", b="range=90d")
    assert "A has 5 runs" in warned
    assert "5 runs are on both sides: the intervals take A and B for separate runs" in warned
    assert "The periods differ in length (30 days in A, 90 in B)" in warned
    assert "success rate is always 0 %" in page.words(
        ids.COMPARED, ids.warnings(ids.COMPARED), status="failed"
    )


def test_one_member_only_and_nothing_at_all_are_said(page: Page) -> None:
    only = place(page, ids.body(ids.COMPARED), by="version", model=A_ODD.split("=")[1].replace("%25", "%"))
    assert "Only one version has runs here" in only or "nothing to compare" in only
    none = place(page, ids.body(ids.COMPARED), by="agent", model="nobody")
    assert none == "No run passes these filters, so there is nothing to compare."
    same = place(page, ids.body(ids.COMPARED), a="model=claude", b="model=claude")
    assert same == "A and B are the same. Choose another on one side."


@pytest.mark.parametrize(("asked", "says"), [
    ({"a": "modle=x"}, "has 'modle', which is no filter"),
    ({"by": "weather"}, "'weather' is nothing to compare by"),
    ({"adjust": "status"}, "'status' is nothing to adjust for"),
    ({"range": "all", "b": "period=previous"}, "there is none"),
])  # fmt: skip
def test_a_bad_value_is_named_in_the_card(page: Page, asked: dict[str, str], says: str) -> None:
    assert says in place(page, ids.body(ids.COMPARED), **asked)
    figure = page.answer(ids.COMPARE_COST, **asked)["figure"]
    assert figure["data"] == [] or "adjust" in asked


def test_distributions_are_shares_of_each_side(page: Page) -> None:
    figure = page.answer(ids.COMPARE_DURATION)["figure"]
    meta = figure["layout"]["meta"]
    assert [column["label"] for column in meta["columns"]] == [
        "A: gpt-4",
        "A: gpt-4, runs",
        "B: claude",
        "B: claude, runs",
    ]
    assert sum(meta["columns"][1]["values"]) == 5
    assert sum(meta["columns"][3]["values"]) == 3
    assert sum(meta["columns"][0]["values"]) == pytest.approx(1, abs=1e-5)
    # Medians by nearest rank: 10, 50, 60, 60, 90 s and 30, 40, 45 s.
    texts = [note["text"].replace("\u202f", " ") for note in figure["layout"]["annotations"]]
    assert [text[:8] for text in texts] == ["A median", "B median"]
    assert texts[1].startswith("B median 39.7 s")  # 40 s, within the 1 % of a sketch
    assert [trace["line"]["color"] for trace in figure["data"][:2]] == ["--c1", "--c4"]


# ---- enough runs to be judged ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judged(
    module_engine: Engine, run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    start = datetime(2026, 11, 15, 8, tzinfo=UTC)
    made = []
    for model, cost, calls in (("dear", "0.40", 7), ("cheap", "0.10", 7)):
        for n in range(60):
            made.append(
                run(
                    start_time=start + timedelta(hours=n), model=model, agent=("fixer", "helper")[n % 2],
                    status="failure" if n % 3 == 0 else "success", cost_usd=Decimal(cost) + Decimal(n % 5) / 100,
                    cost_source="reported", llm_call_count=calls, duration_ms=Decimal(30_000 + 1000 * (n % 7)),
                )
            )  # fmt: skip
    with Writer(module_engine) as writer:
        writer.write(made)
    url = module_engine.url.render_as_string(hide_password=False)
    page, close = make_page(url, tmp_path_factory.mktemp("judged"))
    yield page
    close()


DEAR = {"a": "model=dear", "b": "model=cheap"}


def test_verdicts_say_what_the_data_say(judged: Page) -> None:
    found = rows(judged, **DEAR)
    # Costs of 0.40 and 0.10 with the same spread: the difference is 0.30; Welch by hand: 1.98 * sqrt(2 * 0.0002034 / 60) = 0.0052
    assert found["cost_per_run"] == (
        "Cost per run $0.420 n = 60 $0.120 n = 60 +$0.300 +250.0 % $0.295 to $0.305 "
        "B is better by $0.300 (95 %: $0.295 to $0.305)"
    )
    assert found["success_rate"].endswith("0.0 points −16.5 to 16.5 No difference seen")
    assert found["llm_calls_per_run"].endswith("No difference, and no spread in either")
    html = judged.answer(ids.COMPARED, **DEAR)["html"][ids.body(ids.COMPARED)]
    cost = html.split('data-metric="cost_per_run"')[1].split("</tr>")[0]
    assert 'class="worse"' in cost  # for A
    assert "better" not in html.split('data-metric="llm_calls_per_run"')[1].split("</tr>")[0]
    assert "B is better in cost per run and cost per success." in words(html)


def test_adjusted_for_agents(judged: Page) -> None:
    html = judged.answer(ids.COMPARED, **DEAR, adjust="agent")["html"]
    assert words(html[ids.subtitle(ids.COMPARED)]).endswith("adjusted for the mix of agents")
    warned = words(html[ids.warnings(ids.COMPARED)])
    assert "Adjusted: 2 agents weighted alike on both sides, by the mix of both together" in warned
    assert "direct standardisation" in html[ids.body(ids.COMPARED)]
    none = judged.answer(ids.COMPARED, **DEAR, adjust="model")["html"][ids.warnings(ids.COMPARED)]
    assert "Not adjusted: no model has ten runs on both sides" in words(none)


def test_a_page_on_nothing_at_all(bare_page: Page) -> None:
    html = bare_page.answer(ids.COMPARED)["html"]
    assert "A has no runs" in words(html[ids.warnings(ids.COMPARED)])
    assert bare_page.answer(ids.COMPARE_COST)["figure"]["data"] == []


def test_sides_told_apart_by_outcome_say_so(page: Page) -> None:
    said = place(page, ids.warnings(ids.COMPARED), a="model=gpt-4", b="model=claude&status=success")
    assert "A and B are told apart by how their runs ended" in said
    plain = place(page, ids.warnings(ids.COMPARED), a="model=gpt-4", b="model=claude")
    assert "told apart" not in plain
