"""Alerts: what each panel of the two pages asks, and how it is drawn."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

from dash import html

from alerts import channels, digest, history, keep
from alerts.drafts import KEYS, draft
from alerts.preview import preview
from callbacks.asked import Asked, frozen_now, read
from callbacks.panels import Answer, Panel, filled
from layouts import alerts_sent, alerts_table, chart_card, ids
from layouts.attrs import attrs
from layouts.charts.alert_preview import alert_preview, sentence
from layouts.charts.series import blank
from layouts.markup import markup
from layouts.options import Options
from queries.errors import QueryError
from queries.store import Store

_NO_BUDGET = (
    "MONTHLY_BUDGET is not set, so this rule never has a number. Set it (dollars a month) and restart."
)


def panels(store: Store, options: Options) -> list[Panel]:
    answers = {
        ids.ALERT_RULES: _rules,
        ids.ALERT_CHANNELS: _channels,
        ids.ALERT_DIGESTS: _digests,
        ids.ALERT_EPISODES: _episodes,
        ids.ALERT_DELIVERIES: _deliveries,
    }
    places = {ids.ALERT_RULES: (ids.warnings(ids.ALERT_RULES),)}
    tables = [
        Panel(name, answer, ids.body(name), (ids.subtitle(name), *places.get(name, ())))
        for name, answer in answers.items()
    ]
    name = ids.ALERT_PREVIEW
    others = (ids.warnings(name), ids.subtitle(name), ids.legend(name), ids.body(name))
    return [
        *tables,
        Panel(ids.ALERT_CHOICES, _choices, ids.body(ids.ALERT_CHOICES)),
        Panel(name, partial(_preview, options), ids.SAID, others, chart=True),
    ]


def _rules(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    found = store.uncached(keep.rules)
    names = {one.channel_id: one.name for one in store.uncached(channels.channels)}
    firing = sum(one.standing.state == "firing" for one in found)
    words = f"{len(found)} in all, {firing} firing; looked at after every full quarter hour"
    answer = filled(ids.ALERT_RULES, alerts_table.rules(found, names, filters.now, filters.tz), words)
    trouble = alerts_sent.trouble(store.uncached(history.troubled))
    trouble += alerts_table.asleep(store.uncached(history.looked_at), filters.now, filters.tz)
    answer["html"][ids.warnings(ids.ALERT_RULES)] = markup(trouble)
    return answer


def _channels(asked: Asked, store: Store) -> Answer:
    read(asked, store)
    found = store.uncached(channels.channels)
    body = [alerts_sent.channels(found), alerts_sent.carried(found)]
    return filled(ids.ALERT_CHANNELS, body, "Where messages go")


def _digests(asked: Asked, store: Store) -> Answer:
    read(asked, store)
    names = {one.channel_id: one.name for one in store.uncached(channels.channels)}
    found = store.uncached(digest.plans)
    return filled(ids.ALERT_DIGESTS, alerts_sent.digests(found, names), "The week in one message")


def _episodes(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    found = store.uncached(history.episodes)
    words = f"The newest {history.SHOWN}" if len(found) == history.SHOWN else f"{len(found)} in all"
    body = [
        alerts_table.episodes(found, filters.tz),
        alerts_table.events(store.uncached(history.events), filters.tz),
    ]
    return filled(ids.ALERT_EPISODES, body, words)


def _deliveries(asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    found = store.uncached(history.deliveries)
    words = f"The newest {history.SHOWN}" if len(found) == history.SHOWN else f"{len(found)} in all"
    return filled(ids.ALERT_DELIVERIES, alerts_sent.deliveries(found, filters.tz), words)


def _choices(asked: Asked, store: Store) -> Answer:
    """For the form: the channels there are; and, where the URL says nothing of the rule, what it is."""
    read(asked, store)
    parts = [alerts_sent.carried(store.uncached(channels.channels))]
    last = asked.get("path", "").rpartition("/")[2]
    if re.fullmatch("[0-9]{1,18}", last) and not any(asked.get(key) for key in KEYS.values()):
        parts.append(_go(store, int(last)))
    return {"html": {ids.body(ids.ALERT_CHOICES): markup(parts)}}


def _go(store: Store, rule_id: int) -> html.Div:
    """assets/alerts.js turns to it."""
    found = next((one for one in store.uncached(keep.rules) if one.rule.rule_id == rule_id), None)
    href = alerts_table.edit_href(found.rule) if found else "/alerts"
    return html.Div(hidden=True, **attrs(data_go=href))


def _preview(options: Options, asked: Asked, store: Store) -> Answer:
    filters = read(asked, store)
    name = ids.ALERT_PREVIEW
    blanks = dict.fromkeys((ids.SAID, ids.warnings(name), ids.subtitle(name), ids.legend(name)), "")
    try:
        rule = draft(asked, filters.tz)
        found = preview(
            store, rule, frozen_now(asked), delay=timedelta(minutes=options.delay), budget=options.budget
        )
    except QueryError as error:
        key = KEYS.get(error.parameter, error.parameter)
        text = f"{error.message}. Allowed: {error.allowed}"
        said = html.P(text, className="bad", **attrs(data_complaint=key))
        figure = blank(name, "The rule is not complete")
        return {"html": blanks | {ids.SAID: markup(said)}, "figure": figure}
    figure, subtitle, warnings, legend = chart_card.outputs(alert_preview(found, filters))
    unset = rule.comparison == "budget" and options.budget is None
    said = html.P(_NO_BUDGET, className="bad") if unset else html.P(sentence(found, filters.tz))
    parts = {
        ids.SAID: said,
        ids.warnings(name): warnings,
        ids.subtitle(name): subtitle,
        ids.legend(name): legend,
    }
    return {"html": {place: markup(part) for place, part in parts.items()}, "figure": figure}
