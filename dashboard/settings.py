"""Roof: every setting as one record: its name, default, meaning, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from alerts.guard import Allowed
from dashboard.access.settings import SETTINGS as ACCESS
from dashboard.setting import Setting
from dashboard.setting import on as _on
from dashboard.setting import one_of as _one_of
from dashboard.setting import whole_number as _whole_number
from queries.facets import LONGEST_NAME

MOST_ATTRIBUTES = 20
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("text", "json")


def _address(*schemes: str, needs_path: bool = False) -> Callable[[str], str]:
    def parse(text: str) -> str:
        parts = urlsplit(text)
        _ = parts.port  # raises ValueError where the port is no number
        if parts.scheme not in schemes or (needs_path and not parts.path.strip("/")):
            raise ValueError(text)
        return text

    return parse


def _host(text: str) -> str:
    if "/" in text or any(character.isspace() for character in text):
        raise ValueError(text)
    return text


def _secret_key(text: str) -> str:
    if len(text) < 16:
        raise ValueError("too short")
    return text


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _dollars(text: str) -> float:
    amount = float(text.removeprefix("$").replace(",", ""))
    # Neither infinite nor not-a-number: both compare false with one of these.
    if not 0 < amount < 1e12:
        raise ValueError(text)
    return amount


def _sigma(text: str) -> float:
    number = float(text)
    if not 1 <= number <= 10:
        raise ValueError(text)
    return number


def _web_address(text: str) -> str:
    if not urlsplit(_address("http", "https")(text)).hostname:
        raise ValueError(text)
    return text.rstrip("/")


def _networks(text: str) -> str:
    Allowed.of(text)  # raises ValueError
    return text


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if len(names) > MOST_ATTRIBUTES or any(len(name) > LONGEST_NAME for name in names):
        raise ValueError(text)
    return names


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "DATABASE_URL",
        "database_url",
        None,
        "The PostgreSQL (14 or later) that holds the runs.",
        "an address like postgresql://user:password@host:5432/name",
        _address("postgresql", "postgres", "postgresql+psycopg", needs_path=True),
        without="an embedded PostgreSQL in FIXER_METRICS_DATA",
    ),
    Setting(
        "FIXER_METRICS_DATA",
        "data",
        ".data",
        "Folder of the embedded PostgreSQL and of the caches; relative to the working folder.",
        "a folder that you can write to",
        _path,
    ),
    Setting(
        "HOST",
        "host",
        "127.0.0.1",
        "Address to listen on; one that others reach needs AUTH.",
        "an address or name of this machine, such as 127.0.0.1, 0.0.0.0 or ::1",
        _host,
    ),
    Setting(
        "PORT",
        "port",
        "8050",
        "Port to listen on.",
        "a number from 1 to 65535",
        _whole_number(1, 65535),
    ),
    Setting(
        "WEB_CONCURRENCY",
        "workers",
        "2",
        "Server processes; about one per core.",
        "a number from 1 to 64",
        _whole_number(1, 64),
    ),
    Setting(
        "WEB_THREADS",
        "threads",
        "4",
        "Requests each process answers at the same time; each may hold one database connection.",
        "a number from 1 to 64",
        _whole_number(1, 64),
    ),
    Setting(
        "REDIS_URL",
        "redis_url",
        None,
        "Redis that holds the cache, for several machines behind one address.",
        "an address like redis://:password@host:6379/0, rediss://... or unix:///path",
        _address("redis", "rediss", "unix"),
        without="the cache is in FIXER_METRICS_DATA",
    ),
    Setting(
        "SECRET_KEY",
        "secret_key",
        None,
        "Signs what the server hands to browsers; the same on all machines behind one address.",
        "at least 16 characters, kept to yourself",
        _secret_key,
        without="made once and kept in FIXER_METRICS_DATA",
        secret=True,
    ),
    Setting(
        "ERROR_RULES",
        "error_rules",
        None,
        "Own rules that tell the category of an error message; they go before ours. "
        "After a change `fixer-metrics rebuild` tells the runs that are there anew.",
        "a TOML file of [[rule]] tables, each with category = \"name\" and any = ['pattern', ...]",
        _path,
        without="the rules that come with it",
    ),
    Setting(
        "FIXER_METRICS_CACHE",
        "cache",
        "on",
        "Whether answers are cached; a cached answer is never stale.",
        "on or off",
        _on,
    ),
    Setting(
        "FIXER_METRICS_STATEMENT_TIMEOUT",
        "statement_timeout",
        "15",
        "Seconds after which the database gives up on a query of the page or the API.",
        "a number from 1 to 600",
        _whole_number(1, 600),
    ),
    Setting(
        "FIXER_METRICS_LOG_LEVEL",
        "log_level",
        "warning",
        "How much the server writes to standard error.",
        "one of " + ", ".join(LOG_LEVELS),
        _one_of(*LOG_LEVELS),
    ),
    Setting(
        "FIXER_METRICS_LOG_FORMAT",
        "log_format",
        "text",
        "How it writes: lines for people, or JSON for machines; both with the request's id (X-Request-ID). "
        "Each request is a line at log level info.",
        "one of " + ", ".join(LOG_FORMATS),
        _one_of(*LOG_FORMATS),
    ),
    Setting(
        "ATTRIBUTES",
        "attributes",
        "repository,environment,user,task",
        "Attributes of runs that are rolled up, and offered as filters and breakdowns. After a change, "
        "`fixer-metrics rebuild` fills new ones from the runs; until then they work, but slower.",
        f"names with commas, at most {MOST_ATTRIBUTES} of at most {LONGEST_NAME} characters",
        _names,
    ),
    Setting(
        "MONTHLY_BUDGET",
        "monthly_budget",
        None,
        "Dollars that all runs of a calendar month may cost; the money page says when they will be spent.",
        "an amount of dollars above 0, such as 2500",
        _dollars,
        without="the money page shows spend and forecast alone",
    ),
    Setting(
        "POST_MAX_MB",
        "post_max_mb",
        "16",
        "Most megabytes of runs, or of spans, that one request may send, unpacked.",
        "a number from 1 to 1024",
        _whole_number(1, 1024),
    ),
    Setting(
        "POST_MAX_RUNS",
        "post_max_runs",
        "10000",
        "Most runs that one request may send.",
        "a number from 1 to 1000000",
        _whole_number(1, 1_000_000),
    ),
    Setting(
        "TRACE_UNSET_STATUS",
        "trace_unset_status",
        "success",
        "Status of a traced run whose agent ended without an error and said no more. OpenTelemetry leaves it "
        "so; teams that judge their runs themselves take unknown.",
        "one of success, unknown",
        _one_of("success", "unknown"),
    ),
    Setting(
        "TRACE_KEEP_HOURS",
        "trace_keep_hours",
        "24",
        "Hours that the spans of a trace are kept after the last came: late ones still complete its run.",
        "a number from 1 to 720",
        _whole_number(1, 720),
    ),
    Setting(
        "IN_FLIGHT_HOURS",
        "in_flight_hours",
        "24",
        "Hours after which a run that was announced, and of which nothing was heard since, is given up.",
        "a number from 1 to 8760",
        _whole_number(1, 8760),
    ),
    Setting(
        "OVERDUE_MINUTES",
        "overdue_minutes",
        "60",
        "Minutes after which a run in flight is overdue, where fewer than 100 runs of its model tell how "
        "long 99 of 100 take.",
        "a number from 1 to 525600",
        _whole_number(1, 525_600),
    ),
    Setting(
        "UNUSUAL_SIGMA",
        "unusual_sigma",
        "2",
        "How many standard deviations from what is expected make a bucket of a chart unusual.",
        "a number from 1 to 10",
        _sigma,
    ),
    Setting(
        "PUBLIC_URL",
        "public_url",
        None,
        "Where readers find this page; links in alerts and digests, and the way back from log-in.",
        "an address like https://metrics.example.org",
        _web_address,
        without="http://HOST:PORT",
    ),
    Setting(
        "ALERT_DELAY",
        "alert_delay",
        "5",
        "Minutes after each full quarter hour at which alerts look at it: as late as runs may come in.",
        "a number from 0 to 1440",
        _whole_number(0, 1440),
    ),
    Setting(
        "ALERT_INTERNAL",
        "alert_internal",
        None,
        "Which addresses of the server's own network messages may be sent to: your mail relay, your chat.",
        "networks or addresses with commas, such as 127.0.0.1,10.1.0.0/16, or all",
        _networks,
        without="only addresses of the internet",
    ),
    Setting(
        "RETENTION_DAYS",
        "retention_days",
        None,
        "Days that single runs are kept: `fixer-metrics worker` drops a month (UTC) once all of it is older. "
        "Totals and charts stay for ever; lists, exports and records of runs end there.",
        "a number from 1 to 36500",
        _whole_number(1, 36_500),
        without="single runs are kept for ever",
    ),
    *ACCESS,
)


def masked(setting: Setting, text: str) -> str:
    """The value as it may be shown: secrets and the passwords in addresses replaced by stars."""
    if setting.secret:
        return "***"
    if setting.holds_no_password:
        return text
    return masked_address(text) if "://" in text else re.sub(".*@", "***@", text)


def masked_address(address: str) -> str:
    """An address with its password, wherever it stands, replaced by stars."""
    # postgresql://fixer:a/b@c@host/runs?password=x -> postgresql://fixer:***@host/runs?password=***
    address = re.sub(r"(://[^:/?#@]*):.*@", r"\1:***@", address)
    return re.sub(r"(password=)[^&#]*", r"\1***", address, flags=re.IGNORECASE)
