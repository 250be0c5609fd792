"""The weekly digest as a mail: tables and inline styles, as mail programs need them, and the same as text.

All names come from the data and are hostile text: everything that is no markup of ours is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from alerts.digest import Figure, Week
from alerts.tell import Message
from layouts import spend
from layouts.changes import difference
from layouts.links import href, runs_href
from layouts.unusual import told, when
from queries.filters import Filters
from queries.units import missing, short
from queries.words import span

# Light and dark: class -> (property, light, dark). Programs that know no dark theme show the light one.
_COLOURS = {
    "page": ("background-color", "#f6f7f9", "#0e1116"),
    "card": ("background-color", "#ffffff", "#161b22"),
    "text": ("color", "#111827", "#e8ebf0"),
    "quiet": ("color", "#5b6472", "#a2acbb"),
    "link": ("color", "#3457d5", "#8aa4ff"),
    "good": ("color", "#0f7b55", "#5fd3a6"),
    "bad": ("color", "#b3261e", "#ff8f86"),
    "line": ("border-color", "#e4e7ec", "#272e39"),
}
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"


def mail(week: Week, address: str) -> Message:
    """``address``: of the page, without a slash at its end."""
    title = f"The week of {span(week.after.start, week.after.end, week.after.tz)}"
    return Message(f"Fixer Metrics: {title[0].lower()}{title[1:]}", text(week, address), html(week, address))


# ---- as text -----------------------------------------------------------------------------------------


def text(week: Week, address: str) -> str:
    parts = [_period(week), "\n".join(_lines(week))]
    if week.changed:
        parts.append("What changed\n" + "\n".join(f"- {sentence}" for _, sentence in week.changed))
    parts.append("Unusual\n" + "\n".join(f"- {line}" for line in _unusual(week)))
    parts.append(
        f"Spend of {week.spend.month.days[0]:%B}\n" + "\n".join(f"- {line}" for line in _spend(week))
    )
    parts.append(f"See the week: {address}{_week(week.after)}")
    return "\n\n".join(parts) + "\n"


def _period(week: Week) -> str:
    after, before = (span(side.start, side.end, side.tz) for side in (week.after, week.before))
    return f"{after} ({week.after.tz}), against {before}"


def _lines(week: Week) -> Iterator[str]:
    width = max(len(figure.metric.label) for figure in week.figures)
    for figure in week.figures:
        now, before, moved = _written(figure)
        yield f"{figure.metric.label:<{width}}  {now:>10}  before {before:>10}  {moved}".rstrip()


def _written(figure: Figure) -> tuple[str, str, str]:
    now, before = (str(short(value, figure.metric.unit)) for value in (figure.now, figure.before))
    if missing(figure.now) or missing(figure.before):
        return now, before, ""
    return now, before, difference(figure.metric, figure.now, figure.before)


def _unusual(week: Week) -> list[str]:
    found = [f"{when(one, week.after.grain)}: {told(one, week.after.grain)}" for one in week.unusual]
    return found or ["Nothing that the weeks before do not explain."]


def _spend(week: Week) -> list[str]:
    so_far = f"Spent so far: {short(week.spend.to_date, 'usd')}"
    return [
        so_far,
        *(f"{label}: {value}{f' ({note})' if note else ''}" for label, value, note in spend.rows(week.spend)),
    ]


def _week(filters: Filters) -> str:
    return href("/", filters, frozen=True)


# ---- as a page ---------------------------------------------------------------------------------------


def html(week: Week, address: str) -> str:
    body = [
        _head(week),
        _figures(week, address),
        _section("What changed", _changed(week, address)) if week.changed else "",
        _section("Unusual", _surprises(week, address)),
        _section(f"Spend of {week.spend.month.days[0]:%B}", _bullets(map(escape, _spend(week)))),
        _button(f"{address}{_week(week.after)}", "See the week"),
        _foot(address),
    ]
    rows = "".join(f'<tr><td style="padding:0 28px">{part}</td></tr>' for part in body if part)
    return _PAGE.format(style=_dark(), card=_style("card", "text", _FONT), page=_style("page"), rows=rows)


_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    '<meta name="supported-color-schemes" content="light dark">'
    "<title>Fixer Metrics</title><style>{style}</style></head>"
    '<body class="page" style="margin:0;padding:0;{page}">'
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="page" '
    'style="{page}"><tr><td align="center" style="padding:24px 12px">'
    '<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" class="card text" '
    'style="width:100%;max-width:600px;border-radius:12px;{card}">{rows}</table>'
    "</td></tr></table></body></html>"
)


def _style(*classes: str) -> str:
    """The light colours of the classes, inline; anything that is no class is a style itself."""
    return ";".join(
        f"{_COLOURS[name][0]}:{_COLOURS[name][1]}" if name in _COLOURS else name for name in classes
    )


def _dark() -> str:
    rules = "".join(f".{name}{{{prop}:{dark} !important}}" for name, (prop, _, dark) in _COLOURS.items())
    return f":root{{color-scheme:light dark}}@media (prefers-color-scheme:dark){{{rules}}}"


def _element(tag: str, content: str, look: str, style: str = "", more: str = "") -> str:
    """``look``: classes, which are also written as the light colours that they stand for."""
    classes = look.split()
    inline = _style(*classes, *([style] if style else []))
    return f'<{tag} class="{look}" style="{inline}"{f" {more}" if more else ""}>{content}</{tag}>'


def _head(week: Week) -> str:
    style = "margin:0;padding-top:28px;font-size:22px;line-height:1.3;font-weight:650"
    title = _element("h1", "Your agents this week", "text", style)
    return title + _element("p", escape(_period(week)), "quiet", "margin:4px 0 0;font-size:14px")


_CELL = "padding:9px 0 9px 8px;border-bottom-width:1px;border-bottom-style:solid;"


def _figures(week: Week, address: str) -> str:
    heads = (("", "left"), ("This week", "right"), ("Before", "right"), ("Change", "right"))
    style = f"{_CELL}font-weight:500;font-size:13px"
    head = "".join(
        _element("th", name, "quiet line", style, f'scope="col" align="{side}"') for name, side in heads
    )
    rows = "".join(_row(figure, week, address) for figure in week.figures)
    return (
        '<table width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:16px;'
        f'border-collapse:collapse"><tr>{head}</tr>{rows}</table>'
    )


def _row(figure: Figure, week: Week, address: str) -> str:
    now, before, moved = (part.replace("\u202f", "&nbsp;") for part in map(escape, _written(figure)))
    link = escape(address + href("/changes", week.after, frozen=True, metric=figure.metric.name))
    name = _element("a", escape(figure.metric.label), "text", "text-decoration:none", f'href="{link}"')
    tone = _tone(figure)
    word = {"good": " better", "bad": " worse"}.get(tone, "")
    right = 'align="right"'
    cells = [
        _element("th", name, "text line", f"{_CELL}padding-left:0;font-weight:500;font-size:15px",
                 'scope="row" align="left"'),
        _element("td", now, "text line", f"{_CELL}font-weight:650;font-size:16px", right),
        _element("td", before, "quiet line", f"{_CELL}font-size:14px", right),
        _element("td", (moved or "&ndash;") + word, f"{tone} line", f"{_CELL}font-size:14px", right),
    ]  # fmt: skip
    return f"<tr>{''.join(cells)}</tr>"


def _tone(figure: Figure) -> str:
    unknown = missing(figure.now) or missing(figure.before)
    if figure.metric.better is None or unknown or figure.now == figure.before:
        return "quiet"
    return "good" if (figure.now > figure.before) is (figure.metric.better == "up") else "bad"


def _section(title: str, content: str) -> str:
    style = "margin:26px 0 6px;font-size:16px;font-weight:650"
    return _element("h2", escape(title), "text", style) + content


def _changed(week: Week, address: str) -> str:
    def line(metric: str, sentence: str) -> str:
        url = address + href("/changes", week.after, frozen=True, metric=metric)
        return f"{escape(sentence)} {_link(url, 'why')}"

    return _bullets(line(metric.name, sentence) for metric, sentence in week.changed)


def _surprises(week: Week, address: str) -> str:
    if not week.unusual:
        return _bullets(map(escape, _unusual(week)))
    links = (address + runs_href(week.after, one.start, one.end) for one in week.unusual)
    lines = zip(_unusual(week), links, strict=True)
    return _bullets(f"{escape(line)} {_link(url, 'runs')}" for line, url in lines)


def _bullets(lines: Iterable[str]) -> str:
    style = "margin:0 0 7px;font-size:15px;line-height:1.5;overflow-wrap:anywhere"
    items = "".join(_element("li", line, "text", style) for line in lines)
    return f'<ul style="margin:0;padding:0 0 0 18px">{items}</ul>'


def _link(url: str, label: str) -> str:
    return _element("a", escape(label), "link", "", f'href="{escape(url)}"')


def _button(url: str, label: str) -> str:
    look = "display:inline-block;padding:10px 18px;border-radius:8px;background-color:#3457d5;color:#ffffff;"
    look += "font-size:15px;font-weight:550;text-decoration:none"
    return f'<p style="margin:26px 0 0"><a href="{escape(url)}" style="{look}">{escape(label)}</a></p>'


def _foot(address: str) -> str:
    said = (
        "Runs by their start; an unknown outcome counts in no rate. When and to whom this is sent is set on "
    )
    content = f"{said}{_link(f'{address}/alerts', 'the page of alerts')}."
    return _element("p", content, "quiet", "margin:0;padding:22px 0 26px;font-size:13px;line-height:1.5")
