"""Roof: gunicorn's configuration: ``gunicorn -c dashboard/gunicorn_conf.py dashboard.wsgi:server``."""

from __future__ import annotations

from dashboard.config import Settings
from dashboard.serving import gunicorn_options

# gunicorn reads a module's names; they are made in one place for this and for `fixer-metrics serve`.
globals().update(gunicorn_options(Settings.load()))
