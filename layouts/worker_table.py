"""What the worker does in the background, and which of its jobs are in trouble."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from layouts import words
from layouts.data_health import moment
from queries.workers import JobState

_HEADS = ("Job", "Last done", "What it did", "State")
_NO_WORKER = (
    "No worker runs: the server itself folds rollups and makes facets. Partitions ahead, retention and "
    "whatever else is due by itself wait for one: `fixer-metrics worker`."
)


def subtitle(led: bool) -> str:
    return "A worker leads" if led else "No worker leads"


def body(led: bool, jobs: list[JobState], tz: str) -> list[Component]:
    return [*([] if led else [html.P(_NO_WORKER, className="quiet")]), *([_table(jobs, tz)] if jobs else [])]


def _table(jobs: list[JobState], tz: str) -> Component:
    return html.Table(
        [
            html.Caption("Jobs of the worker", className="visually-hidden"),
            html.Thead(html.Tr([html.Th(head, scope="col") for head in _HEADS])),
            html.Tbody([_row(job, tz) for job in jobs]),
        ],
        className="plain",
    )


def _row(job: JobState, tz: str) -> Component:
    return html.Tr(
        [
            html.Th(job.job, scope="row"),
            html.Td(moment(job.succeeded_at, tz) if job.succeeded_at else "never"),
            html.Td(job.did or ""),
            html.Td(_state(job), className="bad" if job.failures else None),
        ]
    )


def _state(job: JobState) -> str:
    return f"failed {words.count(job.failures, 'time')}: {job.problem}" if job.failures else "as it should be"
