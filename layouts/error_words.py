"""How errors are written: templates with their masked parts marked, categories as words, states as tags."""

from __future__ import annotations

import re

from dash import html
from dash.development.base_component import Component

from layouts.attrs import attrs

NO_MESSAGE = "Failed without a message"
NO_CATEGORY = "No category"

_MASK = re.compile(r"<(n|id|time|path|url|host|text)>")
_MASKED = {
    "n": "number",
    "id": "id",
    "time": "time",
    "path": "path",
    "url": "URL",
    "host": "host",
    "text": "text",
}
# state -> (look of its tag, what it means)
_STATES = {
    "new": ("bad", "Never seen before this period"),
    "growing": ("warn", "More of all runs than in the previous period, beyond chance"),
    "back": ("warn", "Seen earlier, not in the previous period, and now again"),
    "gone": ("good", "There in the previous period, and not now"),
}


def template_words(template: str) -> list[Component | str]:
    """``took <n> s`` with what stands for a value of each run set apart."""
    if not template:
        return [html.Span(NO_MESSAGE, className="quiet")]
    parts: list[Component | str] = []
    end = 0
    for found in _MASK.finditer(template):
        parts += [template[end : found.start()], _mask(found[1])]
        end = found.end()
    return [part for part in [*parts, template[end:]] if part != ""]


def _mask(kind: str) -> Component:
    return html.Span(_MASKED[kind], className="mask", title=f"a {_MASKED[kind]} that differs from run to run")


def category_words(category: str) -> str:
    """``rate_limit`` -> ``Rate limit``."""
    return category.replace("_", " ").capitalize() if category else NO_CATEGORY


def state_tag(state: str) -> Component | None:
    if not state:
        return None
    look, meaning = _STATES[state]
    return html.Span(state, className=f"tag {look}", title=meaning, **attrs(data_state=state))
