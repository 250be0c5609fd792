"""How far an import is: a bar on a terminal, silence anywhere else."""

from __future__ import annotations

import sys
from typing import TextIO

from tqdm import tqdm


class Progress:
    """Says nothing; what an import reports to."""

    def begin(self, size: int | None) -> None:
        """``size``: bytes of all sources as stored; None where that is not known."""

    def update(self, rows: int, position: int) -> None:
        """``rows`` read so far, which end at ``position`` of the sources' bytes."""

    def end(self) -> None:
        """Leaves the terminal as it should be found."""


class Bar(Progress):
    """Rows, rate and time left. The end is known in bytes only, so the time left is told by them."""

    def __init__(self, stream: TextIO, seconds_between: float = 0.2) -> None:
        self._stream = stream
        self._seconds_between = seconds_between
        self._bar: tqdm | None = None

    def begin(self, size: int | None) -> None:
        known = "{percentage:3.0f}% |{bar}| {desc}, {remaining} left"
        open_end = "{desc}, {elapsed} so far"
        self._bar = tqdm(
            total=size,
            file=self._stream,
            bar_format=known if size else open_end,
            desc=_told(0, 0),
            dynamic_ncols=True,
            mininterval=self._seconds_between,
            leave=False,
        )

    def update(self, rows: int, position: int) -> None:
        bar = self._bar
        if bar is not None:
            bar.desc = _told(rows, bar.format_dict["elapsed"])
            bar.update(position - bar.n)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _told(rows: int, seconds: float) -> str:
    rate = rows / seconds if seconds else 0.0
    return f"{rows:,} rows, {rate:,.0f} rows/s"


def for_terminal(stream: TextIO | None = None) -> Progress:
    """A bar where a person is looking."""
    stream = stream or sys.stderr
    return Bar(stream) if stream.isatty() else Progress()
