"""Roof: writes the README's tables from the records they describe, so that they cannot go stale."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from dashboard import config
from dashboard.api import openapi
from queries.metrics import METRICS

README = Path(__file__).parent.parent / "README.md"
_UNITS = {"count": "count", "tokens": "tokens", "number": "number", "usd": "US dollars"} | {
    "ms": "milliseconds",
    "percent": "percent, 0 to 100",
}


def metric_rows() -> list[str]:
    """The metrics as a Markdown table, a line each."""
    rows = ["| metric | name in the API | unit | what it means |", "|---|---|---|---|"]
    return rows + [f"| {m.label} | `{m.name}` | {_UNITS[m.unit]} | {m.help} |" for m in METRICS]


def brought_up_to_date(text: str) -> str:
    """The README with its generated tables as they should be."""
    sections = {
        "metrics": metric_rows(),
        "settings": ["| setting | default | meaning |", "|---|---|---|", *config.markdown_rows()],
        "api": openapi.markdown_rows(),
    }
    for name, rows in sections.items():
        pattern = rf"(<!-- {name}:[^>]*-->\n).*?(<!-- /{name} -->)"
        body = "\n".join(rows)
        text, found = re.subn(pattern, lambda m, body=body: f"{m[1]}{body}\n{m[2]}", text, flags=re.DOTALL)
        assert found == 1, f"README.md has no place for the table of {name}"
    return text


def main() -> None:
    README.write_text(brought_up_to_date(README.read_text()))
    sys.stdout.write(f"{README.name}: tables are up to date\n")


if __name__ == "__main__":
    main()
