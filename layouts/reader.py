"""Who looks at a page, as far as the page shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reader:
    name: str
    role: str
    may_edit: bool
    may_log_out: bool
