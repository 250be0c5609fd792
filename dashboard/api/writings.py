"""Roof: everything that can be written through the API, topic by topic."""

from __future__ import annotations

from dashboard.api import alerts, channels, data, digests, intake, markers, views
from dashboard.api.writing import Writing

WRITINGS: tuple[Writing, ...] = (
    *intake.WRITINGS,
    *data.WRITINGS,
    *markers.WRITINGS,
    *views.WRITINGS,
    *alerts.WRITINGS,
    *channels.WRITINGS,
    *digests.WRITINGS,
)
