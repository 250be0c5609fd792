"""Roof: create_app puts everything together; no app, engine or callback exists at module level."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from dash import Dash
from flask import Blueprint, Flask, Response, request
from sqlalchemy import Engine

import callbacks
from dashboard import api, health, logs, otlp, telemetry, upkeep, watching
from dashboard.access.checks import check
from dashboard.access.gate import reader
from dashboard.access.install import install
from dashboard.answers import answer_cache
from dashboard.api.in_flight import PATIENCE
from dashboard.api.intake import ASSEMBLER, LIMITS, Limits
from dashboard.api.money import BUDGET
from dashboard.api.unusual import SIGMA
from dashboard.bundle import bundle
from dashboard.config import Settings
from dashboard.folders import kept_secret
from dashboard.housekeeping import Housekeeping
from dashboard.server import add_manners, make_server
from dashboard.start import begin_at_start_view
from dashboard.trace_keeping import TraceChores
from layouts import page, pages, shell, theme
from layouts.options import Options
from queries.cache import AnswerCache
from queries.engine import make_engine
from queries.errors import UserError
from queries.in_flight import Patience
from queries.store import Store

_EVERY_PATH = "/<path:path>"  # Dash's rule for what is nothing else
_EXTENSION = "fixer_metrics"
_IN_HEAD = r"^theme\.js$"  # the frame loads it in the head, before the first paint
_OWN = r"\.(js|css)$"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a server process holds; found again with ``parts_of``."""

    engine: Engine
    writing_engine: Engine
    store: Store
    answers: Path
    traces: TraceChores
    housekeeping: dict[int, Housekeeping] = field(default_factory=dict)  # by process: threads do not fork

    def forget_connections(self) -> None:
        """After a fork: connections opened before belong to the parent, and are left to it."""
        self.engine.dispose(close=False)
        self.writing_engine.dispose(close=False)

    def close(self) -> None:
        self.engine.dispose()
        self.writing_engine.dispose()

    def start_housekeeping(self) -> Housekeeping:
        """The one of this process."""
        process = os.getpid()
        if process not in self.housekeeping:
            mine = Housekeeping(self.writing_engine, answers=self.answers, traces=self.traces)
            if self.housekeeping.setdefault(process, mine) is mine:
                mine.start()
        return self.housekeeping[process]


def parts_of(server: Flask) -> Parts:
    parts: Parts = server.extensions[_EXTENSION]
    return parts


def create_app(settings: Settings, *, primed: bool = True) -> Dash:
    """The application on the database of ``settings``, which need not answer yet.

    ``primed`` False leaves it open to what Dash's debug mode still adds, and its files apart, which a
    browser then loads anew when they change.
    """
    if settings.database_url is None:
        raise UserError("create_app needs DATABASE_URL; open_database gives one where it is not set.")
    check(settings)
    secret_key = settings.secret_key or kept_secret(settings.data)
    server = make_server(secret_key)
    logs.watch(server)
    cache = answer_cache(server, settings)
    parts = _make_parts(settings, cache)
    install(server, settings, secret_key, parts.engine, parts.writing_engine)
    telemetry.watch(server, parts.engine, cache)
    server.extensions[_EXTENSION] = parts
    server.extensions[upkeep.EXTENSION] = upkeep.Upkeep(settings.database_url, settings.data / "upkeep")
    server.config[ASSEMBLER] = parts.traces.keeper.assembler
    server.extensions[watching.EXTENSION] = watching.make_watch(settings, parts.writing_engine, parts.store)
    server.config[BUDGET] = settings.monthly_budget
    server.config[PATIENCE] = _patience(settings)
    server.config[LIMITS] = Limits(settings.post_max_mb * 2**20, settings.post_max_runs, settings.error_rules)
    server.config[SIGMA] = settings.unusual_sigma
    app = _make_dash(server, bundled=primed)
    options = _options(settings)
    app.layout = lambda: page.layout(options, reader())
    callbacks.register(app, parts.store, options)
    server.register_blueprint(api.blueprint(parts.store, parts.writing_engine))
    server.register_blueprint(_otlp(settings, parts))
    server.register_blueprint(health.blueprint(parts.engine))
    server.register_blueprint(telemetry.blueprint(server))
    _miss_unknown_paths(server)
    begin_at_start_view(server, parts.engine)
    add_manners(app)
    # Last: Dash finishes its set-up on the first request, and two threads at once get it wrong (dash#3971).
    if primed:
        server.test_client().get("/healthz")
    return app


def _otlp(settings: Settings, parts: Parts) -> Blueprint:
    # One thread stays for pages, however many programs send spans.
    at_once = settings.traces_at_once or max(1, settings.threads - 1)
    return otlp.blueprint(parts.writing_engine, parts.traces.keeper, at_once)


def _miss_unknown_paths(server: Flask) -> None:
    """Dash answers every path with its document; where there is no page that document is a 404."""

    @server.after_request
    def status(response: Response) -> Response:
        document = response.status_code == 200 and request.url_rule and request.url_rule.rule == _EVERY_PATH
        if document and pages.find(request.path) is None:
            response.status_code = 404
        return response


def _options(settings: Settings) -> Options:
    """What the pages need of the settings."""
    return Options(
        budget=settings.monthly_budget,
        sigma=settings.unusual_sigma,
        delay=settings.alert_delay,
        attributes=settings.attributes,
        patience=_patience(settings),
    )


def _patience(settings: Settings) -> Patience:
    return Patience(timedelta(hours=settings.in_flight_hours), timedelta(minutes=settings.overdue_minutes))


def _make_parts(settings: Settings, cache: AnswerCache) -> Parts:
    url = settings.database_url or ""
    timeout = settings.statement_timeout * 1000
    engine = make_engine(url, pool_size=settings.threads, read_only=True, statement_timeout_ms=timeout)
    # As many as may write at once, so that none waits for another one's connection.
    writing = make_engine(url, pool_size=settings.threads, statement_timeout_ms=0)
    store = Store(engine, cache)
    answers = settings.data / "cache" / "answers"
    return Parts(engine, writing, store, answers, TraceChores.of(writing, settings))


def _make_dash(server: Flask, *, bundled: bool) -> Dash:
    assets = assets_folder()
    app = Dash(
        "dashboard",
        server=server,  # type: ignore[arg-type]
        title=shell.TITLE,
        update_title=None,  # type: ignore[arg-type]
        assets_folder=str(assets),
        assets_ignore=_OWN if bundled else _IN_HEAD,
        # Linked below, before everything else, so that our own styles come after what they override.
        assets_path_ignore=theme.ASSETS_IGNORE,
        suppress_callback_exceptions=True,  # else every page carries its layout twice
        compress=True,
        use_async=False,  # else it depends on what happens to be installed, and is three times slower
        enable_mcp=False,
    )
    app.config.external_stylesheets = [_address(app, assets, name) for name in theme.STYLESHEETS]
    app.config.external_scripts = [_address(app, assets, name) for name in theme.SCRIPTS]
    app.index_string = shell.index_string(_address(app, assets, "theme.js"), pages.records())
    if bundled:
        bundle(server, app, assets, _IN_HEAD)
    return app


def _address(app: Dash, assets: Path, name: str) -> str:
    """The URL of a file in assets/, with its version, so that browsers may keep it for ever."""
    return f"{app.get_asset_url(name)}?m={(assets / name).stat().st_mtime}"


def assets_folder() -> Path:
    """The assets inside the installed package, or beside it in a working copy."""
    here = Path(__file__).resolve().parent
    installed = here / "assets"
    return installed if installed.exists() else here.parent / "assets"
