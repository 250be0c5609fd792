"""Roof: everything that can be written through the API, topic by topic."""

from __future__ import annotations

from dashboard.api import data, markers
from dashboard.api.writing import Writing

WRITINGS: tuple[Writing, ...] = (*data.WRITINGS, *markers.WRITINGS)
