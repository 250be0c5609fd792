"""What every mail is made of: tables and inline styles, as mail programs need them; light and dark.

Whatever is no markup of ours comes from the data and is hostile text: callers escape it, ``link`` and
``button`` do so themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

# Light and dark: class -> (property, light, dark). Programs that know no dark theme show the light one.
COLOURS = {
    "page": ("background-color", "#f6f7f9", "#0e1116"),
    "card": ("background-color", "#ffffff", "#161b22"),
    "text": ("color", "#111827", "#e8ebf0"),
    "quiet": ("color", "#5b6472", "#a2acbb"),
    "link": ("color", "#3457d5", "#8aa4ff"),
    "good": ("color", "#0f7b55", "#5fd3a6"),
    "warn": ("color", "#8a5a00", "#f2c166"),
    "bad": ("color", "#b3261e", "#ff8f86"),
    "line": ("border-color", "#e4e7ec", "#272e39"),
}
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    '<meta name="supported-color-schemes" content="light dark">'
    "<title>Fixer Metrics</title><style>{style}</style></head>"
    '<body class="page" style="margin:0;padding:0;{page}">{preview}'
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="page" '
    'style="{page}"><tr><td align="center" style="padding:24px 12px">'
    '<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" class="card text" '
    'style="width:100%;max-width:600px;border-radius:12px;{top}{card}">{rows}</table>'
    "</td></tr></table></body></html>"
)


def page(parts: Iterable[str], *, preview: str = "", top: str = "") -> str:
    """``parts``: below each other on the card. ``preview``: what an inbox shows beside the subject.
    ``top``: the colour of a bar at the upper edge."""
    rows = "".join(f'<tr><td class="pad" style="padding:0 28px">{part}</td></tr>' for part in parts if part)
    bar = f"border-top:5px solid {top};" if top else ""
    hidden = "display:none;max-height:0;overflow:hidden;opacity:0"
    said = f'<div style="{hidden}">{escape(preview)}</div>' if preview else ""
    card = style("card", "text", _FONT)
    return _PAGE.format(style=_sheet(), preview=said, card=card, page=style("page"), rows=rows, top=bar)


def style(*classes: str) -> str:
    """The light colours of the classes, inline; anything that is no class is a style itself."""
    return ";".join(f"{COLOURS[name][0]}:{COLOURS[name][1]}" if name in COLOURS else name for name in classes)


def _sheet() -> str:
    """What cannot be said inline: the dark theme, and less air on a phone."""
    rules = "".join(f".{name}{{{prop}:{dark} !important}}" for name, (prop, _, dark) in COLOURS.items())
    return (
        f":root{{color-scheme:light dark}}@media (prefers-color-scheme:dark){{{rules}}}"
        "@media (max-width:480px){.pad{padding:0 18px !important}}"
    )


def element(tag: str, content: str, look: str, inline: str = "", more: str = "") -> str:
    """``look``: classes, which are also written as the light colours that they stand for."""
    written = style(*look.split(), *([inline] if inline else []))
    return f'<{tag} class="{look}" style="{written}"{f" {more}" if more else ""}>{content}</{tag}>'


def title(text: str) -> str:
    return element(
        "h1", escape(text), "text", "margin:0;padding-top:28px;font-size:22px;line-height:1.3;font-weight:650"
    )


def section(name: str, content: str) -> str:
    return element("h2", escape(name), "text", "margin:26px 0 6px;font-size:16px;font-weight:650") + content


def bullets(lines: Iterable[str]) -> str:
    inline = "margin:0 0 7px;font-size:15px;line-height:1.5;overflow-wrap:anywhere"
    items = "".join(element("li", line, "text", inline) for line in lines)
    return f'<ul style="margin:0;padding:0 0 0 18px">{items}</ul>'


def table(rows: str, inline: str, role: str = "") -> str:
    """``role``: ``presentation`` where it only puts things beside each other."""
    said = f'role="{role}" ' if role else ""
    return (
        f'<table {said}width="100%" cellpadding="0" cellspacing="0" border="0" '
        f'style="border-collapse:collapse;{inline}">{rows}</table>'
    )


def link(url: str, label: str) -> str:
    return element("a", escape(label), "link", "", f'href="{escape(url)}"')


def button(url: str, label: str) -> str:
    look = "display:inline-block;padding:10px 18px;border-radius:8px;background-color:#3457d5;color:#ffffff;"
    look += "font-size:15px;font-weight:550;text-decoration:none"
    return f'<p style="margin:26px 0 0"><a href="{escape(url)}" style="{look}">{escape(label)}</a></p>'


def foot(content: str) -> str:
    return element("p", content, "quiet", "margin:0;padding:22px 0 26px;font-size:13px;line-height:1.5")


def unbroken(text: str) -> str:
    """Escaped, its thin spaces as those that every font of a mail program has."""
    return escape(text).replace("\u202f", "&nbsp;")
