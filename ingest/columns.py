"""Which field of a source is which column of a run: names in snake_case, camelCase and their synonyms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ingest import structures, times, values
from ingest.errors import ErrorReader
from ingest.values import Converter
from queries.errors import UserError, did_you_mean
from queries.measures import STATUSES
from queries.schema import CONTENT_COLUMNS

# SQLAlchemy names columns with a class of its own, which orjson does not take for str.
FIELDS = tuple(str(name) for name in CONTENT_COLUMNS)
INDEX = {name: index for index, name in enumerate(FIELDS)}
# `files_modified` is a list of paths to some sources and their count to others: it has a place of its
# own, after the columns, until the record is whole.
FILES = len(FIELDS)

# What a column is called elsewhere, the likeliest first, without underscores and capitals (`normal`):
# `toolcallscount` stands for tool_calls_count, toolCallsCount and "Tool Calls Count".
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "invocation_id": ("executionid", "runid", "id"),
    "agent": ("agentname",),
    "agent_version": ("version",),
    "model": ("modelname", "modelid"),
    "status": ("outcome",),
    "start_time": ("startedat", "starttimestamp", "start"),
    "end_time": ("endedat", "finishedat", "completedat", "endtimestamp", "end"),
    "duration_ms": ("durationmilliseconds", "elapsedms"),
    "input_tokens": ("totalinputtokens", "prompttokens"),
    "cache_read_tokens": ("cachereadinputtokens", "cachedinputtokens", "cachedtokens"),
    "cache_write_tokens": ("cachewriteinputtokens", "cachecreationinputtokens", "cachecreationtokens"),
    "output_tokens": ("totaloutputtokens", "completiontokens"),
    "cost_usd": ("reportedcostusd", "totalcostusd", "cost", "totalcost"),
    "llm_call_count": ("llmcallscount", "numllmcalls"),
    "tool_call_count": ("toolcallscount", "numtoolcalls"),
    "files_modified": ("filesmodifiedlist", "modifiedfiles"),
    "files_modified_count": ("numfilesmodified",),
}
# Said by an export of ours and by a file of rejected rows; neither says anything of the run.
IGNORED = frozenset({"rejected", "importid", "ingestedat"})

_EITHER = frozenset({"filesmodified", "modifiedfiles"})


@dataclass(frozen=True)
class RecordOptions:
    """How to read a source that does not say it all.

    ``columns``: field of ours -> the source's own name for it (--map). ``statuses``: the source's word
    -> status (--map-status). ``start_time``: ISO-8601, for runs that have none (--start-time).
    ``input_excludes_cache``: the source counts cache reads and writes apart from input tokens.
    ``errors``: what tells the category and template of an error message (None: by our own rules).
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    start_time: str | None = None
    input_excludes_cache: bool = False
    errors: ErrorReader | None = None

    def __post_init__(self) -> None:
        for name, column in self.columns.items():
            _check_mapped(name, column)
        for word, status in self.statuses.items():
            if status not in STATUSES:
                raise UserError(
                    f"--map-status {word}={status}: {status!r} is not a status."
                    f"{did_you_mean(status, STATUSES)} Allowed: {', '.join(STATUSES)}"
                )


def _check_mapped(name: str, column: str) -> None:
    if name in INDEX:
        return
    swapped = f" Did you mean --map {column}={name}?" if column in INDEX else did_you_mean(name, FIELDS)
    raise UserError(
        f"--map {name}={column}: {name!r} is not a field of a run.{swapped} Allowed: {', '.join(FIELDS)}"
    )


@dataclass(frozen=True)
class Plan:
    """What to do with records of one shape.

    ``columns``: (place in the row, the source's name, converter), one for each place at most.
    ``spares``: further names for the same places, used where the first has no value.
    ``extra``: everything else, which becomes attributes.
    """

    columns: tuple[tuple[int, str, Converter], ...]
    spares: tuple[tuple[int, str, Converter], ...]
    extra: tuple[str, ...]


def normal(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def _places() -> dict[str, tuple[int, int]]:
    """Normal name -> (place in the row, rank among the names for it)."""
    places: dict[str, tuple[int, int]] = {}
    for name, index in INDEX.items():
        for rank, synonym in enumerate((normal(name), *SYNONYMS.get(name, ()))):
            places[synonym] = (FILES if synonym in _EITHER else index, rank)
    return places


_PLACES = _places()


def is_known(name: str) -> bool:
    """Whether a column of this name says something of a run."""
    return normal(name) in _PLACES


class Planner:
    """Makes the plan for each shape of record once; most files have one shape."""

    _SHAPES = 1_000

    def __init__(self, options: RecordOptions) -> None:
        self._mapped = {column: name for name, column in options.columns.items()}
        self._converters = _converters(options.statuses)
        self._plans: dict[tuple[str, ...], Plan] = {}

    def plan(self, names: tuple[str, ...]) -> Plan:
        try:
            return self._plans[names]
        except KeyError:
            if len(self._plans) >= self._SHAPES:
                self._plans.clear()
            plan = self._plans[names] = self._make(names)
            return plan

    def _make(self, names: Iterable[str]) -> Plan:
        found: dict[int, list[tuple[int, str]]] = {}
        extra = []
        for name in names:
            place = self._place(name)
            if place:
                found.setdefault(place[0], []).append((place[1], name))
            elif normal(name) not in IGNORED:
                extra.append(name)
        ranked = {index: [name for _, name in sorted(ranks)] for index, ranks in found.items()}
        return Plan(
            tuple((index, first, self._converters[index]) for index, (first, *_) in ranked.items()),
            tuple((i, name, self._converters[i]) for i, (_, *rest) in ranked.items() for name in rest),
            tuple(extra),
        )

    def _place(self, name: str) -> tuple[int, int] | None:
        if mapped := self._mapped.get(name):
            return FILES if mapped == "files_modified" else INDEX[mapped], -1
        place = _PLACES.get(normal(name))
        # Where the user has said which column it is, the others by that name are none.
        if place and FIELDS[min(place[0], FILES - 1)] in self._mapped.values():
            return None
        return place


def _converters(statuses: Mapping[str, str]) -> dict[int, Converter]:
    tokens = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "total_tokens")
    counts = ("llm_call_count", "tool_call_count", "files_modified_count")
    by_name: dict[str, Converter] = {
        "invocation_id": values.identifier("invocation_id"),
        **{name: values.dimension(name) for name in ("agent", "agent_version", "model", "error_category")},
        "status": values.status("status", statuses),
        **{name: times.instant(name) for name in ("start_time", "end_time")},
        "duration_ms": values.milliseconds("duration_ms"),
        **{name: values.whole(name, values.TOKENS) for name in tokens},
        "cost_usd": values.money("cost_usd"),
        "cost_source": values.cost_source("cost_source"),
        **{name: values.whole(name, values.COUNT) for name in counts},
        "tools_used": structures.tools("tools_used"),
        "files_modified": structures.files("files_modified", either=False),
        **{name: values.message(name) for name in ("error_message", "error_template")},
        "attributes": structures.attributes("attributes"),
    }
    return {
        **{INDEX[name]: converter for name, converter in by_name.items()},
        FILES: structures.files("files_modified", either=True),
    }
