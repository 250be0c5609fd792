"""Roof: figures of the service itself at /metrics, in the form that Prometheus reads.

Counters of all server processes are added up through files in one folder, as prometheus_client does it;
what the database knows is asked when the figures are.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from dashboard.folders import make_folder
from queries.cache import AnswerCache
from queries.workers import is_led

EXTENSION = "fixer_metrics_telemetry"  # of the Flask application
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where prometheus_client looks
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def share(data: Path) -> None:
    """For several server processes: call it before they fork. Forgets the figures of those that are gone."""
    folder = make_folder(data / "telemetry")
    for other in folder.iterdir():
        if not (other.name.isdigit() and psutil.pid_exists(int(other.name))) or other.name == str(
            os.getpid()
        ):
            shutil.rmtree(other, ignore_errors=True)
    os.environ[_FOLDER] = str(make_folder(folder / str(os.getpid())))
    # It looked into the environment when it was imported.
    values.ValueClass = values.MultiProcessValue()


def ended(process: int) -> None:
    """A server process has gone: what it counted stays."""
    if _FOLDER in os.environ:
        multiprocess.mark_process_dead(process)


class Telemetry:
    """The counters of one application."""

    def __init__(self, engine: Engine) -> None:
        self._own = CollectorRegistry()
        self._database = Database(engine)
        self.requests = Histogram(
            "fixer_metrics_http_request_seconds",
            "Time to answer a request.",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self._own,
        )
        self.answers = Counter(
            "fixer_metrics_answers",
            "Questions to the store, by whether the cache had the answer.",
            ("cache",),
            registry=self._own,
        )

    def page(self) -> bytes:
        counters: CollectorRegistry = self._own
        if _FOLDER in os.environ:
            counters = CollectorRegistry()
            multiprocess.MultiProcessCollector(counters)
        database = CollectorRegistry()
        database.register(self._database)
        return generate_latest(counters) + generate_latest(database)


class Database(Collector):
    """What the database says at this moment; ``fixer_metrics_database_up`` 0 where it says nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def describe(self) -> list[Metric]:
        return []  # so that registering asks nothing

    def collect(self) -> Iterator[Metric]:
        found = self._read()
        yield _gauge("fixer_metrics_database_up", "1 where the database answers.", float(bool(found)))
        for name, help_ in _GAUGES.items():
            if found.get(name) is not None:
                yield _gauge(f"fixer_metrics_{name}", help_, found[name])

    def _read(self) -> dict[str, float]:
        try:
            with self._engine.connect() as connection:
                row = connection.execute(_STATE).one()._mapping
                leads = is_led(connection)
        except SQLAlchemyError:
            return {}
        found = {name: float(value) for name, value in row.items() if value is not None}
        return found | {"worker_leads": float(leads)}


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=value)


_GAUGES = {
    "runs": "Runs in the rollups.",
    "newest_run_timestamp_seconds": "Beginning of the newest quarter hour with runs.",
    "rollup_delta_rows": "Rollup rows that wait for compaction.",
    "facet_dirty_hours": "Hours whose facets wait to be made again.",
    "worker_leads": "1 where a worker leads.",
    "worker_jobs_failing": "Jobs of the worker whose last try failed.",
    "database_connections": "Connections to this database, of whomever.",
}
# One statement of a few milliseconds: the status twin of the day tier has four rows a day.
_STATE = text(
    """
    SELECT (SELECT coalesce(sum(runs), 0) FROM
               (SELECT runs FROM status_day UNION ALL SELECT runs FROM rollup_delta) AS r) AS runs,
           (SELECT extract(epoch FROM greatest((SELECT max(bucket) FROM status_quarter WHERE runs > 0),
                                               (SELECT max(bucket) FROM rollup_delta WHERE runs > 0))))
               AS newest_run_timestamp_seconds,
           (SELECT count(*) FROM rollup_delta) AS rollup_delta_rows,
           (SELECT count(DISTINCT hour) FROM facet_dirty) AS facet_dirty_hours,
           (SELECT count(*) FROM worker_job WHERE failures > 0) AS worker_jobs_failing,
           (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS database_connections
    """
)


def watch(server: Flask, engine: Engine, cache: AnswerCache) -> None:
    """Counts every request of ``server`` and every look into ``cache``."""
    telemetry = Telemetry(engine)
    server.extensions[EXTENSION] = telemetry
    cache.looked = lambda hit: telemetry.answers.labels("hit" if hit else "miss").inc()

    @server.after_request
    def count(response: Response) -> Response:
        # The rule and not the path: there are as many paths as runs.
        route = request.url_rule.rule if request.url_rule else "none"
        labels = (_method(request.method), route, str(response.status_code))
        if "request_began" in g:
            telemetry.requests.labels(*labels).observe(time.perf_counter() - g.request_began)
        return response


def _method(name: str) -> str:
    """A stranger may send any word as a method, and each would be a series of its own."""
    return name if name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"


def blueprint(server: Flask) -> Blueprint:
    figures = Blueprint("telemetry", __name__)

    @figures.get("/metrics")
    def metrics() -> Response:
        telemetry: Telemetry = server.extensions[EXTENSION]
        return Response(telemetry.page(), content_type=CONTENT_TYPE_LATEST)

    return figures
