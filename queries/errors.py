"""Bottom of the house: errors a user can cause; imports nothing from the project."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import datetime


class UserError(Exception):
    """A mistake of whoever asked or configured; its message may be shown as it is."""


class QueryError(UserError):
    """A bad parameter of a URL or an API call.

    ``code`` is stable and for programs, ``parameter`` names the offender, ``message`` says what is
    wrong with which value, ``allowed`` says what may stand there instead.
    """

    def __init__(self, code: str, parameter: str, message: str, allowed: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.parameter = parameter
        self.message = message
        self.allowed = allowed


class DroppedError(QueryError):
    """What was asked for can be told from single runs alone, and those from before ``kept`` are gone."""

    def __init__(self, message: str, kept: datetime) -> None:
        allowed = f"a range from {kept:%Y-%m-%d} on (UTC), where single runs are kept"
        super().__init__("runs_dropped", "range", message, allowed)


class RecordError(UserError):
    """One run that cannot enter, with the field, the value and the reason.

    ``code`` is a stable short reason that is counted in an import's summary. ``option``: goes on after
    the reason with what an option of the command could do; ``plain`` is the reason without it.
    """

    def __init__(self, code: str, field: str, value: object, reason: str, option: str = "") -> None:
        super().__init__(f"{field}: {reason}{option}")
        self.code = code
        self.field = field
        self.value = value
        self.plain = reason
        self.reason = reason + option


def first_line(error: BaseException) -> str:
    """What went wrong on one line, as databases and libraries say it in their first; never empty."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The one suggestion helper: `` Did you mean 'x'?`` or an empty string."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
