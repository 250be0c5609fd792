"""The log of imports: what each brought, skipped and rejected, and the button that takes one back."""

from __future__ import annotations

from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

from layouts import words
from layouts.attrs import attrs
from layouts.data_health import moment
from queries.health import IMPORTS_SHOWN, Import

HEADS = ("Import", "When", "Read", "Brought", "Skipped", "Rejected", "Runs now", "")


def table(imports: list[Import], tz: str) -> Component:
    if not imports:
        text = "Nothing has been imported yet: `fixer-metrics import PATH` brings runs in."
        return html.P(text, className="quiet")
    return html.Table(
        [
            html.Caption("Imports, the newest first", className="visually-hidden"),
            html.Thead(html.Tr([html.Th(head, scope="col") for head in HEADS])),
            html.Tbody([_row(one, tz) for one in imports]),
        ],
        className="plain imports sheet",
    )


def subtitle(shown: int, number: int) -> str:
    """``number``: of all imports there are. The filters of the page do not count here."""
    said = words.count(number, "import") if number <= shown else f"The newest {shown} of {number:,} imports"
    return f"{said}, the newest first; the filters do not count here"


def _row(one: Import, tz: str) -> Component:
    source = one.source if len(one.source) <= 90 else f"{one.source[:89]}…"
    name = [html.Span(source, className="source", title=one.source), html.Small(f"no. {one.import_id}")]
    cells = [
        html.Td([html.Span(moment(one.started_at, tz)), _ended(one)]),
        html.Td(f"{one.read:,}"),
        html.Td([html.Span(f"{one.inserted:,}"), *_brought(one)]),
        html.Td([html.Span(f"{one.already_there:,}"), _small(one.differing, "differing")]),
        html.Td(f"{one.rejected:,}", className="bad" if one.rejected else None),
        html.Td(_runs(one, tz)),
        html.Td(_state(one, tz), className="act"),
    ]
    return html.Tr([html.Th(name, scope="row"), *cells], **attrs(data_import=str(one.import_id)))


def _brought(one: Import) -> list[Component | None]:
    return [_small(one.replaced, "replaced"), _small(one.dropped, "dropped by retention")]


def _runs(one: Import, tz: str) -> Component:
    """Those that are there: what was replaced by another import since, or taken back, is not its any more."""
    number = f"{one.runs.number:,}"
    if not one.runs.number:
        return html.Span(number)
    text = f"more than {number}" if one.runs.more else number
    runs = f"more than {number} runs" if one.runs.more else words.count(one.runs.number, "run")
    return html.A(
        text,
        href=runs_of(one.import_id, tz),
        **attrs(aria_label=f"{runs} of import {one.import_id}: show them"),
    )


def runs_of(import_id: int, tz: str) -> str:
    """The address of the runs that an import brought, of any time, what it still brings among them."""
    return f"/runs?import={import_id}&range=all&tz={quote(tz, safe='')}"


def _ended(one: Import) -> Component | None:
    """Nothing where it ended as it should."""
    return None if one.finished_at else html.Small("has not ended, or was broken off")


def _small(number: int, what: str) -> Component | None:
    return html.Small(f"{number:,} {what}") if number else None


def _state(one: Import, tz: str) -> list[Component]:
    """What became of it since, and the button."""
    if one.taken_back_at:
        return [
            html.Small(f"{words.count(one.taken_back, 'run')} taken back on {moment(one.taken_back_at, tz)}")
        ]
    if one.going_back:
        return [_progress(f"Taking back: {one.taken_back:,} runs so far")]
    if not one.can_be_taken_back:
        return []
    half = [html.Small(f"broken off after {words.count(one.taken_back, 'run')}")] if one.taken_back else []
    asks = attrs(
        data_edits="",
        data_take_back=str(one.import_id),
        data_source=one.source[:200],
        data_brought=str(one.brought),
        data_dropped=str(one.dropped),
        aria_label=f"Take back import {one.import_id}, {one.source[:90]}",
    )
    label = "Go on taking back" if one.taken_back else "Take back"
    return [*half, html.Button(label, type="button", className="btn btn-outline-secondary btn-sm", **asks)]


def _progress(text: str) -> Component:
    # assets/data.js sees it and looks again until it is over.
    return html.Span(text, className="going", **attrs(data_going="true"))


def dialog() -> Component:
    """Asks before anything is taken back; assets/data.js fills it and opens it."""
    buttons = html.Div(
        [
            html.Button(
                "Cancel", type="button", className="btn btn-outline-secondary", id="take-back-cancel"
            ),
            html.Button("Take back", type="button", className="btn btn-danger", id="take-back-go"),
        ],
        className="dialog-actions",
    )
    warning = (
        "They leave every chart, card and table, and enter again if they are imported again. Runs that this "
        "import replaced are gone, too: what stood there before is not kept."
    )
    return html.Dialog(
        [
            html.H2("Take this import back?", id="take-back-title"),
            html.P(id="take-back-what"),
            html.P(warning, className="quiet"),
            html.P(id="take-back-error", className="bad", role="alert"),
            buttons,
        ],
        id="take-back",
        **attrs(aria_labelledby="take-back-title", aria_describedby="take-back-what"),
    )


__all__ = ["IMPORTS_SHOWN", "dialog", "subtitle", "table"]
