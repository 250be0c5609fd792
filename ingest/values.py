"""One value of a source to one value of a column: each function refuses with its reason or converts.

Everything that could poison a batch or a later compaction is refused here, before staging. The common
case of each conversion comes first: an import calls them some twenty times a run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import orjson

from queries.errors import RecordError, did_you_mean
from queries.measures import STATUSES

Converter = Callable[[object], object]

ID_BYTES = 512
DIMENSION_CHARS = 200
ERROR_CHARS = 10_000
TOKENS = 10**11
COUNT = 2**31 - 1
COST = 10**9
DAYS = 366
DURATION_MS = DAYS * 86_400_000
FIRST_START = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
LIST_ENTRIES = 10_000
ENTRY_CHARS = 4_096
ATTRIBUTES_BYTES = 2**20
NUMBER_CHARS = 400

_MEMO_SIZE = 50_000
_MILLI = Decimal("0.001")
_NANO = Decimal("0.000000001")

# What sources call the four outcomes. "completed", "finished" and "done" are not here: they say that
# a run ended, not that its task was solved.
STATUS_WORDS: Mapping[str, str] = {
    **{status: status for status in STATUSES},
    **dict.fromkeys(("succeeded", "successful", "ok", "pass", "passed", "resolved", "solved"), "success"),
    **dict.fromkeys(("fail", "failed", "unresolved", "unsolved", "not_resolved", "not_solved"), "failure"),
    **dict.fromkeys(("errored", "crash", "crashed", "exception", "timeout", "timed_out"), "error"),
    **dict.fromkeys(("null", "none", "n/a"), "unknown"),
}


def refuse_unstorable(field: str, text: str) -> None:
    """Refuses what PostgreSQL's text cannot hold: NUL characters and half surrogate pairs."""
    if "\0" in text:
        raise RecordError("nul_character", field, text, "has a NUL character, which text cannot hold; take it out")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            reason = "is not valid Unicode (bytes that are not UTF-8, or half a surrogate pair); write it in UTF-8"
            raise RecordError("invalid_unicode", field, text, reason) from None


def _text(field: str, value: object) -> str:
    # An id or version may stand as a number in JSON and as text in CSV; both are the same name.
    if type(value) is int or type(value) is float:
        value = repr(value)
    if not isinstance(value, str):
        raise RecordError("not_text", field, value, "is not text; a text in quotes may stand here")
    refuse_unstorable(field, value)
    return value


def identifier(field: str) -> Converter:
    def convert(value: object) -> str:
        text = _text(field, value)
        # A character takes at most four bytes, so short texts need not be measured.
        if len(text) * 4 > ID_BYTES and len(text.encode()) > ID_BYTES:
            size = len(text.encode())
            raise RecordError("too_long", field, text, f"has {size:,} bytes; at most {ID_BYTES} are allowed")
        return text

    return convert


def dimension(field: str) -> Converter:
    """A name runs are grouped by. Its values repeat, so each is judged once."""
    memo: dict[object, str | None] = {}

    def convert(value: object) -> str | None:
        if type(value) is str and (known := memo.get(value)) is not None:
            return known
        name = _text(field, value).strip()
        if len(name) > DIMENSION_CHARS:
            reason = f"has {len(name):,} characters; at most {DIMENSION_CHARS} are allowed"
            raise RecordError("too_long", field, value, reason)
        if len(memo) >= _MEMO_SIZE:
            memo.clear()
        memo[value] = name or None
        return name or None

    return convert


def message(field: str) -> Converter:
    """An error message; a longer one than ERROR_CHARS is cut, and says so at its end."""

    def convert(value: object) -> str:
        text = value if type(value) is str else _text(field, value)
        refuse_unstorable(field, text)
        if len(text) > ERROR_CHARS:
            return f"{text[:ERROR_CHARS]}… [cut: {len(text):,} characters]"
        return text

    return convert


def status(field: str, own: Mapping[str, str]) -> Converter:
    """``own``: what the user says the source's words mean; it goes before STATUS_WORDS."""
    words = {**STATUS_WORDS, **{word.lower(): status for word, status in own.items()}}

    def convert(value: object) -> str:
        if type(value) is str and (known := words.get(value)):
            return known
        word = str(value).strip().lower()
        if found := words.get(word) or words.get(word.replace(" ", "_").replace("-", "_")):
            return found
        if not word:
            return "unknown"
        reason = (
            f"is not a status.{did_you_mean(word, STATUSES)} Allowed: {', '.join(STATUSES)}; "
            f"or say what it means with --map-status '{word[:40]}=STATUS'"
        )
        raise RecordError("unknown_status", field, value, reason)

    return convert


def cost_source(field: str) -> Converter:
    def convert(value: object) -> str:
        if value in ("reported", "estimated"):
            return str(value)
        raise RecordError("unknown_cost_source", field, value, "is not one of: reported, estimated")

    return convert


def number(field: str, value: object) -> Decimal:
    """Any spelling of a finite number, exactly as written."""
    if isinstance(value, bool):
        raise RecordError("boolean", field, value, "is true or false; a number may stand here")
    if isinstance(value, str):
        text = value.strip()
        # Decimal() would take 1_000 and digits of other scripts; a source that writes them is a mistake.
        if len(text) > NUMBER_CHARS or "_" in text or not text.isascii():
            raise RecordError("not_a_number", field, value, _NUMBER)
    elif isinstance(value, int | float | Decimal):
        text = repr(value) if type(value) is float else str(value)
    else:
        raise RecordError("not_a_number", field, value, _NUMBER)
    try:
        result = Decimal(text)
    except (InvalidOperation, ValueError):
        raise RecordError("not_a_number", field, value, _NUMBER) from None
    if not result.is_finite():
        raise RecordError("not_finite", field, value, "is not a finite number; leave it empty where it is not known")
    return result


_NUMBER = "is not a number; digits with a point may stand here, without units and thousands separators"


def _in_range(field: str, value: object, amount: Decimal, limit: int, below: bool = False) -> Decimal:
    if amount < 0:
        raise RecordError("negative", field, value, "is negative; 0 or more is allowed")
    if amount > limit or (below and amount == limit):
        bound = f"less than {limit:,}" if below else f"at most {limit:,}"
        raise RecordError("too_large", field, value, f"is too large; {bound} is allowed")
    return amount.copy_abs()  # no negative zero


def whole(field: str, limit: int) -> Converter:
    """A count: 0 to ``limit``, whole (14919.0 is: a spreadsheet writes so beside empty cells)."""

    def convert(value: object) -> int:
        if type(value) is int and 0 <= value <= limit:
            return value
        if type(value) is str and len(value) < 19 and value.isascii() and value.isdecimal():
            if (count := int(value)) <= limit:
                return count
        amount = _in_range(field, value, number(field, value), limit)
        if amount != amount.to_integral_value():
            raise RecordError("not_whole", field, value, "is not a whole number; a count is")
        return int(amount)

    return convert


def money(field: str) -> Converter:
    """Dollars, to nine decimals, halves rounded up as PostgreSQL does."""

    def convert(value: object) -> Decimal:
        amount = _in_range(field, value, number(field, value), COST, below=True).quantize(_NANO, ROUND_HALF_UP)
        return _in_range(field, value, amount, COST, below=True)

    return convert


def milliseconds(field: str) -> Converter:
    """A duration, to three decimals, halves rounded up."""

    def convert(value: object) -> Decimal:
        if type(value) is int and 0 <= value <= DURATION_MS:
            return Decimal(value)
        amount = number(field, value)
        if amount > DURATION_MS:
            raise RecordError("too_large", field, value, _TOO_LONG)
        return _in_range(field, value, amount, DURATION_MS).quantize(_MILLI, ROUND_HALF_UP)

    return convert


_TOO_LONG = f"is longer than {DAYS} days; durations are in milliseconds"


def elapsed(start: datetime, end: datetime) -> Decimal:
    """Milliseconds from start to end, exactly."""
    span = end - start
    if span < timedelta(0):
        reason = f"is before start_time ({start.isoformat()}); a run ends after it starts"
        raise RecordError("end_before_start", "end_time", end.isoformat(), reason)
    if span.days >= DAYS:
        reason = f"is {span.days:,} days after start_time; at most {DAYS} are allowed"
        raise RecordError("too_large", "end_time", end.isoformat(), reason)
    return Decimal((span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds).scaleb(-3)


def instant(field: str) -> Converter:
    """ISO-8601 with a zone, or a number of seconds, milli-, micro- or nanoseconds since 1970."""

    def convert(value: object) -> datetime:
        if type(value) is str:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                return _odd_instant(field, value)
            if moment.tzinfo is UTC:
                return moment
            return _to_utc(field, value, moment)
        if isinstance(value, datetime):
            return _to_utc(field, value, value)
        return _epoch(field, value)

    return convert


def _to_utc(field: str, value: object, moment: datetime) -> datetime:
    if moment.tzinfo is None:
        # An eight-digit epoch is a date to fromisoformat; both are refused, with the likelier reason.
        reason = "has no time zone, so it could be any of 38 hours; write 2026-10-01T08:00:00Z or +02:00 at its end"
        raise RecordError("no_time_zone", field, value, reason)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise RecordError("not_a_time", field, value, _TIME) from None


_TIME = (
    "is not a time; write ISO-8601 with a zone (2026-10-01T08:00:00Z) or seconds or milliseconds since 1970"
)
_DIGITS = re.compile(r"\d+(\.\d+)?")  # 1790000000.25


def _odd_instant(field: str, text: str) -> datetime:
    """Spellings that datetime does not know: blanks around, `UTC` at the end, an epoch as text."""
    refuse_unstorable(field, text)
    bare = text.strip()
    if _DIGITS.fullmatch(bare):
        return _epoch(field, bare)
    if bare.endswith(" UTC"):
        bare = bare.removesuffix(" UTC") + "Z"
    try:
        return _to_utc(field, text, datetime.fromisoformat(bare))
    except ValueError:
        raise RecordError("not_a_time", field, text, _TIME) from None


_BEGIN = int(FIRST_START.timestamp())
_FINAL = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())


def _epoch(field: str, value: object) -> datetime:
    """A number since 1970, by its size: the years 2000 to 2100 never overlap between the four units.

    Read in the next smaller unit such a number falls into January 1970, in the next larger one beyond
    the year 30,000; so there is exactly one reading that the rest of the checks could allow.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise RecordError("not_a_time", field, value, _TIME)
    amount = number(field, value)
    for digits in (0, 3, 6, 9):
        seconds = amount.scaleb(-digits)
        if _BEGIN <= seconds < _FINAL:
            micros = int((seconds * 1_000_000).to_integral_value())
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    reason = "is a number, but no seconds, milli-, micro- or nanoseconds since 1970 between the years 2000 and 2100"
    raise RecordError("not_a_time", field, value, reason)


def within(start: datetime, now: datetime) -> datetime:
    """The start, if it is in the time that runs can be from."""
    if start < FIRST_START:
        reason = "is before the year 2000; check the unit and the zone"
        raise RecordError("too_early", "start_time", start.isoformat(), reason)
    if start > now + AHEAD:
        reason = f"is more than a day ahead of now ({now.isoformat(timespec='seconds')})"
        raise RecordError("too_late", "start_time", start.isoformat(), reason)
    return start


def parsed(field: str, value: object) -> object:
    """A structure; CSV carries it as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        refuse_unstorable(field, value)
        raise RecordError("not_json", field, value, f"is not JSON: {error.msg}") from None


def as_json(field: str, value: object) -> str:
    """The JSON text of a value that PostgreSQL's jsonb takes."""
    try:
        packed = orjson.dumps(value)
    except TypeError as error:
        code, reason = _unpackable(str(error))
        raise RecordError(code, field, value, reason) from None
    if b"\\u0000" in packed and _has_nul(value):
        raise RecordError("nul_character", field, value, "has a NUL character, which jsonb cannot hold; take it out")
    if len(packed) > ATTRIBUTES_BYTES:
        reason = f"has {len(packed):,} bytes as JSON; at most {ATTRIBUTES_BYTES:,} are allowed"
        raise RecordError("too_long", field, value, reason)
    return packed.decode()


def _unpackable(cause: str) -> tuple[str, str]:
    if "surrogates" in cause:
        return "invalid_unicode", "is not valid Unicode (half a surrogate pair); write it in UTF-8"
    if "ecursion" in cause:
        return "too_deep", "is nested more than 254 levels deep"
    if "64-bit" in cause:
        return "too_large", "has a whole number of more than 64 bits; write it as text"
    return "not_json", f"cannot be written as JSON: {cause}"


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
    return isinstance(value, list | tuple) and any(map(_has_nul, value))
