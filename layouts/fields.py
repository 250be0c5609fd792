"""Plain HTML controls that write a parameter of the URL (assets/interact.js); Dash has no plain <input>."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.attrs import attrs


class Input(Component):
    """An <input>; only ever sent as HTML (layouts.markup), for the browser's Dash knows none."""

    _namespace = "dash_html_components"
    _type = "Input"
    _children_props: list[str] = []  # noqa: RUF012 what Dash's base class asks for
    _base_nodes: list[str] = ["children"]  # noqa: RUF012

    def __init__(self, **props: Any) -> None:
        self._prop_names = list(props)
        self._valid_wildcard_attributes = ["data-", "aria-"]
        self.available_properties = self._prop_names
        self.available_wildcard_properties = self._valid_wildcard_attributes
        super().__init__(**props)


def written(parameter: str, label: str, *, kind: str = "text", hint: str = "", **more: Any) -> Component:
    """A field for the URL parameter; Enter or leaving it asks."""
    return Input(
        id=f"set-{parameter}",
        type=kind,
        placeholder=hint or None,
        autoComplete="off",
        spellCheck="false",
        className="plain-field",
        **attrs(data_set=parameter, aria_label=label),
        **more,
    )


def choice(parameter: str, label: str, options: dict[str, str]) -> Component:
    """A list to choose the URL parameter from; '' leaves it out."""
    return html.Select(
        [html.Option(text, value=value) for value, text in options.items()],
        id=f"set-{parameter}",
        className="plain-field",
        **attrs(data_set=parameter, aria_label=label),
    )
