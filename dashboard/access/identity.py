"""Roof: who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Request

VIEWER, EDITOR, INGEST = "viewer", "editor", "ingest"
ROLES = (VIEWER, EDITOR)  # of people; tokens have INGEST, too

READ, WRITE, RECORD = "read", "write", "record"
RIGHTS = {
    VIEWER: frozenset({READ}),
    EDITOR: frozenset({READ, WRITE, RECORD}),
    INGEST: frozenset({RECORD}),
}

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
# Agents post their runs here, and what OpenTelemetry sends beside; all other writing is the editors'.
_RUNS, _TELEMETRY = "/api/runs", "/v1/"
# Callbacks only read: what changes anything goes through the API (dashboard.api.writings).
_QUESTIONS = frozenset({"/_dash-update-component"})


@dataclass(frozen=True, slots=True)
class Identity:
    """``session``: it is a person who logged in here, and may log out."""

    name: str
    role: str
    session: bool = False

    def may(self, right: str) -> bool:
        return right in RIGHTS.get(self.role, frozenset())


EVERYBODY = Identity("", EDITOR)  # where nobody needs to log in
NOBODY = Identity("", "")


def needed(request: Request) -> str:
    """The right that a request needs. What is not known is a way of writing."""
    rule = request.url_rule.rule if request.url_rule else ""
    if request.method == "POST" and (rule == _RUNS or rule.startswith(_TELEMETRY)):
        return RECORD
    if request.method in _READING or (request.method == "POST" and rule in _QUESTIONS):
        return READ
    return WRITE
