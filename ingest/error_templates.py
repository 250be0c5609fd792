"""An error message without what differs from run to run: ids, numbers, paths, hosts, times, quoted values.

A template depends on its message alone, holds no digit, and is its own template.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ingest.error_lines import telling_line

TEMPLATE_CHARS = 300
TEXT = "<text>"
MASKS = ("n", "id", "time", "path", "url", "host", "text")

_CUT = "…"
_PASSES = 20

_FILE_TYPES = (
    "py|pyi|ipynb|js|jsx|mjs|cjs|ts|tsx|vue|java|kt|kts|scala|gradle|go|rs|c|cc|cpp|cxx|h|hpp|mm|cs|rb|php|swift|sh|"
    "json|jsonl|ya?ml|toml|xml|html?|css|scss|md|rst|txt|log|csv|tsv|sql|ini|cfg|conf|env|lock|diff|patch|parquet|"
    "proto|zip|gz|tar|whl|jar|so|dll|exe|png|jpe?g|pdf"
)
_DOMAINS = "com|org|net|io|ai|dev|app|cloud|internal|local|localdomain|lan|corp|svc|gov|edu|de|fr|uk|eu|jp"
_WEEKDAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_ZONE = r"(?:\s?(?:[AaPp][Mm]\b|Z\b|UTC\b|GMT\b|[+-]\d\d:?\d\d\b))?"
_CLOCK = rf"\d\d?:\d\d:\d\d(?:[.,]\d{{1,9}})?{_ZONE}"
_DATE = (
    r"(?<![\d.])(?:\d{4}(?P<ymd>[-/.])\d\d?(?P=ymd)\d\d?|\d\d?(?P<dmy>[-/.])\d\d?(?P=dmy)\d{4})(?!\d|\.\d)|\d{4}年\d\d?月\d\d?日"
    rf"|\b\d\d?[\s-]{_MONTH}[\s-]\d{{4}}\b|\b{_MONTH}\s\d\d?(?:,?\s\d{{4}}\b|(?=,?\s\d\d?:\d\d))"
)
_IN_PATH = r"[^\s'\"`<>|:;,()\[\]{}*?…，。：；、（）「」『』【】“”„«»‘’]"
_PLACE = r"(?::\d+)*(?:::[\w.\[\]-]+)*"  # line, column, and what pytest calls a test
# Of a body of JSON: its texts under these names say what went wrong, others are values of this run.
_SAYING = r"(?P<quote>['\"])(?:message|msg|type|code|error|reason|details?|title|description|status)"
_SINGLE = r"(?:[^'\n]|(?<=\w)'(?=\w))"  # an apostrophe within a word neither opens nor closes
_DOUBLE = r"(?:[^\"\\\n]|\\.)"

# One alternative for each kind of value, tried in this order at each place. None looks far ahead again and
# again: a hostile message takes no longer than another one of its length.
_VALUE = re.compile(
    "|".join(
        (
            # Most of a message is words, which nothing below takes.
            rf"(?P<plain>(?<![\w@.+/\\-])(?:(?!{_WEEKDAY}|{_MONTH}\s|[a-fA-F]{{8}})[^\W\d_]+[,;]?(?:\s|$))+)",
            rf"(?P<mask><(?:{'|'.join(MASKS)})>)",
            rf"(?P<said>{_SAYING}(?P=quote)\s?:\s?(?:'{_SINGLE}+'(?!\w)|\"{_DOUBLE}+\"))",
            r"(?P<key>['\"][\w .-]{1,40}['\"](?=\s?:\s?\S))",
            rf"(?P<time>(?:\b{_WEEKDAY},?\s)?(?:{_DATE})"
            rf"(?:(?:,?\s|T|:)(?:{_CLOCK}|\d\d:\d\d\b{_ZONE})(?:\s\d{{4}}\b)?)?|(?<![\w:.]){_CLOCK}(?![:\w]))",
            rf"(?P<text>(?<!\w)'{_SINGLE}+'(?!\w)|\"{_DOUBLE}+\"|`[^`\n]+`|“[^“”\n]+”|„[^„“”\n]+[“”]|«[^«»\n]+»"
            r"|‘[^‘’\n]+’|「[^「」\n]+」|『[^『』\n]+』)",
            r"(?P<url>(?<![A-Za-z])[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s'\"`<>)\]}，。）」]+)",
            r"(?P<id>\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b|\b0[xX][0-9a-fA-F]+"
            # Digits alone may be what chance made of hexadecimals.
            r"|(?<![A-Za-z\d])[0-9a-fA-F]{8,}(?![A-Za-z\d]|[.,:]\d))",
            r"(?P<host>(?<![\w@.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+|/\d+)?(?![\w.]\d)"
            r"|\[?(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}:?[0-9a-fA-F]{1,4}(?![\w:])\]?(?::\d+)?"
            rf"|(?<![\w./\\@-])(?:[A-Za-z0-9_-]{{1,63}}\.){{1,8}}(?:{_DOMAINS})(?![\w/-]|\.\w)(?::\d+)?"
            r"|\blocalhost(?::\d+)?\b)",
            rf"(?P<path>\b[A-Za-z]:[\\/]{_IN_PATH}*{_PLACE}|\\\\{_IN_PATH}+{_PLACE}"
            rf"|(?<![\w>./])(?:~|\.\.?)?/{_IN_PATH}+{_PLACE}"
            rf"|(?<![\w/\\.>-])[\w@.+-]+(?:/[\w@.+-]+)*\.(?:{_FILE_TYPES})(?![\w/(-]|\.\w){_PLACE}"
            rf"|(?<![\w/\\.>-])[\w@.+-]+(?:/[\w@.+-]+){{2,}}/?{_PLACE})",
            r"(?P<n>(?<![A-Za-z\d])\d+(?:[.,:]\d+)*(?:[eE][+-]?\d+)?(?![A-Za-z]{4}|[A-Za-z]*\d))",
            r"(?P<word>(?<![A-Za-z\d])[A-Za-z]*\d[A-Za-z\d]*)",
            r"(?P<digits>\d+)",
        )
    )
)
_AGAIN = re.compile(r"<path>(?:\s<path>)+|<n>(?:,\s?<n>)+")
_OPEN_MASK = re.compile(r"<[a-z]{0,4}$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_SPACE = re.compile(r"\s+")
_DIGITS = re.compile(r"\d+")
_CHANGES = re.compile(r"\d+|[^\d]+")
_HEX = re.compile(r"[0-9a-fA-F]{7,}")
_SAID = re.compile(rf"(?P<name>{_SAYING}(?P=quote)\s?:\s?)(?P<mark>['\"])(?P<words>.+)(?P=mark)")


def template(message: str) -> str:
    """At most TEMPLATE_CHARS characters; '' for a blank message only."""
    return _settled(_masked(telling_line(message))) or (TEXT if message.strip() else "")


@lru_cache(10_000)
def _settled(text: str) -> str:
    """What is masked may show more to mask; each time less is left."""
    for _ in range(_PASSES):
        before, text = text, _masked(text)
        if text == before:
            break
    return text


def _masked(text: str) -> str:
    return _cut(_AGAIN.sub(_once, _VALUE.sub(_mask, _plain(text))))


def _plain(text: str) -> str:
    return _SPACE.sub(" ", _CONTROL.sub(" ", text)).strip()


def _cut(text: str) -> str:
    if len(text) <= TEMPLATE_CHARS:
        return text
    return _OPEN_MASK.sub("", text[: TEMPLATE_CHARS - 1]).rstrip() + _CUT


def _once(found: re.Match[str]) -> str:
    return "<path>" if found[0].startswith("<path>") else "<n>"


def _mask(found: re.Match[str]) -> str:
    kind, text = found.lastgroup or "", found[0]
    if kind in ("mask", "plain"):
        return text
    if kind in ("text", "said", "key", "word"):
        return _MASKERS[kind](text)
    return "<n>" if kind == "digits" else f"<{kind}>"


def _quoted(text: str) -> str:
    return f"{text[0]}{TEXT}{text[-1]}"


def _said(text: str) -> str:
    """'message': 'Limit 30, used 31' -> 'message': 'Limit <n>, used <n>'"""
    found = _SAID.fullmatch(text)
    assert found
    name, quote, said = found["name"], found["mark"], found["words"]
    return f"{name}{quote}{_VALUE.sub(_mask, said)}{quote}"


def _key(text: str) -> str:
    return _DIGITS.sub("<n>", text)


def _word(text: str) -> str:
    """req_7f3a... is an id; line12, python3 and UTF8 are words with a number."""
    digits = sum(map(str.isdecimal, text))
    changes = len(_CHANGES.findall(text)) - 1
    if (
        len(text) >= 16
        or _HEX.fullmatch(text)
        or (len(text) >= 8 and digits >= 3)
        or (len(text) >= 6 and changes >= 3)
    ):
        return "<id>"
    return _DIGITS.sub("<n>", text)


_MASKERS = {"text": _quoted, "said": _said, "key": _key, "word": _word}
