"""Components as HTML: nothing of the data can become markup, and nothing that callbacks change is frozen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from dash import dcc, html

from layouts import ids, page, pages
from layouts.markup import lighten, markup
from layouts.options import Options


def test_text_and_attributes_are_escaped() -> None:
    model = '<img src=x onerror="alert(1)">&\''
    assert markup(html.B(model, title=model)) == (
        '<b title="&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#x27;">'
        '&lt;img src=x onerror="alert(1)"&gt;&amp;\'</b>'
    )


def test_every_kind_of_child_and_attribute() -> None:
    made = html.Div(
        ["a", None, 3, html.I(className="key", style={"--key": "red", "backgroundColor": "blue"})],
        hidden=True,
        tabIndex=0,
        title=None,
        **{"aria-pressed": "false", "data-ask": '{"a": 1}'},
    )
    assert markup(made) == (
        '<div aria-pressed="false" data-ask="{&quot;a&quot;: 1}" hidden tabindex="0">'
        'a3<i class="key" style="--key:red;background-color:blue"></i></div>'
    )
    assert markup([html.B("x"), "y"]) == "<b>x</b>y"
    assert markup(None) == markup([]) == ""


def test_what_is_no_plain_html_is_refused() -> None:
    with pytest.raises(TypeError, match="Graph of dash_core_components"):
        markup(html.Div(dcc.Graph()))


def test_what_never_changes_becomes_html_and_the_rest_stays() -> None:
    light = lighten(
        html.Div(
            [
                html.P([html.B("still"), " text"]),
                html.Div([html.Span(id="changing"), html.I("beside")]),
                html.Div(dcc.Store(id="store")),
            ]
        ),
        frozenset({"changing"}),
    )
    first, second, third = light.children
    assert (getattr(first, "data-html"), getattr(first, "children", None)) == ("<b>still</b> text", None)
    assert [type(child).__name__ for child in second.children] == ["Span", "I"]
    assert [child.id for child in third.children] == ["store"]


def test_the_page_is_light_and_keeps_what_callbacks_need() -> None:
    frame = [part for part in page.layout(Options())._traverse() if hasattr(part, "to_plotly_json")]
    overview = list(_components(pages.contents()["/"]))
    found = {getattr(part, "id", None) for part in frame} | {part["props"].get("id") for part in overview}
    assert {ids.CHIPS, ids.RESET, ids.FILTER_COUNT, ids.FILTERS, *map(ids.graph, ids.CHARTS)} <= found
    # Each is asked at every change of any other: see layouts.markup for what that costs.
    assert len(frame) + len(overview) < 200


def _components(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, list):
        for part in node:
            yield from _components(part)
    elif isinstance(node, dict) and "namespace" in node:
        yield node
        yield from _components(node["props"].get("children"))
