"""The line of an error message that tells what went wrong; most other lines of a traceback are the same."""

from __future__ import annotations

import re

# Longer messages are read at both ends: what tells stands at one of them.
_END_CHARS = 8_000
_LINE_CHARS = 2_000

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_TRACEBACK = "Traceback (most recent call last)"
# Exception groups draw a margin of bars, pytest marks the error with an E.
_MARGIN = re.compile(r"^(?:[ \t]*[|+][ \t|+-]*|E[ \t]{2,})")
_FRAME = re.compile(
    r"\s*(?:at\s|File \"|\.\.\. \d+ more|goroutine \d|created by |from \S+:\d|\d+: |[-=*_#~^+|\s]+$)"
)
_CAUSE = re.compile(r"\s*Caused by:\s*(?=\S)")
_TYPED = re.compile(
    r"\s*(?:Uncaught |Unhandled |Exception in thread \S+ )?[\w.$]{0,200}"
    r"(?:Error|Exception|Interrupt|Exit|Failure|Timeout|Iteration|Warning)\b(?::|$|\s*\[)"
)
_SAID = re.compile(
    r"(?:^\s*|: |\] )"
    r"(?:fatal|error|panic|failed|failure|critical|fehler|erreur|échec|fallo|erro|ошибка|エラー|错误|失败)"
    r"(?: ?\[[\w-]{1,40}\])?\s?(?:[:!：]|\d)|^\s*(?:FAILED|CONFLICT|npm ERR!)\s",
    re.IGNORECASE,
)


def telling_line(message: str) -> str:
    """One line; '' for a blank message."""
    text = shortened(message)
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    text = text.strip()
    if "\n" not in text and "\r" not in text:
        return text[:_LINE_CHARS]
    # A body in JSON says it on no line in particular.
    if text.startswith(("{", "[")):
        return text[:_LINE_CHARS]
    lines = [line for line in text.splitlines() if line.strip()]
    return _MARGIN.sub("", _choose(lines))[:_LINE_CHARS].strip() or lines[0][:_LINE_CHARS]


def shortened(message: str) -> str:
    if len(message) <= 2 * _END_CHARS:
        return message
    return f"{message[:_END_CHARS]}\n{message[-_END_CHARS:]}"


def _choose(lines: list[str]) -> str:
    if any(_TRACEBACK in line for line in lines) and (line := _after_frames(lines)):
        return line
    # The last cause is the root of it.
    for line in reversed(lines):
        if cause := _CAUSE.match(line[:_LINE_CHARS]):
            return line[cause.end() :]
    for look in (_TYPED.match, _SAID.search):
        for line in reversed(lines):
            if look(_MARGIN.sub("", line[:_LINE_CHARS])):
                return line
    return next((line for line in lines if not _FRAME.match(line[:_LINE_CHARS])), lines[0])


def _after_frames(lines: list[str]) -> str | None:
    """What Python says below the last traceback: the first line that is not set in."""
    last = max(place for place, line in enumerate(lines) if _TRACEBACK in line)
    for line in lines[last + 1 :]:
        bare = _MARGIN.sub("", line[:_LINE_CHARS])
        if bare and not bare[0].isspace() and not _FRAME.match(bare):
            return line
    return None
