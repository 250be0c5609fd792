"""Components as HTML text, for what changes with every answer.

Every Dash component that stands on a page is asked at every change of any other whether it must be drawn
again. Twelve cards and a table make a thousand of them: a filter click then took seconds in the browser.
What needs no callback of its own is therefore sent as HTML, which assets/panels.js puts in its place.
"""

from __future__ import annotations

import html
import re
from typing import Any

from dash.development.base_component import Component

_NAMES = {"className": "class", "htmlFor": "for"} | {
    name: name.lower() for name in ("tabIndex", "colSpan", "rowSpan")
}
_VOID = frozenset({"br", "hr", "img", "input"})  # have no content, and no end
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")  # backgroundColor -> background-Color


def markup(node: Any) -> str:
    """HTML of a component of dash.html, of text, of a number, or of a list of these; all text is escaped."""
    if node is None or isinstance(node, bool):
        return ""
    if isinstance(node, (list, tuple)):
        return "".join(map(markup, node))
    if isinstance(node, Component):
        return _element(node)
    return html.escape(str(node), quote=False)


def _element(component: Component) -> str:
    shape = component.to_plotly_json()
    if shape["namespace"] != "dash_html_components":
        raise TypeError(f"{shape['type']} of {shape['namespace']} is no plain HTML")
    props = dict(shape["props"])
    children, tag = props.pop("children", None), shape["type"].lower()
    # Sorted: Dash hands them out in another order each time, and what stays the same is not drawn again.
    opening = f"<{tag}{''.join(_attribute(*item) for item in sorted(props.items()))}>"
    return opening if tag in _VOID else f"{opening}{markup(children)}</{tag}>"


def _attribute(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    if name == "style":
        value = ";".join(f"{_property(key)}:{item}" for key, item in value.items())
    written = "" if value is True else f'="{html.escape(str(value))}"'
    return f" {_NAMES.get(name, name)}{written}"


def _property(name: str) -> str:
    return name if name.startswith("--") else _WORD.sub("-", name).lower()


def lighten(component: Component, alive: frozenset[str]) -> Component:
    """The same page out of fewer Dash components: what never changes through a callback becomes HTML in
    the attribute ``data-html`` of the component around it, unpacked in the browser before it is drawn.

    ``alive``: ids of plain HTML that callbacks do change.
    """
    parts = _parts(component)
    if not any(isinstance(part, Component) for part in parts):
        return component
    if _plain(component) and all(_still(part, alive) for part in parts):
        del component.children
        setattr(component, "data-html", markup(parts))
    else:
        component.children = [lighten(part, alive) if isinstance(part, Component) else part for part in parts]
    return component


def _plain(component: Component) -> bool:
    return component.to_plotly_json()["namespace"] == "dash_html_components"


def _still(node: Any, alive: frozenset[str]) -> bool:
    if not isinstance(node, Component):
        return True
    if not _plain(node) or getattr(node, "id", None) in alive:
        return False
    return all(_still(part, alive) for part in _parts(node))


def _parts(component: Component) -> list[Any]:
    children = getattr(component, "children", None)
    return list(children) if isinstance(children, (list, tuple)) else [children]
