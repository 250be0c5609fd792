"""Roof: everything that can be written through the API, topic by topic."""

from __future__ import annotations

from dashboard.api import alerts, channels, data, digests, in_flight, intake, markers, views
from dashboard.api.writing import Writing

WRITINGS: tuple[Writing, ...] = (
    *intake.WRITINGS,
    *in_flight.WRITINGS,
    *data.WRITINGS,
    *markers.WRITINGS,
    *views.WRITINGS,
    *alerts.WRITINGS,
    *channels.WRITINGS,
    *digests.WRITINGS,
)
