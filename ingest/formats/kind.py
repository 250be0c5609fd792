"""What a format of agents' own files is: the signs it is known by, and the reader of its runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ingest.lines import Broken, Item, Record

# Field -> what it must hold: a type, one of some values, or a check of its own.
Sign = Mapping[str, "type | Collection[str] | Callable[[object], bool]"]


@dataclass(frozen=True)
class Origin:
    """Where the records of a file come from, for formats that do not say it all in them.

    ``path``: None for standard input. ``statuses``: what the user says the format's words mean.
    ``beside``: the records of another file that belongs to this one.
    """

    path: Path | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)
    beside: Callable[[Path], Iterator[Item]] = lambda path: iter(())


@dataclass(frozen=True)
class Format:
    """``signs``: a record with all the fields of one of them is of this format.

    ``read``: turns the records of a file (a line, an element, the whole document) into runs, with the
    names that any source may use; what is broken is handed on as it came.
    """

    name: str
    signs: tuple[Sign, ...]
    read: Callable[[Iterator[Item], Origin], Iterator[Item]]

    def has(self, record: Record) -> bool:
        return any(_shows(record, sign) for sign in self.signs)


def _shows(record: Record, sign: Sign) -> bool:
    return all(name in record and _holds(record[name], wanted) for name, wanted in sign.items())


def _holds(value: object, wanted: type | Collection[str] | Callable[[object], bool]) -> bool:
    if isinstance(wanted, type):
        return isinstance(value, wanted)
    if callable(wanted):
        return wanted(value)
    return isinstance(value, str) and value in wanted


def of_a_log(broken: Broken) -> Broken:
    """A broken line of a log, which is one of many that make a run: mended alone it would be no run."""
    return Broken(
        broken.code, f"{broken.reason}. The rest of the log is read; mend it there, and import with --replace"
    )
