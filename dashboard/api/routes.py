"""Roof: the API's routes: read the question, ask the store, answer in JSON with an ETag."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Blueprint, Response, request
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import Rule

from dashboard.api import answers, openapi
from dashboard.api.answers import Answerer
from dashboard.api.endpoints import DEFINITIONS, DESCRIPTION, ENDPOINTS, PREFIX, Endpoint
from dashboard.api.problems import Problem, answer_to
from dashboard.api.questions import read
from queries.store import Store

NAME = "api"
METHODS = "GET, HEAD, OPTIONS"
_PATHS = frozenset(endpoint.path for endpoint in ENDPOINTS)
_FIXED: dict[Endpoint, Callable[[], dict[str, Any]]] = {
    DEFINITIONS: answers.definitions,
    DESCRIPTION: openapi.document,
}


def _now() -> datetime:
    return datetime.now(UTC)


def blueprint(store: Store, clock: Callable[[], datetime] = _now) -> Blueprint:
    """Everything under /api, unknown paths included: what is asked there is answered in JSON."""
    api = Blueprint(NAME, __name__)
    for endpoint in ENDPOINTS:
        view = _of_data(endpoint, endpoint.answer, store, clock) if endpoint.answer else _fixed(endpoint)
        # OPTIONS goes to the catch-all, whose presence keeps Flask from knowing the allowed methods.
        api.add_url_rule(endpoint.path, endpoint.name, view, methods=["GET"], provide_automatic_options=False)
    api.register_error_handler(Exception, answer_to)
    api.record(_add_catch_all)
    return api


def _of_data(
    endpoint: Endpoint, answer: Answerer, store: Store, clock: Callable[[], datetime]
) -> Callable[[], Response]:
    def view() -> Response:
        question = read(
            request.query_string,
            endpoint.parameters,
            path=request.script_root + endpoint.path,
            series=endpoint.series,
            now=clock(),
            extent=store.extent,
        )
        key = question.key()
        if request.if_none_match and _unchanged(tag := _tag(store.version(), key)):
            return _not_modified(tag)
        version, body = answer(store, question)
        return _json(body, _tag(version, key))

    return view


def _fixed(endpoint: Endpoint) -> Callable[[], Response]:
    body = orjson.dumps(_FIXED[endpoint]())
    tag = hashlib.sha256(body).hexdigest()[:32]

    def view() -> Response:
        read(request.query_string, (), path=endpoint.path, series=False, now=_now(), extent=lambda: None)
        return _not_modified(tag) if _unchanged(tag) else _with_tag(Response(body), tag)

    return view


def _tag(version: str, key: str) -> str:
    # The description stands for the shape of the answers: a new release must not be "unchanged".
    return hashlib.sha256(f"{openapi.digest()}\n{version}\n{key}".encode()).hexdigest()[:32]


def _unchanged(tag: str) -> bool:
    return request.if_none_match.contains_weak(tag)


def _not_modified(tag: str) -> Response:
    return _with_tag(Response(status=304), tag)


def _json(body: answers.Body, tag: str) -> Response:
    return _with_tag(Response(orjson.dumps(body, option=orjson.OPT_UTC_Z)), tag)


def _with_tag(response: Response, tag: str) -> Response:
    response.mimetype = "application/json"
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(tag, weak=True)  # weak: compression may change the bytes
    return response


def _add_catch_all(state: BlueprintSetupState) -> None:
    """Without it the page, which answers every path, would answer mistyped ones of the API with HTML."""
    app = state.app
    endpoint = f"{NAME}.nothing_here"
    app.view_functions[endpoint] = _nothing_here
    for path in (f"{PREFIX}/", f"{PREFIX}/<path:rest>"):
        # methods=None: any method whatever; Flask's own add_url_rule cannot say that.
        app.url_map.add(Rule(path, methods=None, endpoint=endpoint, strict_slashes=False))


def _nothing_here(rest: str = "") -> Response:
    if request.path not in _PATHS:
        message = f"There is nothing at {request.path[:200]!r}."
        return Problem("not_found", message, ", ".join(sorted(_PATHS))).response()
    if request.method == "OPTIONS":
        return Response(status=204, headers={"Allow": METHODS})
    message = f"{request.method[:20]} is not allowed here: the API only reads."
    return Problem("method_not_allowed", message, METHODS).response({"Allow": METHODS})
