"""Roof: ``python -m dashboard`` is ``fixer-metrics``."""

from dashboard.cli import main

main()
