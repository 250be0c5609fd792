"""Roof: what an endpoint of the API is; the records themselves are in dashboard.api.endpoints."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from dashboard.api.answers import Answerer
from dashboard.api.exports import Sender
from dashboard.api.parameters import Parameter
from queries.store import Store

PREFIX = "/api"


@dataclass(frozen=True)
class Endpoint:
    """``schema``: of its answer. ``answer`` asks the store; None where no data changes the answer.
    ``series``: it answers by time. ``listing`` reads a small table that people write to. ``lasting`` False:
    more than question and data decide the answer (the clock, a setting), so that its tag is that of its body.
    ``within``: what stands in braces in its path; ``missing``: the statuses where that leads nowhere.
    ``send`` answers with a file and not with JSON. ``version``: of all that decides a lasting answer, beside
    the question.
    """

    path: str
    title: str
    help: str
    schema: str
    parameters: tuple[Parameter, ...] = ()
    answer: Answerer | None = None
    series: bool = False
    listing: Callable[[Connection], dict[str, Any]] | None = None
    lasting: bool = True
    within: tuple[Parameter, ...] = ()
    missing: tuple[int, ...] = ()
    send: Sender | None = None
    version: Callable[[Store], str] = Store.version

    @property
    def name(self) -> str:
        """``/api/metrics/summary`` -> ``summary``; ``/api/runs/{run_id}`` -> ``runs_run_id``."""
        last = self.path.rpartition("/")[2]
        return "_".join(re.findall(r"\w+", self.path)[1:]) if "{" in self.path else last.partition(".")[0]
