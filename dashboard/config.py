"""Roof: every setting as one record, and where its value came from; no other module reads the environment."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from dotenv.parser import parse_stream

from queries.errors import UserError, did_you_mean

PREFIX = "FIXER_METRICS_"
LOG_LEVELS = ("debug", "info", "warning", "error")


class ConfigError(UserError):
    """One or more settings that cannot be used; one line for each."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: ``attribute`` is its name in Settings, ``parse`` raises ValueError for what is not allowed.

    ``default`` is the text that would give the same; None where there is none to write down, and then
    ``without`` says what happens without a value.
    """

    name: str
    attribute: str
    default: str | None
    help: str
    allowed: str
    parse: Callable[[str], object]
    without: str = ""
    secret: bool = False


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return parse


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(text)
        return text.lower()

    return parse


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


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _on(text: str) -> bool:
    return _one_of("on", "off")(text) == "on"


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
        _folder,
    ),
    Setting(
        "HOST",
        "host",
        "127.0.0.1",
        "Address to listen on; 0.0.0.0 listens on all, and then everybody who reaches the machine reads the page.",
        "an address or name of this machine, such as 127.0.0.1, 0.0.0.0 or ::1",
        _host,
    ),
    Setting("PORT", "port", "8050", "Port to listen on.", "a number from 1 to 65535", _whole_number(1, 65535)),
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
)

_NAMES = {setting.name for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force, and for each the place its value came from."""

    database_url: str | None
    data: Path
    host: str
    port: int
    workers: int
    threads: int
    redis_url: str | None
    secret_key: str | None
    cache: bool
    statement_timeout: int
    log_level: str
    sources: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, dotenv: Path | None = None) -> Settings:
        """Settings from the environment, then the ``.env`` file, then the defaults."""
        environ = os.environ if environ is None else environ
        dotenv = Path(".env") if dotenv is None else dotenv
        from_file = read_dotenv(dotenv)
        values: dict[str, object] = {}
        sources: dict[str, str] = {}
        errors: list[str] = []
        for setting in SETTINGS:
            text, source = _find(setting, environ, from_file, dotenv.name)
            sources[setting.name] = source
            try:
                values[setting.attribute] = None if text is None else setting.parse(text)
            except ValueError:
                errors.append(_complaint(setting, text or "", source))
        if errors:
            raise ConfigError("\n".join(errors))
        warnings = tuple(_unknown(environ, "the environment") + _unknown(from_file, dotenv.name))
        return cls(**values, sources=sources, warnings=warnings)  # type: ignore[arg-type]


def _find(
    setting: Setting, environ: Mapping[str, str], from_file: Mapping[str, str], file: str
) -> tuple[str | None, str]:
    # An empty value counts as none: `PORT= make demo`, and the empty lines of compose files.
    for place, values in (("environment", environ), (file, from_file)):
        text = values.get(setting.name, "").strip()
        if text:
            return text, place
    return setting.default, "default"


def _complaint(setting: Setting, text: str, source: str) -> str:
    place = "the environment" if source == "environment" else source
    return f"{setting.name}={masked(setting, text)} (from {place}) is not allowed: it must be {setting.allowed}."


def _unknown(values: Mapping[str, str], place: str) -> list[str]:
    def ours(name: str) -> bool:
        return name.startswith(PREFIX) or (place != "the environment" and bool(did_you_mean(name, _NAMES)))

    return [
        f"{name} (from {place}) is no setting and is ignored.{did_you_mean(name, _NAMES)}"
        for name in sorted(values)
        if name not in _NAMES and ours(name)
    ]


def read_dotenv(path: Path) -> dict[str, str]:
    """The names and values of a .env file, taken literally; {} where there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error}). Correct it or remove it.") from error
    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            # The line itself is not shown: it may hold a password.
            line = binding.original.line
            raise ConfigError(f"{path.name}, line {line}, is not understood: it must look like NAME=value.")
        if binding.key is not None:
            values[binding.key] = binding.value or ""
    return values


def masked(setting: Setting, text: str) -> str:
    """The value as it may be shown: secrets and the passwords in addresses replaced by stars."""
    if setting.secret:
        return "***"
    return masked_address(text) if "://" in text else text


def masked_address(address: str) -> str:
    """An address with its password, wherever it stands, replaced by stars."""
    parts = urlsplit(address)
    user, separator, _ = parts.netloc.rpartition("@")[0].partition(":")
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{user}{':***' if separator else ''}@{host}" if "@" in parts.netloc else host
    query = "&".join(
        f"{quote(name)}={'***' if 'password' in name.lower() else quote(value, safe='/')}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return urlunsplit((parts.scheme, netloc, parts.path, query, parts.fragment))


def in_force(settings: Settings) -> list[tuple[str, str, str]]:
    """(name, value that may be shown, where it came from) of every setting."""
    return [(s.name, _shown(s, getattr(settings, s.attribute)), settings.sources[s.name]) for s in SETTINGS]


def _shown(setting: Setting, value: object) -> str:
    if value is None:
        return f"not set: {setting.without}"
    if isinstance(value, bool):
        return "on" if value else "off"
    return masked(setting, str(value))


def markdown_rows() -> list[str]:
    """The rows of README's table of settings: name, default, meaning and what is allowed."""
    return [
        f"| `{s.name}` | {f'`{s.default}`' if s.default else s.without} | {s.help} Allowed: {s.allowed}. |"
        for s in SETTINGS
    ]


def dotenv_example() -> str:
    """What .env.example must hold."""
    head = "# Settings of Fixer Metrics. Copy to .env and remove the # before what you change; the environment wins.\n"
    return head + "".join(
        f"\n# {s.help}\n# Allowed: {s.allowed}.{f' Without it: {s.without}.' if s.without else ''}\n"
        f"#{s.name}={s.default or ''}\n"
        for s in SETTINGS
    )
