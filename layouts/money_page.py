"""Waste, cache savings and the budget."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component


def content() -> list[Component]:
    return [html.H1("Money", className="page-title")]
