"""One value of a source to one value of a column: each function refuses with its reason or converts.

Everything that could poison a batch or a later compaction is refused here, before staging. The common
case of each conversion comes first: an import calls them some twenty times a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

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
        reason = "has a NUL character, which text cannot hold; take it out"
        raise RecordError("nul_character", field, text, reason)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            reason = "is not valid Unicode (bytes that are not UTF-8, or half a pair); write it in UTF-8"
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
        reason = f"is not a status.{did_you_mean(word, STATUSES)} Allowed: {', '.join(STATUSES)}"
        option = f"; or say what it means with --map-status '{word[:40]}=STATUS'"
        raise RecordError("unknown_status", field, value, reason, option)

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
            raise RecordError("not_a_number", field, value, NUMBER)
    elif isinstance(value, (int, float, Decimal)):
        text = str(value)
    else:
        raise RecordError("not_a_number", field, value, NUMBER)
    try:
        result = Decimal(text)
    except (InvalidOperation, ValueError):
        raise RecordError("not_a_number", field, value, NUMBER) from None
    if not result.is_finite():
        reason = "is not a finite number; leave it empty where it is not known"
        raise RecordError("not_finite", field, value, reason)
    return result


NUMBER = "is not a number; digits with a point may stand here, without units and thousands separators"


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
        if type(value) is str and _is_short_count(value) and (count := int(value)) <= limit:
            return count
        amount = _in_range(field, value, number(field, value), limit)
        if amount != amount.to_integral_value():
            raise RecordError("not_whole", field, value, "is not a whole number; a count is")
        return int(amount)

    return convert


def _is_short_count(text: str) -> bool:
    return len(text) < 19 and text.isascii() and text.isdecimal()


def money(field: str) -> Converter:
    """Dollars, to nine decimals, halves rounded up as PostgreSQL does."""

    def convert(value: object) -> Decimal:
        if type(value) is float and 0 <= value < COST:
            return _rounded(value, _NANO)
        amount = _in_range(field, value, number(field, value), COST, below=True)
        return _in_range(field, value, amount.quantize(_NANO, ROUND_HALF_UP), COST, below=True)

    return convert


def milliseconds(field: str) -> Converter:
    """A duration, to three decimals, halves rounded up."""

    def convert(value: object) -> Decimal:
        if (type(value) is int or type(value) is float) and 0 <= value <= DURATION_MS:
            return _rounded(value, _MILLI)
        amount = number(field, value)
        if amount > DURATION_MS:
            reason = f"is longer than {DAYS} days ({DURATION_MS:,}); durations are in milliseconds"
            raise RecordError("too_large", field, value, reason)
        return _in_range(field, value, amount, DURATION_MS).quantize(_MILLI, ROUND_HALF_UP)

    return convert


def _rounded(value: float, step: Decimal) -> Decimal:
    # By its shortest spelling: 0.0005 is meant, not the binary fraction next to it. No negative zero.
    return Decimal(repr(abs(value))).quantize(step, ROUND_HALF_UP)
