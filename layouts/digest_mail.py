"""The weekly digest as a mail, and the same as text.

All names come from the data and are hostile text: everything that is no markup of ours is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from alerts.digest import Figure, Week
from alerts.tell import Message
from layouts import spend
from layouts.changes import difference
from layouts.links import href, runs_href
from layouts.mail import bullets, button, element, foot, link, page, section, table, title, unbroken
from layouts.unusual import told, when
from queries.filters import Filters
from queries.units import missing, short
from queries.words import span


def mail(week: Week, address: str) -> Message:
    """``address``: of the page, without a slash at its end."""
    period = span(week.after.start, week.after.end, week.after.tz)
    return Message(f"Fixer Metrics: the week of {period}", text(week, address), html(week, address))


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
        section("What changed", _changed(week, address)) if week.changed else "",
        section("Unusual", _surprises(week, address)),
        section(f"Spend of {week.spend.month.days[0]:%B}", bullets(map(unbroken, _spend(week)))),
        button(f"{address}{_week(week.after)}", "See the week"),
        _foot(address),
    ]
    return page(body)


def _head(week: Week) -> str:
    period = element("p", escape(_period(week)), "quiet", "margin:4px 0 0;font-size:14px")
    return title("Your agents this week") + period


_CELL = "padding:9px 0 9px 8px;border-bottom-width:1px;border-bottom-style:solid;"


def _figures(week: Week, address: str) -> str:
    heads = (("", "left"), ("This week", "right"), ("Before", "right"), ("Change", "right"))
    style = f"{_CELL}font-weight:500;font-size:13px"
    head = "".join(
        element("th", name, "quiet line", style, f'scope="col" align="{side}"') for name, side in heads
    )
    rows = "".join(_row(figure, week, address) for figure in week.figures)
    return table(f"<tr>{head}</tr>{rows}", "margin-top:16px")


def _row(figure: Figure, week: Week, address: str) -> str:
    now, before, moved = map(unbroken, _written(figure))
    url = escape(address + href("/changes", week.after, frozen=True, metric=figure.metric.name))
    name = element("a", escape(figure.metric.label), "text", "text-decoration:none", f'href="{url}"')
    tone = _tone(figure)
    word = {"good": " better", "bad": " worse"}.get(tone, "")
    right = 'align="right"'
    cells = [
        element("th", name, "text line", f"{_CELL}padding-left:0;font-weight:500;font-size:15px",
                 'scope="row" align="left"'),
        element("td", now, "text line", f"{_CELL}font-weight:650;font-size:16px;white-space:nowrap", right),
        element("td", before, "quiet line", f"{_CELL}font-size:14px;white-space:nowrap", right),
        element("td", (moved or "&ndash;") + word, f"{tone} line", f"{_CELL}font-size:14px", right),
    ]  # fmt: skip
    return f"<tr>{''.join(cells)}</tr>"


def _tone(figure: Figure) -> str:
    unknown = missing(figure.now) or missing(figure.before)
    if figure.metric.better is None or unknown or figure.now == figure.before:
        return "quiet"
    return "good" if (figure.now > figure.before) is (figure.metric.better == "up") else "bad"


def _changed(week: Week, address: str) -> str:
    def line(metric: str, sentence: str) -> str:
        url = address + href("/changes", week.after, frozen=True, metric=metric)
        return f"{unbroken(sentence)} {link(url, 'why')}"

    return bullets(line(metric.name, sentence) for metric, sentence in week.changed)


def _surprises(week: Week, address: str) -> str:
    if not week.unusual:
        return bullets(map(unbroken, _unusual(week)))
    links = (address + runs_href(week.after, one.start, one.end) for one in week.unusual)
    lines = zip(_unusual(week), links, strict=True)
    return bullets(f"{unbroken(line)} {link(url, 'runs')}" for line, url in lines)


def _foot(address: str) -> str:
    said = (
        "Runs by their start; an unknown outcome counts in no rate. When and to whom this is sent is set on "
    )
    content = f"{said}{link(f'{address}/alerts', 'the page of alerts')}."
    return foot(content)
