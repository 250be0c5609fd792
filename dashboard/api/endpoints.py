"""Roof: the endpoints of the API, a record each: read by the routes, the description and the README."""

from __future__ import annotations

from dashboard.api import (
    alert_endpoints,
    answers,
    changes,
    compare,
    data,
    errors,
    exports,
    in_flight,
    markers,
    money,
    names,
    runs,
    tools,
    unusual,
    views,
)
from dashboard.api.endpoint import PREFIX, Endpoint
from dashboard.api.parameters import (
    ADJUST,
    AGAINST,
    BREAK_DOWN_BY,
    CHANGE_BY,
    COMPARE_BY,
    CURSOR,
    MEMBERS,
    METRIC_OF_CHANGE,
    METRICS,
    RUNS_PER_PAGE,
    SIDE_A,
    SIDE_B,
    SPLIT_BY,
    SPLIT_MEMBERS,
    VOCABULARY,
)
from dashboard.api.run_parameters import FORMAT, OF_RUNS, RUN_ID
from queries.in_flight import SHOWN
from queries.runs import COUNTED

SUMMARY = Endpoint(
    f"{PREFIX}/metrics/summary",
    "The figures of the whole period",
    "The cards of the page. With compare=previous also those of the previous period, and of the part of this "
    "period that has passed: `previous` is to be compared with `elapsed`, which are equally long.",
    "Summary",
    (*VOCABULARY, METRICS),
    answers.summary,
)
TIMESERIES = Endpoint(
    f"{PREFIX}/metrics/timeseries",
    "The figures by hour, day or week",
    "The charts of the page. Every bucket that has begun is there: with counts and sums of 0, and averages "
    "and rates of null where it has no runs. One that is still filling is marked as partial.",
    "Timeseries",
    (*VOCABULARY, SPLIT_BY, METRICS, SPLIT_MEMBERS),
    answers.timeseries,
    series=True,
)
BREAKDOWN = Endpoint(
    f"{PREFIX}/metrics/breakdown",
    "The figures by model, agent, version, status, error, tool or attribute",
    "Most runs first; all four statuses, always. `total` says how many there are where `items` are cut.",
    "Breakdown",
    (BREAK_DOWN_BY, *VOCABULARY, METRICS, MEMBERS),
    answers.breakdown,
)
TOOLS = Endpoint(
    f"{PREFIX}/metrics/tools",
    "Which tools runs call, and how runs fare with and without each",
    "Most runs first. `without` are the runs that report their tools and did not call this one. A difference "
    "is no cause: runs that call a tool differ in more than the tool. Intervals of 95 %, null where fewer "
    "than 30 runs are on a side.",
    "Tools",
    (*VOCABULARY, MEMBERS),
    tools.tools,
)
MODELS = Endpoint(
    f"{PREFIX}/metrics/models", "The models in the data",
    "All that have runs, most runs first, over the whole of the data: what a filter can offer.",
    "Models", answer=answers.models,
)  # fmt: skip
NAMES = Endpoint(
    f"{PREFIX}/metrics/names", "The names that a filter can offer",
    "Of a dimension, those with most runs of the filters first, found by a part of the name.",
    "Names", names.PARAMETERS, names.answer,
)  # fmt: skip
RUNS = Endpoint(
    f"{PREFIX}/metrics/runs",
    "The runs themselves, newest first or by what they took",
    "In pages: `nextUrl` is the address of the one after, with the period held fast, so that following it to "
    "the end gives each run once, whatever comes in meanwhile. `total` says how many there are; where `more` "
    "is true there are more than that: runs found by anything but the filters are counted up to "
    f"{COUNTED:,}. Instants are in UTC.",
    "Runs",
    (*VOCABULARY, *OF_RUNS, RUNS_PER_PAGE, CURSOR),
    runs.listed,
)
IN_FLIGHT = Endpoint(
    f"{PREFIX}/runs/in-flight",
    "Runs that were announced and have not ended",
    f"The oldest first, at most {SHOWN}; `total` and `overdue` are of all. They count in no figure until "
    "they end. A run is overdue once it takes longer than 99 of 100 of its model did in the last 30 days.",
    "InFlight",
    answer=in_flight.answer,
    lasting=False,
)
RUN = Endpoint(
    f"{PREFIX}/runs/{{run_id}}",
    "One run",
    "Its whole record. 404 for an id that no run ever had here, 410 where the record is no longer kept.",
    "WholeRun",
    (),
    runs.one,
    within=(RUN_ID,),
    missing=(404, 410),
)
EXPORT = Endpoint(
    f"{PREFIX}/export/runs.{{format}}",
    "All runs as a file",
    "Streamed, however many there are: the fields of the API, a run a line or row, of one state of the data. "
    "A download that ends early was cut: it then breaks off as an error, never quietly. In CSV a text that a "
    "spreadsheet would take for a formula gets an apostrophe in front; numbers are never changed. The header "
    "`Link` names the sidecar that says what is in the file, `X-Fixer-Metrics-Filters` the filters.",
    "",
    (*VOCABULARY, *OF_RUNS),
    within=(FORMAT,),
    missing=(404,),
    send=exports.send,
)
EXPORT_META = Endpoint(
    f"{PREFIX}/export/runs.{{format}}.meta.json",
    "What is in such a file",
    "Filters, period, order, fields, how many runs, and the state of the data.",
    "ExportMeta",
    (*VOCABULARY, *OF_RUNS),
    exports.meta,
    within=(FORMAT,),
    missing=(404,),
)
ERRORS = Endpoint(
    f"{PREFIX}/metrics/errors",
    "Failed runs in groups, by the template of their message or by category",
    "The errors page. Most runs first; groups that are gone come last. `total` says how many there are where "
    "`items` are cut.",
    "Errors",
    (errors.GROUP_BY, *VOCABULARY, errors.GROUPS),
    errors.errors,
    series=True,
)
MONEY = Endpoint(
    f"{PREFIX}/metrics/money",
    "Waste, cache savings and the month against its budget",
    "Kinds of waste overlap: they do not add up. The budget is for all runs of the calendar month of the "
    "zone: the filters do not count there.",
    "Money",
    VOCABULARY,
    money.money,
    lasting=False,
)
HEALTH = Endpoint(
    f"{PREFIX}/data/health",
    "How sound the data are",
    "Freshness, what runs lack, odd times, what costs rest on, how the rollups stand.",
    "Health",
    VOCABULARY,
    data.health,
    lasting=False,
)
VERSION = Endpoint(
    f"{PREFIX}/data/version",
    "The version of the data",
    "Changes exactly with each commit of runs; `inFlight` with each announcement of one. Asked again with "
    "If-None-Match it costs one small statement: the page asks every few seconds whether there is something "
    "new.",
    "Version",
    answer=data.version,
    version=data.pulse,
)
IMPORTS = Endpoint(
    f"{PREFIX}/data/imports",
    "The newest imports: what each brought, skipped and rejected",
    "At most fifty, the newest first.",
    "Imports",
    listing=data.imports,
)
WORKER = Endpoint(
    f"{PREFIX}/data/worker",
    "Whether a worker leads, and what became of its jobs",
    "Those in trouble first; `failures` says how often in a row a job has failed, `problem` why.",
    "Worker",
    listing=data.worker,
)
COMPARISON = Endpoint(
    f"{PREFIX}/data/verify",
    "Whether the rollups are what the runs say",
    "What became of the last comparison; POST begins one.",
    "Comparison",
    listing=data.comparison,
)
CHANGES = Endpoint(
    f"{PREFIX}/metrics/changes",
    "Why a number changed",
    "The change of a metric between two periods, split over the members of a dimension: volume (more runs "
    "in all), mix (a larger share of them), rate (their own). The effects add up to the change to the last "
    "digit; biggest contributors first, `others` holds what `limit` cuts. Percentiles, and tools, of which a "
    "run may have several, are not split: their items have their own old and new value.",
    "Changes",
    (METRIC_OF_CHANGE, CHANGE_BY, AGAINST, *VOCABULARY, MEMBERS),
    changes.changes,
)
COMPARE_SIDES = Endpoint(
    f"{PREFIX}/metrics/compare",
    "Two sets of runs side by side",
    "Every metric of A and B, the difference (A less B) with its 95 % interval and the method that made it, "
    "and a verdict in words. `apart` stands among all differences looked at (Holm), `maybe` only by itself.",
    "Compared",
    (SIDE_A, SIDE_B, COMPARE_BY, ADJUST, *VOCABULARY),
    compare.comparison,
)
EVENTS = Endpoint(
    f"{PREFIX}/metrics/events",
    "First runs of versions and own markers, with figures before and after",
    "What is marked on the time charts of the page, oldest first. Before: from the marker before (of the "
    "same agent; for own markers, the own one before) or the start of the period; after: up to the next one, "
    "or now. The hour of the marker counts for neither. 95 % intervals: Wilson for the success rate, "
    "Student's t over whole days for runs a day, the ratio estimator over hours with Student's t for means "
    "per run.",
    "Events",
    VOCABULARY,
    markers.events,
    lasting=False,
)
MARKERS = Endpoint(
    f"{PREFIX}/markers", "The markers made by hand", "All of them, oldest first.",
    "Markers", listing=markers.listing,
)  # fmt: skip
UNUSUAL = Endpoint(
    f"{PREFIX}/metrics/unusual",
    "What is unusual in the period",
    "The strip of the overview (`items`) and what its charts mark (`flags`): buckets that lie more than "
    "`standardDeviations` from what was to be expected from the weeks before. Of the flags about one in "
    "twenty looked at is chance, at two standard deviations; at most one in ten of the items is.",
    "Unusual",
    (*VOCABULARY, unusual.BAND),
    unusual.answer,
    series=True,
    lasting=False,
)
VIEWS = Endpoint(
    f"{PREFIX}/views", "The saved views",
    "All of them, by name. `url` is the address of a page; `/` leads to that of the start view.",
    "Views", listing=views.listing,
)  # fmt: skip
DEFINITIONS = Endpoint(
    f"{PREFIX}/metrics/definitions", "What each metric means",
    "The records that cards, charts, tables and this API are made of.",
    "Definitions",
)  # fmt: skip
DESCRIPTION = Endpoint(f"{PREFIX}/openapi.json", "This API in OpenAPI 3.1", "This document.", "Description")

ENDPOINTS = (
    SUMMARY,
    TIMESERIES,
    BREAKDOWN,
    TOOLS,
    MODELS,
    NAMES,
    RUNS,
    IN_FLIGHT,
    RUN,
    EXPORT,
    EXPORT_META,
    ERRORS,
    MONEY,
    HEALTH,
    VERSION,
    IMPORTS,
    WORKER,
    COMPARISON,
    CHANGES,
    COMPARE_SIDES,
    EVENTS,
    UNUSUAL,
    MARKERS,
    VIEWS,
    *alert_endpoints.ENDPOINTS,
    DEFINITIONS,
    DESCRIPTION,
)
