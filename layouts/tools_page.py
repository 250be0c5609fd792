"""Which tools runs call, and what difference they make."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component


def content() -> list[Component]:
    return [html.H1("Tools", className="page-title")]
