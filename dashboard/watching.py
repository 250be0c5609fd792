"""Roof: alerts put together: what they need of the settings, and what is to be done again and again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from alerts.digest import put_due, week
from alerts.evaluate import Looked, evaluate
from alerts.guard import Allowed
from alerts.messages import Writer
from alerts.outbox import Post, deliver
from alerts.preview import Preview, preview
from alerts.rules import Rule
from alerts.tell import Message, tell
from dashboard.config import Settings
from dashboard.folders import kept_secret
from dashboard.why import why
from layouts import alert_mail
from layouts.digest_mail import mail
from queries.cache import AnswerCache
from queries.store import Store

EXTENSION = "fixer_metrics_watch"  # of the Flask application


@dataclass(frozen=True)
class Watch:
    """``address``: of the page, as its readers reach it."""

    engine: Engine
    store: Store
    post: Post
    address: str
    delay: timedelta = timedelta()
    budget: float | None = None
    sigma: float = 2.0

    def look(self, now: datetime) -> Looked:
        """Evaluates all rules, and puts what is to be told into the outbox."""
        looked = evaluate(self.engine, self.store, now, delay=self.delay, budget=self.budget)
        tell(self.engine, self.writer, now)
        return looked

    def send(self, now: datetime) -> tuple[int, int]:
        return deliver(self.engine, self.post, now)

    def digest(self, tz: str, now: datetime) -> Message:
        return mail(week(self.store, tz, now, why, self.budget, self.sigma), self.address)

    def digests(self, now: datetime) -> int:
        """Puts the digests that are due into the outbox."""
        return put_due(self.engine, lambda plan, at: self.digest(plan.tz, at), now)

    def preview(self, rule: Rule, now: datetime) -> Preview:
        with self.store.together():
            return preview(self.store, rule, now, delay=self.delay, budget=self.budget)

    @property
    def writer(self) -> Writer:
        return Writer(self.store, why, self.address, alert_mail.html)


def make_watch(settings: Settings, engine: Engine, store: Store) -> Watch:
    allowed = Allowed.of(settings.alert_internal) if settings.alert_internal else Allowed()
    return Watch(
        engine,
        store,
        Post(settings.secret_key or kept_secret(settings.data), allowed),
        settings.public_url or f"http://{settings.host}:{settings.port}",
        timedelta(minutes=settings.alert_delay),
        settings.monthly_budget,
        settings.unusual_sigma,
    )


class _Forgetful:
    """A worker asks each question once: what is kept would only be in the way."""

    def get(self, key: str) -> Any:
        return None

    def set(self, key: str, value: Any, timeout: int | None = None) -> Any:
        return None


def on(settings: Settings, engine: Engine) -> Watch:
    """Without a page: for the worker and the command line."""
    return make_watch(settings, engine, asking(engine))


def asking(engine: Engine) -> Store:
    return Store(engine, AnswerCache(_Forgetful(), flight=None, seconds=1))
