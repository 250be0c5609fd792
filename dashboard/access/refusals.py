"""Roof: how whoever may not is answered: programs in JSON, people with a page that says what to do."""

from __future__ import annotations

from urllib.parse import quote

from flask import Request, Response
from sqlalchemy.exc import SQLAlchemyError

from dashboard.access.network import Refusal
from dashboard.api.problems import BEARER, CODES, RETRY_SECONDS, Problem, answer_to
from layouts import access_page

LOGIN = "/login"
LOGIN_HEADER = "X-Log-In"  # tells assets/access.js where to go when a callback finds the session over
_PAGES = ("/", "/<path:path>")  # Dash's rules for its document
_PROGRAMS = ("/api", "/v1", "/metrics", "/_")


def is_page(request: Request) -> bool:
    """Whether a person asks for something to look at."""
    rule = request.url_rule.rule if request.url_rule else ""
    return (
        request.method in ("GET", "HEAD")
        and (rule in _PAGES or rule.startswith(LOGIN))
        and not request.path.startswith(_PROGRAMS)
    )


def not_from_there(request: Request, refusal: Refusal) -> Response:
    if is_page(request):
        return page(access_page.refused(refusal.message, refusal.allowed), CODES[refusal.code])
    return Problem(refusal.code, refusal.message, refusal.allowed).response()


def log_in_first(request: Request, *, has_login: bool) -> Response:
    """``has_login``: people can log in here; else a proxy should have named them."""
    if not is_page(request):
        headers = {LOGIN_HEADER: LOGIN} if has_login else {}
        message = "Nobody is logged in here, and no token came with the request."
        return Problem("login_needed", message, "a session, or Authorization: Bearer TOKEN").response(headers)
    if not has_login:
        return page(access_page.unnamed(), 401, {"WWW-Authenticate": BEARER})
    # Not full_path: it breaks where a query string is no UTF-8.
    asked = f"{request.path}?{request.query_string.decode(errors='replace')}".rstrip("?")
    way = LOGIN if asked == "/" else f"{LOGIN}?next={quote(asked, safe='')}"
    return Response(status=302, headers={"Location": way, "Cache-Control": "no-store"})


def without_database(request: Request, error: SQLAlchemyError) -> Response:
    answer = answer_to(error)
    if not (is_page(request) or request.path.startswith(LOGIN)) or answer.status_code != 503:
        return answer
    return page(access_page.away(), 503, {"Retry-After": str(RETRY_SECONDS)})


def not_allowed(request: Request, role: str) -> Response:
    """401 would ask to log in again, which changes nothing."""
    if is_page(request):
        return page(access_page.refused(_may_not(role), "Ask whoever runs it."), 403)
    message = _may_not(role)
    allowed = "editors change things; viewers look; ingest tokens record runs and nothing else"
    return Problem("role_too_low", message, allowed).response()


def _may_not(role: str) -> str:
    return f"The role {role} may not do this." if role else "You may not see this dashboard."


def page(html: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(html, status, {"Cache-Control": "no-store", **(headers or {})}, mimetype="text/html")
