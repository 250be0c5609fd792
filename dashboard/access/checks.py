"""Roof: what must be right before a server starts; every way of starting passes here."""

from __future__ import annotations

from dashboard.access.network import listens_to_itself
from dashboard.access.settings import NONE, OIDC, PROXY, USERS
from dashboard.config import Settings
from queries.errors import UserError

_CHOICES = (
    "Choose how people are known: AUTH=users with `fixer-metrics user add`, AUTH=oidc with your identity "
    "provider, or AUTH=proxy with TRUSTED_PROXY (README, “Who may see”)"
)


def check(settings: Settings, host: str | None = None) -> None:
    """UserError with what to set where the settings would publish the dashboard, or lock everybody out.

    ``host``: where the server really listens, if that is not the setting HOST."""
    if settings.auth == NONE:
        _check_open(settings, host or settings.host)
    if settings.auth == OIDC:
        _check_provider(settings)
    if settings.auth == PROXY and not settings.trusted_proxy:
        raise UserError(
            "AUTH=proxy needs TRUSTED_PROXY: the address that your proxy's requests come from. "
            "Else anybody could name themselves in the header."
        )


def _check_open(settings: Settings, host: str) -> None:
    if settings.insecure:
        return
    if settings.trusted_proxy:
        raise UserError(
            f"TRUSTED_PROXY is set, but AUTH is none: everybody who reaches the proxy would see and change "
            f"everything. {_CHOICES}."
        )
    if not listens_to_itself(host):
        raise UserError(
            f"HOST={host} can be reached from other machines, and AUTH is none: everybody there would see "
            f"and change everything. {_CHOICES}. If that is what you want: `fixer-metrics serve --insecure`, "
            "or INSECURE=on."
        )


def _check_provider(settings: Settings) -> None:
    needed = {"OIDC_ISSUER": settings.oidc_issuer, "OIDC_CLIENT_ID": settings.oidc_client_id}
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise UserError(f"AUTH=oidc needs {' and '.join(missing)}, as your provider gave them.")
    if not settings.viewers and not settings.editors:
        raise UserError(
            "AUTH=oidc needs VIEWERS or EDITORS: who of the provider's people may come in, for example "
            "VIEWERS=@example.org EDITORS=group:platform."
        )


def notes(settings: Settings) -> list[str]:
    """What an operator should know, though it is allowed."""
    here = listens_to_itself(settings.host)
    found = []
    if settings.auth == NONE and settings.insecure and not here:
        found.append(f"INSECURE: everybody who reaches {settings.host} sees and changes everything")
    if settings.auth == USERS and not here and not settings.trusted_proxy:
        found.append("passwords come unencrypted: put a proxy with TLS in front, and set TRUSTED_PROXY")
    return found + _without_effect(settings)


# What would keep somebody out, or in, and does nothing with another AUTH.
_COUNTS_WITH = {
    **dict.fromkeys(("VIEWERS", "EDITORS"), (OIDC, PROXY)),
    **dict.fromkeys(("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"), (OIDC,)),
    **dict.fromkeys(("PROXY_USER_HEADER", "PROXY_GROUPS_HEADER"), (PROXY,)),
}


def _without_effect(settings: Settings) -> list[str]:
    return [
        f"{name} is set and counts for nothing: AUTH is {settings.auth}, not {' or '.join(modes)}"
        for name, modes in _COUNTS_WITH.items()
        if settings.sources.get(name, "default") != "default" and settings.auth not in modes
    ]
