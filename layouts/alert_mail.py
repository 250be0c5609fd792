"""Alerts as a mail: the number, what it is held against, why, and a button to exactly these runs.

Names of rules, models and agents are hostile text: everything that is no markup of ours is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from alerts import words
from alerts.messages import HEADS, Part, counted
from layouts.mail import bullets, button, element, foot, link, page, section, table, title, unbroken

# Of a resolved alert, and of the severities of the others: class, and the solid colour under white text.
_TONES = {
    "over": ("good", "#0f7b55"),
    "critical": ("bad", "#b3261e"),
    "warning": ("warn", "#8a5a00"),
    "info": ("link", "#3457d5"),
}
WHOLE = 10  # as many are told whole; mail programs cut a longer mail off


def html(parts: Sequence[Part], address: str) -> str:
    """``address``: of the page, without a slash at its end."""
    whole, rest = parts[:WHOLE], parts[WHOLE:]
    several = len(parts) > 1
    body = [_together(parts) if several else "", *(_alert(part, several) for part in whole)]
    if rest:
        body.append(section(f"{len(rest)} more", bullets(map(_line, rest))))
    _, colour = _tone(parts[0])
    return page([*body, _foot(address)], preview=_preview(parts[0]), top=colour)


def _tone(part: Part) -> tuple[str, str]:
    return _TONES["over" if part.what == "over" else part.severity]


def _preview(part: Part) -> str:
    return f"{part.observed} {part.value}, threshold: {part.bound}. {part.why}"


def _together(parts: Sequence[Part]) -> str:
    said = escape(counted([part.what for part in parts]))
    return title(f"{len(parts)} alerts") + element("p", said, "quiet", "margin:4px 0 0;font-size:14px")


def _alert(part: Part, several: bool) -> str:
    """Where there are several each is set off from the one above it."""
    apart = "margin-top:24px;border-top-width:1px;border-top-style:solid;padding-top:4px" if several else ""
    name = f"margin:12px 0 0;font-size:{19 if several else 22}px;line-height:1.3;font-weight:650"
    content = [
        _state(part),
        element("h2" if several else "h1", escape(part.name), "text", f"{name};overflow-wrap:anywhere"),
        _figures(part),
        _why(part),
        _facts(part),
        button(part.url, "See these runs"),
    ]
    return element("div", "".join(content), "line", apart)


_PILL = "display:inline-block;padding:3px 10px;border-radius:999px;color:#ffffff;font-size:13px;"
_PILL += "font-weight:650"


def _state(part: Part) -> str:
    """The pill says it in words: colour never carries it alone."""
    pill = f'<span style="{_PILL};background-color:{_tone(part)[1]}">{HEADS[part.what]}</span>'
    severity = element("span", escape(words.SEVERITIES[part.severity]), "quiet", "font-size:14px")
    return f'<p style="margin:24px 0 0">{pill}&nbsp; {severity}</p>'


def _figures(part: Part) -> str:
    cells = (
        (
            part.observed,
            part.value,
            _tone(part)[0],
            "margin:2px 0 0;font-size:34px;line-height:38px",
            f"from {part.runs}",
        ),
        ("Threshold", part.bound, "text", "margin:9px 0 0;font-size:18px;line-height:24px", ""),
    )
    half = 'width="50%" valign="top" style="padding:0 8px 0 0"'
    row = "".join(f"<td {half}>{_figure(*cell)}</td>" for cell in cells)
    return table(f"<tr>{row}</tr>", "margin-top:18px", "presentation")


def _figure(label: str, value: str, look: str, size: str, note: str) -> str:
    small = "margin:0;font-size:14px"
    lines = [
        element("p", escape(label), "quiet", small),
        element("p", unbroken(value), look, f"{size};font-weight:650"),
    ]
    return "".join(lines) + (element("p", escape(note), "quiet", small) if note else "")


_BOX = "margin:18px 0 0;padding:12px 14px;border-radius:8px;font-size:15px;line-height:1.5"


def _why(part: Part) -> str:
    inline = f"{_BOX};overflow-wrap:anywhere"
    return element("p", unbroken(part.why), "page text", inline) if part.why else ""


def _facts(part: Part) -> str:
    return table("".join(_fact(*pair) for pair in _pairs(part)), "margin-top:16px")


def _pairs(part: Part) -> Iterator[tuple[str, str]]:
    yield "Rule", part.rule
    yield "Period", part.when
    head, _, rest = part.since.partition(" ")
    yield head, rest


def _fact(label: str, value: str) -> str:
    inline = "padding:5px 0;font-size:14px;line-height:1.45;font-weight:400"
    head = element(
        "th",
        escape(label),
        "quiet",
        f"{inline};white-space:nowrap;padding-right:16px",
        'scope="row" align="left" valign="top"',
    )
    cell = element(
        "td",
        unbroken(value),
        "text",
        f"{inline};overflow-wrap:anywhere;word-break:break-word",
        'width="100%"',
    )
    return f"<tr>{head}{cell}</tr>"


def _line(part: Part) -> str:
    said = f"{HEADS[part.what]}: {part.name}: {part.observed} {part.value}"
    return f"{unbroken(said)} {link(part.url, 'runs')}"


def _foot(address: str) -> str:
    said = "Rules, and who is told by them, are on "
    return foot(f"{said}{link(f'{address}/alerts', 'the page of alerts')}.")
