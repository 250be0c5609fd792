"""Roof: the settings in force, and where each came from; no other module reads the environment."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv.parser import parse_stream

from dashboard.setting import Setting, masked
from dashboard.settings import SETTINGS
from queries.errors import UserError, did_you_mean

PREFIX = "FIXER_METRICS_"
_NAMES = {setting.name for setting in SETTINGS}


class ConfigError(UserError):
    """One or more settings that cannot be used; one line for each."""


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
    log_format: str
    error_rules: Path | None
    attributes: tuple[str, ...]
    monthly_budget: float | None
    post_max_mb: int
    post_max_runs: int
    in_flight_hours: int
    overdue_minutes: int
    unusual_sigma: float
    trace_unset_status: str
    trace_keep_hours: int
    traces_at_once: int | None
    public_url: str | None
    alert_delay: int
    alert_internal: str | None
    auth: str
    insecure: bool
    trusted_proxy: tuple[str, ...] | None
    session_hours: int
    viewers: tuple[str, ...] | None
    editors: tuple[str, ...] | None
    proxy_user_header: str
    proxy_groups_header: str | None
    oidc_issuer: str | None
    oidc_client_id: str | None
    oidc_client_secret: str | None
    oidc_scopes: str
    oidc_groups_claim: str
    retention_days: int | None
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
    return (
        f"{setting.name}={masked(setting, text)} (from {place}) is not allowed: it must be {setting.allowed}."
    )


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


def in_force(settings: Settings) -> list[tuple[str, str, str]]:
    """(name, value that may be shown, where it came from) of every setting."""
    return [(s.name, _shown(s, getattr(settings, s.attribute)), settings.sources[s.name]) for s in SETTINGS]


def _shown(setting: Setting, value: object) -> str:
    if value is None:
        return f"not set: {setting.without}"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(value)
    return masked(setting, str(value))


def markdown_rows() -> list[str]:
    """The rows of the table of settings in the README: name, default, meaning and what is allowed."""
    return [
        f"| `{s.name}` | {f'`{s.default}`' if s.default else s.without} | {s.help} Allowed: {s.allowed}. |"
        for s in SETTINGS
    ]


def dotenv_example() -> str:
    """What .env.example must hold."""
    head = "# Settings of Fixer Metrics. Copy to .env and remove the # before what you change.\n"
    head += "# What the environment says wins over this file.\n"
    return head + "".join(
        f"\n# {s.help}\n# Allowed: {s.allowed}.{f' Without it: {s.without}.' if s.without else ''}\n"
        f"#{s.name}={s.default or ''}\n"
        for s in SETTINGS
    )
