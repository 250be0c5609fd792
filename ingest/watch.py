"""Follows files and folders and imports what is new in them, for as long as it runs."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import sqlalchemy.exc
from sqlalchemy import Engine

from ingest.columns import RecordOptions
from ingest.compact import compact
from ingest.facets import refresh
from ingest.importer import ImportOptions, take
from ingest.imports import add_to_import, open_bundle
from ingest.lines import Broken, Record
from ingest.record import Canon
from ingest.rejects import Rejects, example
from ingest.session_files import lead
from ingest.sources import Source
from ingest.summary import ImportSummary
from ingest.watch_files import Mark, Part, change, is_same, moved, scan
from ingest.watch_marks import Marks
from queries.errors import RecordError, first_line

EVERY = 2.0  # seconds between two looks
TIDY_EVERY = 60.0
_LONGEST_PAUSE = 30.0
_HEARS_EVERY = 0.2  # seconds until it hears that it is to end
# A long log that grows all the time takes this share of the time, and is up to date that much later.
_REST = 10
_SHARE = 4  # likewise a look at very many files
_GONE = (psycopg.OperationalError, sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError)

Say = Callable[[str], None]


@dataclass(frozen=True)
class WatchOptions:
    """``record``: how to read what a source does not say. ``replace``: lines of a known run that come
    changed replace it, too. ``every``: seconds between two looks."""

    record: RecordOptions = field(default_factory=RecordOptions)
    replace: bool = False
    every: float = EVERY


class Noted(Rejects):
    """Rows that could not enter, told where they are: the file with them is the one that is watched."""

    def __init__(self, lines_before: int) -> None:
        super().__init__(None, [])
        self._lines_before = lines_before
        self._first = ""

    def add(self, source: str, line: int, record: Record | Broken, error: RecordError) -> None:
        self.count += 1
        self._first = self._first or example(source, self._lines_before + line, error)

    @property
    def words(self) -> str:
        return f"{self.count:,} rejected, the first: {self._first}"


class Watch:
    def __init__(self, engine: Engine, paths: Sequence[str], options: WatchOptions, say: Say) -> None:
        self._engine = engine
        self._paths = paths
        self._options = options
        self._say = say
        self._canon = Canon(options.record)
        self._store = Marks(engine)
        self._marks: dict[Path, Mark] | None = None
        self._told: dict[Path, str] = {}  # the last complaint about a file
        self._rests_until: dict[Path, float] = {}
        self._tidied = time.monotonic()
        self._untidy = False
        self._ended = False

    def end(self) -> None:
        """For a signal's handler, which only leaves word: an exception could come in mid-transaction."""
        self._ended = True

    def run(self) -> None:
        """Until ``end``, whatever becomes of files and database."""
        failures = 0
        self._say(f"watching {', '.join(self._paths)}: files found: {len(scan(self._paths)):,}")
        while not self._ended:
            began = time.monotonic()
            try:
                self.look()
                if failures:
                    self._say("the database is back")
                failures = 0
            except _GONE as error:
                if not failures:
                    self._say(f"the database cannot be used, trying again: {first_line(error)}")
                failures += 1
                self._marks = None  # what was read is known by what is stored
            pause = max(self._options.every, _SHARE * (time.monotonic() - began))
            self._rest(min(_LONGEST_PAUSE, pause * 2 ** min(failures, 10)))

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._ended and (left := until - time.monotonic()) > 0:
            time.sleep(min(_HEARS_EVERY, left))

    def look(self) -> None:
        """One look at all files: what is new in them is imported."""
        if self._marks is None:
            self._marks = self._store.load()
        found = scan(self._paths)
        self._follow_moves(found)
        looked_at = found | self._moved_aside(found)
        for path in sorted(looked_at):
            if self._ended:
                return
            self._read(path)
        self._forget_all_but(looked_at)
        self._tidy()

    @property
    def _known(self) -> dict[Path, Mark]:
        assert self._marks is not None
        return self._marks

    def _here(self) -> list[Path]:
        """The marked files that are ours to watch: those in our folders, and what our files were moved to."""
        roots = [Path(path).absolute() for path in self._paths]
        folders = {root if root.is_dir() else root.parent for root in roots}
        return [path for path in self._known if not folders.isdisjoint(path.parents)]

    def _moved_aside(self, found: set[Path]) -> set[Path]:
        """Files that were ours under another name are read to their end; not by two names at once."""
        twice = {self._known[path].file_id for path in found if path in self._known}
        marked = {path for path in self._here() if self._known[path].file_id not in twice}
        return {path for path in marked if lead(path) == path and path.exists()}

    def _forget_all_but(self, paths: set[Path]) -> None:
        """Files come and go for months; what is remembered of them goes, too."""
        for remembered in (self._told, self._rests_until):
            for path in remembered.keys() - paths:
                del remembered[path]

    def _follow_moves(self, found: set[Path]) -> None:
        """Gives marks to the names that their files have now, and drops those of files that are gone."""
        left = {path: self._known[path] for path in self._here() if not is_same(path, self._known[path])}
        for path in left:
            self._store.forget(path)
            del self._known[path]
        for path, mark in left.items():
            new = moved(path, mark)
            if new is not None and new not in self._known:
                self._keep(new, mark)
            elif path not in found:
                self._say(f"{path}: gone")

    def _keep(self, path: Path, mark: Mark) -> None:
        self._store.save(path, mark)
        self._known[path] = mark

    def _read(self, path: Path) -> None:
        if time.monotonic() < self._rests_until.get(path, 0.0):
            return
        known, began = self._known.get(path), time.monotonic()
        try:
            new = change(path, known)
            if new.source is not None and not self._import(path, new.source, new.replaces):
                return
        except OSError as error:
            self._complain(path, f"{path} cannot be read: {error.strerror or error}")
            return
        if new.mark is not None and new.mark != known:
            self._keep(path, new.mark)
        if new.replaces:  # read from its beginning again each time it grows
            self._rests_until[path] = time.monotonic() + _REST * (time.monotonic() - began)

    def _import(self, path: Path, source: Source, replaces: bool) -> bool:
        """Whether it came to the end of what is new."""
        rejects = Noted(source.lines if isinstance(source, Part) else 0)
        key = f"watch/{socket.gethostname()}"
        import_id = open_bundle(self._engine, "watched files,", key, datetime.now(UTC))
        options = ImportOptions(self._options.record, replaces or self._options.replace)
        summary = take(self._engine, source, options, self._canon, rejects, import_id, lambda: self._ended)
        add_to_import(self._engine, import_id, summary.counts())
        self._untidy = self._untidy or bool(summary.inserted or summary.replaced)
        self._tell(path, summary, rejects)
        return not summary.interrupted

    def _tell(self, path: Path, summary: ImportSummary, rejects: Noted) -> None:
        """One line for a change; a complaint that was there before the change is not said again."""
        if did := _words(summary.counts()):
            self._say(f"{path}: {did}")
        problems = [f"{path}: {rejects.words}"] if rejects.count else []
        self._complain(path, "; ".join([*problems, *summary.problems]))

    def _complain(self, path: Path, problem: str) -> None:
        if problem and self._told.get(path) != problem:
            self._say(problem)
        self._told[path] = problem

    def _tidy(self) -> None:
        """What an importer does at its end: folds what it wrote, and makes the facets of hours gone by."""
        if self._untidy and time.monotonic() - self._tidied > TIDY_EVERY:
            compact(self._engine)
            refresh(self._engine)
            self._untidy, self._tidied = False, time.monotonic()


def _words(counts: Mapping[str, int]) -> str:
    """``2 runs added, 1 replaced``; nothing where nothing came in."""
    named = {"inserted": "added", "replaced": "replaced", "differing": "known and changed, left as they are"}
    parts = [f"{counts[name]:,} {word}" for name, word in named.items() if counts[name]]
    return ("runs: " + ", ".join(parts)) if parts else ""
