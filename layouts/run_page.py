"""Everything about one run."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component


def content() -> list[Component]:
    return [html.H1("Run", className="page-title")]
