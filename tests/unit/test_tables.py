"""The comparison of models, and the states in which there are no numbers."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pandas as pd
import pytest

from layouts import ids, states, tables

NAN = math.nan
ICONS = {path.stem for path in (Path(__file__).parents[2] / "assets/vendor/bootstrap-icons").glob("*.svg")}


def frame(*rows, **columns):
    """Models as (name, runs, success rate); the rest as given, or 0."""
    data = pd.DataFrame(
        [{"model": name, "runs": float(runs), "success_rate": rate} for name, runs, rate in rows]
    )
    for name in tables.METRICS:
        if name not in data:
            data[name] = pd.Series(columns.get(name, [0.0] * len(rows)), dtype=float)
    return data


def as_json(component):
    return json.loads(json.dumps(component.to_plotly_json(), cls=_Encoder))


class _Encoder(json.JSONEncoder):
    def default(self, component):
        return component.to_plotly_json()


def rows_of(table):
    return as_json(table.body)["props"]["children"][2]["props"]["children"]


def cells_of(row):
    return [cell["props"] for cell in row["props"]["children"]]


def text(props) -> str:
    if props is None:
        return ""
    if isinstance(props, str):
        return props
    if isinstance(props, list):
        return "".join(map(text, props))
    return text(props.get("props", props).get("children"))


TWO = frame(("gpt-4", 200, 0.8), ("claude, opus", 12, 0.9), cache_hit_rate=[0.5, NAN])


def test_one_row_a_model_with_its_numbers(asked):
    first, second = rows_of(tables.models(TWO, asked(), ["gpt-4", "claude, opus"]))
    assert [text(cell) for cell in cells_of(first)] == [
        "gpt-4", "200", "80.0\u202f%", "0\u202fms", "0\u202fms", "$0.00", "$0.00", "0", "50.0\u202f%",
    ]  # fmt: skip
    assert text(cells_of(second)[8]) == "–"
    assert text(cells_of(second)[2]) == "few runs90.0\u202f%"


def test_bars_are_of_the_most_or_of_all(asked):
    rows = rows_of(tables.models(TWO, asked(), ["gpt-4", "claude, opus"]))
    widths = [re.findall(r'"width": "([\d.]+%)"', json.dumps(row)) for row in rows]
    assert widths == [["100.0%", "80.0%", "50.0%"], ["6.0%", "90.0%"]]


def test_cells_carry_what_they_are_sorted_by(asked):
    first, second = rows_of(tables.models(TWO, asked(), []))
    assert [cell["data-value"] for cell in cells_of(first)[:3]] == ["gpt-4", "200.0", "0.8"]
    assert cells_of(second)[8]["data-value"] == "", "what is not known is sorted last"


def test_headings_sort_and_say_how(asked):
    head = as_json(tables.models(TWO, asked(), []).body)["props"]["children"][1]["props"]["children"]
    headings = [cell["props"] for cell in head["props"]["children"]]
    assert [h["aria-sort"] for h in headings] == ["none", "descending"] + ["none"] * 7
    assert [h["children"]["props"]["data-sort"] for h in headings] == [
        "model",
        *(c.metric for c in tables.COLUMNS),
    ]
    assert all(h["scope"] == "col" for h in headings)


def test_a_row_asks_for_its_model_alone_and_again_for_all(asked):
    for_all = rows_of(tables.models(TWO, asked(), []))
    assert json.loads(for_all[1]["props"]["data-ask"]) == {"set": {"model": "claude%2C opus"}}
    chosen = rows_of(tables.models(TWO, asked(model="gpt-4"), []))
    assert json.loads(chosen[0]["props"]["data-ask"]) == {"set": {"model": ""}}
    assert "Show all models again" in json.dumps(chosen[0])


def test_a_cut_list_says_so(asked):
    many = frame(*[(f"m{i}", 500 - i, 0.9) for i in range(487)])
    table = tables.models(many, asked(), [])
    assert len(rows_of(table)) == 25
    assert table.subtitle.endswith("25 of 487 models, those with most runs")
    assert tables.models(TWO, asked(), []).subtitle.endswith("2 models")


def test_warnings_are_of_all_models_together(asked):
    got = tables.models(
        frame(("a", 200, 0.8), ("b", 200, 0.8), runs_without_cost=[3, 1]), asked(), []
    ).warnings
    assert [warning.text for warning in got] == ["4 runs (1.0\u202f%) lack a cost and are left out"]


def test_no_models_no_table(asked):
    empty = frame(("a", 1, 0.5)).iloc[:0]
    assert text(as_json(tables.models(empty, asked(), []).body)) == "No runs"


def test_the_card_has_its_places():
    page = json.dumps(as_json(tables.models_card()))
    for name in (ids.subtitle(ids.MODELS), ids.warnings(ids.MODELS), ids.body(ids.MODELS)):
        assert f'"{name}"' in page


# ---- states ---------------------------------------------------------------------------------------------

STATES = {
    "empty database": states.empty_database(),
    "empty result": states.empty_result(
        "last 7 days, model gpt-9", [("model", "gpt-9", '{"set": {"model": ""}}')]
    ),
    "nobody to blame": states.empty_result("last 7 days, failed runs, model gpt-9", []),
    "error": states.error_card("7f3a22c1"),
    "database away": states.database_away(),
    "bad request": states.bad_request([("range '7x' is not a range", "24h, 7d"), ("odd", "")]),
}


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("empty database", "fixer-metrics import PATH"),
        ("empty result", "It is the filter model (gpt-9) that removes everything"),
        ("empty result", "Clear model: gpt-9"),
        ("empty result", "Asked for: last 7 days, model gpt-9."),
        ("nobody to blame", "No single filter is to blame"),
        ("nobody to blame", "Reset all filters"),
        ("error", "7f3a22c1"),
        ("error", "Try again"),
        ("database away", "keeps trying"),
        ("bad request", "range '7x' is not a range"),
        ("bad request", "Allowed: 24h, 7d"),
    ],
)
def test_each_state_says_what_to_do(state, said):
    assert said in text(as_json(STATES[state]))


@pytest.mark.parametrize("state", STATES)
def test_what_a_state_asks_for_can_be_read_and_its_icon_is_there(state):
    page = json.dumps(as_json(STATES[state]))
    for request in re.findall(r'"data-ask": "((?:[^"\\]|\\.)*)"', page):
        assert set(json.loads(json.loads(f'"{request}"'))) <= {"set", "search", "refresh"}
    assert set(re.findall(r"bi bi-([a-z0-9-]+)", page)) <= ICONS
    assert "undefined" not in page


def test_errors_are_alerts_and_the_rest_is_news():
    roles = {name: state.role for name, state in STATES.items()}
    assert {name for name, role in roles.items() if role == "alert"} == {
        "error",
        "database away",
        "bad request",
    }


def test_skeletons_have_the_shape_of_what_comes():
    assert len(states.card_skeletons()) == 12
    assert states.skeleton("ring").className == "skeleton skeleton-ring"
