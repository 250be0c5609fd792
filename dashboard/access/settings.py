"""Roof: the settings that say who may see and who may change."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from dashboard.setting import Setting
from dashboard.setting_values import on, one_of, whole_number

NONE, USERS, OIDC, PROXY = "none", "users", "oidc", "proxy"
UNIX = "unix"  # a proxy on this machine that comes by a socket of the file system
EVERYBODY = "*"
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")
_LIST_HELP = "names, email addresses, @domain.org for all addresses there, group:NAME, or * for everybody"


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _people(text: str) -> tuple[str, ...]:
    words = _listed(text)
    if any(word in ("@", "group:") for word in words):
        raise ValueError(text)
    return words


def _scopes(text: str) -> str:
    if "openid" not in text.split():  # without it nobody is named
        raise ValueError(text)
    return " ".join(text.split())


def _networks(text: str) -> tuple[str, ...]:
    words = _listed(text)
    return tuple(word if word == UNIX else str(ipaddress.ip_network(word)) for word in words)


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    _ = parts.port  # raises ValueError where the port is no number
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(text)
    return text


def _issuer(text: str) -> str:
    # What comes over http could be anybody's, but for a provider on this machine.
    parts = urlsplit(_web_address(text))
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError(text)
    return text


def _header(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise ValueError(text)
    return text


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "AUTH",
        "auth",
        NONE,
        "How people are known. none: whoever is on this machine, and nobody else, sees and changes all; "
        "users: names and passwords (`fixer-metrics user add`); oidc: an OpenID Connect provider; "
        "proxy: a header of TRUSTED_PROXY.",
        "one of none, users, oidc, proxy",
        one_of(NONE, USERS, OIDC, PROXY),
    ),
    Setting(
        "INSECURE",
        "insecure",
        "off",
        "With AUTH=none: whether other machines are answered, too; whoever reaches the port then sees and "
        "changes everything. `serve --insecure` is the same.",
        "on or off",
        on,
    ),
    Setting(
        "TRUSTED_PROXY",
        "trusted_proxy",
        None,
        "Where your reverse proxy's requests come from; what they say in X-Forwarded headers is believed. "
        "What came through any other proxy is refused.",
        "addresses and networks with commas, such as 127.0.0.1,10.0.0.0/8, or unix for a socket file",
        _networks,
        without="what came through a proxy is refused",
    ),
    Setting(
        "SESSION_HOURS",
        "session_hours",
        "12",
        "Hours after which one must log in again.",
        "a number from 1 to 2160",
        whole_number(1, 2160),
    ),
    Setting(
        "VIEWERS",
        "viewers",
        None,
        "Who may look, with AUTH=oidc or proxy. Without any, nobody of an OpenID Connect provider but "
        "EDITORS, and everybody whom a proxy names.",
        _LIST_HELP,
        _people,
        without="as said",
        holds_no_password=True,
    ),
    Setting(
        "EDITORS",
        "editors",
        None,
        "Who may look and change, with AUTH=oidc or proxy.",
        _LIST_HELP,
        _people,
        without="nobody",
        holds_no_password=True,
    ),
    Setting(
        "PROXY_USER_HEADER",
        "proxy_user_header",
        "X-Forwarded-User",
        "With AUTH=proxy: the header that names who asks. Your proxy must set it itself, always.",
        "the name of a header",
        _header,
    ),
    Setting(
        "PROXY_GROUPS_HEADER",
        "proxy_groups_header",
        None,
        "With AUTH=proxy: the header with their groups, with commas.",
        "the name of a header",
        _header,
        without="there are no groups",
    ),
    Setting(
        "OIDC_ISSUER",
        "oidc_issuer",
        None,
        "With AUTH=oidc: the provider's issuer address.",
        "an address like https://login.example.org/realms/team (http only on this machine)",
        _issuer,
        without="AUTH=oidc cannot be used",
    ),
    Setting(
        "OIDC_CLIENT_ID",
        "oidc_client_id",
        None,
        "The client id that the provider gave for this dashboard.",
        "text",
        str,
        without="AUTH=oidc cannot be used",
    ),
    Setting(
        "OIDC_CLIENT_SECRET",
        "oidc_client_secret",
        None,
        "The client's secret.",
        "text, kept to yourself",
        str,
        without="the client is a public one, with PKCE alone",
        secret=True,
    ),
    Setting(
        "OIDC_SCOPES",
        "oidc_scopes",
        "openid email profile",
        "What the provider is asked for; some hand out groups only with a scope of their own.",
        "words with spaces, openid among them",
        _scopes,
    ),
    Setting(
        "OIDC_GROUPS_CLAIM",
        "oidc_groups_claim",
        "groups",
        "The claim that holds the groups of whoever logs in.",
        "the name of a claim",
        str,
    ),
)
