"""Roof: what of alerts can be asked through the API, a record each."""

from __future__ import annotations

from alerts.history import SHOWN
from dashboard.api import alerts, channels, digests
from dashboard.api.endpoint import PREFIX, Endpoint
from dashboard.api.parameters import TZ

ALERT_RULES = Endpoint(
    f"{PREFIX}/alerts/rules",
    "The alert rules, and where each stands",
    "By name. Each is what PUT takes, with its state after the last full quarter hour that was looked at.",
    "AlertRules",
    listing=alerts.rules,
)
ALERT_CHANNELS = Endpoint(
    f"{PREFIX}/alerts/channels",
    "Where alerts and digests may be sent",
    "Their addresses are secrets, of which only the service and the host or the recipients are told.",
    "AlertChannels",
    listing=channels.channels,
)
ALERT_HISTORY = Endpoint(
    f"{PREFIX}/alerts/history",
    "What fired, and what happened to the rules",
    f"The newest {SHOWN} of each.",
    "AlertHistory",
    listing=alerts.told_history,
)
ALERT_DELIVERIES = Endpoint(
    f"{PREFIX}/alerts/deliveries",
    "What was sent where, and what became of it",
    f"The newest {SHOWN}. What is not taken is tried again after 1, 5, 15, 60 and 180 minutes, then given up "
    "and told by every other channel.",
    "AlertDeliveries",
    listing=channels.deliveries,
)
ALERT_DIGESTS = Endpoint(
    f"{PREFIX}/alerts/digests",
    "The weekly digests: when, and to whom",
    "By number. A running worker sends them.",
    "AlertDigests",
    listing=digests.digests,
)
ALERT_DIGEST = Endpoint(
    f"{PREFIX}/alerts/digest",
    "The weekly digest, as it would be sent now",
    "The last seven whole days of the zone: subject, plain text, and the page of the mail. Nothing is sent.",
    "DigestPreview",
    (TZ,),
    digests.preview,
    lasting=False,
)

ENDPOINTS = (ALERT_RULES, ALERT_CHANNELS, ALERT_HISTORY, ALERT_DELIVERIES, ALERT_DIGESTS, ALERT_DIGEST)
