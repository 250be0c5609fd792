"""The table of runs and the page of one run, as a reader reads them, on runs made by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import Engine, text

from ingest.write import Writer
from layouts import ids
from tests.callbacks.conftest import Page, Reader, make_page, words

BODY = ids.body(ids.RUNS)
ODD = "folder/odd id?#%&é"
MANY = 120

Run = Callable[..., tuple[Any, ...]]


@pytest.fixture(scope="module")
def table(module_engine: Engine, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Three runs that say it all, and a model with 120 runs that cost a cent more each."""
    rows = [
        run("2026-11-20T09:00:05+00:00", invocation_id="best", agent_version="2.0", model="claude", duration_ms=Decimal(97_500),
            cost_usd=Decimal("0.0042"), cost_source="estimated", input_tokens=1000, cache_read_tokens=400, cache_write_tokens=100,
            output_tokens=234, total_tokens=1234, llm_call_count=3, tool_call_count=7, tools_used='{"bash": 5, "edit <b>": 2}',
            files_modified_count=2, files_modified=["src/a.py", "b & c.md"], end_time="2026-11-20T09:01:42.5+00:00",
            attributes='{"repository": "web/shop", "user": "ana", "deep": {"n": [1]}, "retries": 2, '
            '"trace_id": "0af7651916cd43dd8448eb211c80319c"}'),
        run("2026-11-19T10:00+00:00", invocation_id=ODD, agent="helper", model="claude", status="error",
            error_message="\n  Rate limit exceeded\nretry in 3 s <script>", error_template="Rate limit exceeded",
            error_category="rate limit"),
        run("2026-11-18T23:30+00:00", invocation_id="late", model="claude", status="failure", error_message="Rate limit exceeded\n",
            error_template="Rate limit exceeded", error_category="rate limit"),
        run("2026-03-05T10:00+00:00", invocation_id="dropped", model="old"),
        *(run(f"2026-11-10T{n // 60:02}:{n % 60:02}+00:00", invocation_id=f"many-{n:03}", model="many", cost_usd=Decimal(n) / 100,
              cost_source="reported") for n in range(1, MANY + 1)),
    ]  # fmt: skip
    with Writer(module_engine) as writer:
        assert writer.write(rows).inserted == len(rows)
    with module_engine.begin() as connection:
        connection.execute(text("DROP TABLE agent_execution_2026_03"))
    url = module_engine.url.render_as_string(hide_password=False)
    made, close = make_page(url, tmp_path_factory.mktemp("data"))
    yield made
    close()


def html(page: Page, **asked: str) -> dict[str, str]:
    found: dict[str, str] = page.answer(ids.RUNS, **asked)["html"]
    return found


def rows(page: Page, **asked: str) -> list[str]:
    """The ids of the rows, in order."""
    return [unescape(name) for name in re.findall(r'data-run="([^"]*)"', html(page, **asked)[BODY])]


def cells(markup: str, run_id: str) -> dict[str, str]:
    """Column -> what its cell says."""
    row = next(part for part in markup.split("<tr") if f'data-run="{run_id}"' in part)
    found = re.findall(r'<td class="c-(\w+)[^"]*">(.*?)</td>', row)
    return {name: words(cell) for name, cell in found}


def total(page: Page, **asked: str) -> tuple[str, int, bool]:
    markup = html(page, **asked)[ids.RUNS_COUNT]
    value = re.search(r'data-value="(\d+)"', markup)
    assert value
    return words(markup, ids.RUNS_TOTAL), int(value[1]), 'data-more="true"' in markup


# ---- the table ------------------------------------------------------------------------------------------


def test_a_row_says_what_a_run_was(table: Page) -> None:
    assert cells(html(table)[BODY], "best") == {
        "start": "20 Nov 10:00:05",  # in Berlin
        "status": "success",
        "agent": "fixer",
        "version": "2.0",
        "model": "claude",
        "duration": "1m 38s",
        "cost": "est. $0.00420",
        "tokens": "1,234",
        "llm_calls": "3",
        "tool_calls": "7",
        "files": "2",
        "error": "",
    }


def test_an_error_is_its_first_line_and_what_is_not_known_a_dash(table: Page) -> None:
    said = cells(html(table, agent="helper")[BODY], ODD.replace("&", "&amp;"))
    assert (said["status"], said["error"]) == ("error", "Rate limit exceeded")
    unknown = ("version", "duration", "cost", "tokens", "llm_calls", "tool_calls", "files")
    assert {said[name] for name in unknown} == {"–"}


def test_the_total_is_in_words_and_exact(table: Page) -> None:
    assert total(table) == ("123 runs", 123, False)
    assert total(table, model="claude") == ("3 runs", 3, False)
    assert total(table, q="late") == ("1 run", 1, False)
    assert total(table, min_cost="1.01") == ("20 runs", 20, False)


def test_the_subtitle_says_which_runs(table: Page) -> None:
    subtitle = ids.subtitle(ids.RUNS)
    assert words(html(table)[subtitle]) == "last 30 days"
    assert words(html(table, status="failed", q="rate", min_duration="30s")[subtitle]) == (
        "last 30 days, failed runs, whose error says 'rate', duration at least 30s"
    )
    assert "whose id begins with 'many-0'" in words(html(table, q="many-0")[subtitle])


def test_pages_follow_each_other_and_lead_back(table: Page) -> None:
    def ways(**asked: str) -> dict[str, Any]:
        asks = Reader(html(table, **asked)[ids.RUNS_PAGES]).asks
        return {"all": [ask["set"]["after"] for ask in asks], "number": len(asks)}

    first = rows(table)
    assert first[:4] == ["best", ODD, "late", "many-120"]
    assert len(first) == 50
    (after,) = ways()["all"]  # there is none before
    second = rows(table, after=after)
    assert second[0] == "many-073"
    before, after = ways(after=after)["all"]
    assert before == ""
    third = rows(table, after=after)
    assert third == [f"many-{n:03}" for n in range(23, 0, -1)]
    (before,) = ways(after=after)["all"]  # there is none after
    assert rows(table, after=before) == second


def test_headings_sort_and_turn_around(table: Page) -> None:
    def asks(sort: str) -> dict[str, str]:
        markup = html(table, sort=sort)[BODY].split("<tbody")[0]
        return {ask["set"]["sort"]: ask["set"]["after"] for ask in Reader(markup).asks}

    assert asks("") == dict.fromkeys(
        ("start", "-duration", "-cost", "-tokens", "-llm_calls", "-tool_calls"), ""
    )
    assert asks("-cost").keys() == {"", "-duration", "cost", "-tokens", "-llm_calls", "-tool_calls"}
    assert rows(table, sort="-cost")[:2] == ["many-120", "many-119"]
    assert rows(table, sort="cost")[:2] == ["best", "many-001"]
    assert html(table, sort="-cost")[BODY].count('aria-sort="descending"') == 1
    assert html(table, sort="cost")[BODY].count('aria-sort="ascending"') == 1


def test_columns_can_be_chosen_and_stand_in_their_own_order(table: Page) -> None:
    said = cells(html(table, columns="attr.repository,cost,id")[BODY], "best")
    assert said == {
        "start": "20 Nov 10:00:05",
        "cost": "est. $0.00420",
        "id": "best",
        "attribute": "web/shop",
    }


def test_a_row_leads_to_its_run_and_keeps_the_view(table: Page) -> None:
    link = re.search(
        r'<a [^>]*href="([^"]+)"',
        html(table, agent="helper", sort="-cost", q="rate")[BODY].split("<tbody")[1],
    )
    assert link
    address = urlsplit(unescape(link[1]))
    assert address.path == f"/runs/{quote(ODD, safe='')}"
    assert address.query == "agent=helper&q=rate&sort=-cost&tz=Europe/Berlin".replace("/", "%2F")


def test_exports_hold_the_very_period_and_everything_that_narrows(table: Page) -> None:
    links = re.findall(
        r'href="(/api/export/[^"]+)"', html(table, model="many", min_cost="1", sort="cost")[ids.RUNS_MENUS]
    )
    assert [urlsplit(link).path.rpartition("/")[2] for link in links] == [
        "runs.csv", "runs.jsonl", "runs.parquet", "runs.csv.meta.json"]  # fmt: skip
    query = unescape(urlsplit(links[0]).query)
    assert "range=2026-10-21T22%3A00Z..2026-11-20T23%3A00Z" in query
    assert query.endswith("&sort=cost&min_cost=1")
    assert "model=many" in query


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"sort": "price"}, "sort 'price' is not known"),
        ({"min_duration": "30"}, "min_duration '30' is not a length of time"),
        ({"max_cost": "dear"}, "max_cost 'dear' is not an amount of money"),
        ({"columns": "start,modle"}, "columns has 'modle', which is no column. Did you mean"),
        ({"after": "nonsense"}, "'nonsense' was not given"),
        ({"outlier": "files"}, "outlier 'files' is not known"),
        ({"kind": "odd"}, "kind 'odd' is not known"),
        ({"import": "bad export"}, "import 'bad export' is not the number of one"),
    ],
)
def test_a_bad_value_is_named_and_shows_no_runs(table: Page, asked: dict[str, str], named: str) -> None:
    found = html(table, **asked)
    assert named in words(found[BODY])
    assert "Allowed:" in words(found[BODY])
    assert found[ids.RUNS_COUNT] == ""
    assert "data-run" not in found[BODY]


def test_nothing_found_says_what_was_looked_for_and_clears_it(table: Page) -> None:
    found = Reader(html(table, q="nowhere", min_cost="1", model="many")[BODY])
    said = " ".join(found.texts)
    assert "No run matches" in said
    assert "last 30 days, model many" in said
    assert "whose error says 'nowhere', cost at least $1.00" in said
    assert {"q", "min_cost", "after"} <= found.asks[0]["set"].keys()
    assert set(found.asks[0]["set"].values()) == {""}


def test_a_run_outside_of_the_filters_is_found_by_its_id(table: Page) -> None:
    markup = html(table, q="late", model="many")[BODY]
    assert "The run with this id is outside of them" in words(markup)
    assert 'href="/runs/late?' in markup


def test_outliers_are_marked_and_can_be_asked_for(bare_page: Page, engine: Engine, run: Run) -> None:
    with Writer(engine) as writer:
        writer.write(
            [run(invocation_id=f"r{n}", duration_ms=Decimal(1000 + n), total_tokens=5) for n in range(60)]
        )
        writer.write([run(invocation_id="slow", duration_ms=Decimal(900_000), total_tokens=5)])
    assert rows(bare_page, outlier="duration") == ["slow"]
    markup = html(bare_page, sort="-duration")[BODY]
    assert cells(markup, "slow")["duration"] == "high 15m 00s"
    assert markup.count('class="high"') == 1


# ---- one run --------------------------------------------------------------------------------------------


def one(page: Page, panel: str, run_id: str, **asked: str) -> dict[str, str]:
    found: dict[str, str] = page.answer(panel, path=f"/runs/{run_id}", **asked)["html"]
    return found


def test_everything_about_a_run(table: Page) -> None:
    found = one(table, ids.RUN, "best")
    head, body = words(found[ids.RUN_HEAD]), words(found[ids.RUN_BODY])
    assert "best success fixer 2.0 with claude 20 Nov 10:00:05" in head
    for said in (
        "Duration 1m 38s", "Cost $0.00420 estimated from tokens", "Tokens 1,234", "LLM calls 3", "Tool calls 7",
        "Files modified 2", "40.0 % of the input came from the cache", "Uncached input 500", "Cache read 400",
        "Cache write 100", "Output 234", "bash 5", "edit <b> 2", "src/a.py", "b & c.md", "repository web/shop",
        'deep {"n": [1]}', "retries 2", "Started 20 Nov 10:00:05", "Ended 20 Nov 10:01:42", "Times in Europe/Berlin",
        "Brought by not known", "Trace 0af7651916cd43dd8448eb211c80319c",
    ):  # fmt: skip
        assert said in body, said
    assert "Error" not in body


def test_what_a_run_shares_leads_to_the_runs_that_share_it(table: Page) -> None:
    body = unescape(one(table, ids.RUN, "best", status="failed", range="7d")[ids.RUN_BODY])
    for query in (
        "attr.repository=web%2Fshop",
        "attr.retries=2",
        "tool=bash",
        "agent=fixer",
        "version=2.0",
        "model=claude",
    ):
        assert re.search(rf'href="/runs\?[^"]*{re.escape(query)}[^"]*"', body), query
    assert "attr.deep" not in body
    assert "status=failed" not in body  # all of its peers, not those of the view
    assert "range=7d" in body


def test_the_error_whole_and_how_often_it_occurs(table: Page) -> None:
    body = one(table, ids.RUN, ODD)[ids.RUN_BODY]
    assert "\n  Rate limit exceeded\nretry in 3 s &lt;script&gt;</pre>" in body
    assert "Category rate limit . 2 runs with the same error , last 30 days" in words(body)
    assert re.search(r'href="/runs\?[^"]*error=Rate%20limit%20exceeded', body)
    assert "1 run with the same error , last 24 hours" not in words(body)


def test_the_record_as_json_is_that_of_the_api(table: Page) -> None:
    for run_id in ("best", ODD):
        found = re.search(
            r"<pre [^>]*id=\"run-json\"[^>]*>(.*?)</pre>",
            one(table, ids.RUN, run_id)[ids.RUN_HEAD],
            re.DOTALL,
        )
        assert found
        record = json.loads(unescape(found[1]))
        assert record["invocationId"] == run_id
        assert record == table.client.get(f"/api/runs/{quote(run_id, safe='')}").get_json()


def places(page: Page, run_id: str, **asked: str) -> str:
    return words(one(page, ids.RUN_PEERS, run_id, **asked)[ids.RUN_PEERS])


def test_the_place_among_its_peers_says_no_more_than_was_counted(table: Page) -> None:
    # many-117 cost more than 116 of the 119 others: 97.48 %, told as 97.
    assert "Against the runs of its model (many), last 30 days" in places(table, "many-117")
    assert "Cost more than 97 % of 119 other runs" in places(table, "many-117")
    assert "Cost more than all 119 other runs" in places(table, "many-120")
    assert "Cost less than 99 % of 119 other runs" in places(table, "many-002")
    assert "Cost less than all 119 other runs" in places(table, "many-001")
    assert "The only run to compare with is this one" in places(table, "best")
    assert places(table, ODD) == ""  # neither cost nor duration nor tokens are known


def test_the_neighbours_are_those_of_the_table(table: Page) -> None:
    def around(run_id: str, **asked: str) -> list[str]:
        markup = one(table, ids.RUN_AROUND, run_id, **asked)[ids.RUN_AROUND]
        return [urlsplit(link).path.rpartition("/")[2] for link in re.findall(r'href="([^"]+)"', markup)]

    assert around("late") == [quote(ODD, safe=""), "many-120"]
    assert around("best") == [quote(ODD, safe="")]  # none before
    assert around("many-001") == ["many-002"]  # none after
    assert around("many-050", sort="cost") == ["many-049", "many-051"]
    assert around("many-050", model="many", max_cost="0.50", sort="-cost") == ["many-049"]
    assert around("late", sort="nonsense") == [quote(ODD, safe=""), "many-120"]


@pytest.mark.parametrize("panel", [ids.RUN, ids.RUN_PEERS, ids.RUN_AROUND])
def test_an_unknown_id_is_not_found(table: Page, panel: str) -> None:
    found = one(table, panel, "no <such> run")
    said = words("".join(found.values()))
    assert ("There is no run with this id" in said) == (panel == ids.RUN)
    if panel == ids.RUN:
        assert "no <such> run" in said
        assert 'data-state="404"' in found[ids.RUN_BODY]


def test_a_run_that_is_no_longer_kept_says_so(table: Page) -> None:
    found = one(table, ids.RUN, "dropped")
    assert "This run is no longer kept" in words(found[ids.RUN_BODY])
    assert "dropped started on 5 Mar 11:00:00 (Europe/Berlin)" in words(found[ids.RUN_BODY])
    assert places(table, "dropped") == ""
