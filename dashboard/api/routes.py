"""Roof: the API's routes: read the question, ask the store, answer in JSON with an ETag."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
from flask import Blueprint, Response, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy import Connection, Engine
from werkzeug.routing import BaseConverter, Rule

from dashboard.api import answers, openapi
from dashboard.api.endpoint import PREFIX, Endpoint
from dashboard.api.endpoints import DEFINITIONS, DESCRIPTION, ENDPOINTS
from dashboard.api.problems import Problem, answer_to
from dashboard.api.questions import read
from dashboard.api.writing import Writing, body_of, check_sender
from dashboard.api.writings import WRITINGS
from dashboard.export_formats import FORMATS
from queries.store import Store

NAME = "api"
# What stands in braces in a path, where it is no number.
_PATTERNS = {"run_id": r"[\s\S]+", "format": "|".join(FORMATS)}
_ALWAYS = ("HEAD", "OPTIONS")
_FIXED: dict[Endpoint, Callable[[], dict[str, Any]]] = {
    DEFINITIONS: answers.definitions,
    DESCRIPTION: openapi.document,
}


def _now() -> datetime:
    return datetime.now(UTC)


def blueprint(
    store: Store,
    engine: Engine,
    clock: Callable[[], datetime] = _now,
    writings: tuple[Writing, ...] = WRITINGS,
) -> Blueprint:
    """Everything under /api, unknown paths included: what is asked there is answered in JSON.

    ``engine`` may write; it also reads the small tables that people write to."""
    api = Blueprint(NAME, __name__)
    api.record_once(lambda state: state.app.url_map.converters.update(whole=_Whole))
    for endpoint in ENDPOINTS:
        # OPTIONS goes to the catch-all, whose presence keeps Flask from knowing the allowed methods.
        view = _view(endpoint, store, engine, clock)
        rule = re.sub(r"{(\w+)}", _converted, endpoint.path)
        api.add_url_rule(rule, endpoint.name, view, methods=["GET"], provide_automatic_options=False)
    for writing in writings:
        rule = re.sub(r"{(\w+)}", r"<int:\1>", writing.path)
        view = _writing(writing, engine)
        api.add_url_rule(rule, writing.name, view, methods=[writing.method], provide_automatic_options=False)
    api.register_error_handler(Exception, answer_to)
    api.record(lambda state: _add_catch_all(state, writings))
    return api


class _Whole(BaseConverter):
    """All that is left of a path, whatever it is: an id with slashes, line ends, anything."""

    regex = r"[\s\S]+"
    part_isolating = False


def _converted(name: re.Match[str]) -> str:
    """``{run_id}`` in the words of Flask."""
    kinds = {"run_id": "whole", "format": f"any({', '.join(FORMATS)})"}
    return f"<{kinds[name[1]]}:{name[1]}>"


def _view(
    endpoint: Endpoint, store: Store, engine: Engine, clock: Callable[[], datetime]
) -> Callable[[], Response]:
    if endpoint.answer or endpoint.send:
        return _of_data(endpoint, store, clock)
    return _listing(endpoint, endpoint.listing, engine) if endpoint.listing else _fixed(endpoint)


def _of_data(endpoint: Endpoint, store: Store, clock: Callable[[], datetime]) -> Callable[..., Response]:
    def view(**within: str) -> Response:
        question = read(
            request.query_string,
            endpoint.parameters,
            path=request.script_root + endpoint.path,
            series=endpoint.series,
            now=clock(),
            extent=store.extent,
            within=within,
        )
        if endpoint.send:
            return endpoint.send(store, question)
        assert endpoint.answer
        if not endpoint.lasting:
            return _with_its_tag(orjson.dumps(endpoint.answer(store, question).body, option=orjson.OPT_UTC_Z))
        key = question.key()
        if request.if_none_match and _unchanged(tag := _tag(endpoint.version(store), key)):
            return _not_modified(tag)
        version, body = endpoint.answer(store, question)
        return _json(body, _tag(version, key))

    return view


def _fixed(endpoint: Endpoint) -> Callable[[], Response]:
    body = orjson.dumps(_FIXED[endpoint]())

    def view() -> Response:
        _take_no_parameters(endpoint)
        return _with_its_tag(body)

    return view


def _listing(
    endpoint: Endpoint, listing: Callable[[Connection], dict[str, Any]], engine: Engine
) -> Callable[[], Response]:
    """What people have written: small, and changed by them rather than by runs."""

    def view() -> Response:
        _take_no_parameters(endpoint)
        with engine.connect() as connection:
            return _with_its_tag(orjson.dumps(listing(connection), option=orjson.OPT_UTC_Z))

    return view


def _take_no_parameters(endpoint: Endpoint) -> None:
    read(request.query_string, (), path=endpoint.path, series=False, now=_now(), extent=lambda: None)


def _with_its_tag(body: bytes) -> Response:
    tag = hashlib.sha256(body).hexdigest()[:32]
    return _not_modified(tag) if _unchanged(tag) else _with_tag(Response(body), tag)


def _writing(writing: Writing, engine: Engine) -> Callable[..., Response]:
    def view(**numbers: int) -> Response:
        check_sender(request)
        answer, status = _done(writing, engine, numbers)
        packed = orjson.dumps(answer, option=orjson.OPT_UTC_Z)
        return Response(packed, status, {"Cache-Control": "no-store"}, mimetype="application/json")

    return view


def _done(writing: Writing, engine: Engine, numbers: dict[str, int]) -> tuple[answers.Body, int]:
    if writing.take:
        return writing.take(engine, request)
    assert writing.act
    body = body_of(request, writing.fields)
    with engine.begin() as connection:
        return writing.act(connection, body | numbers), writing.status


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


def _add_catch_all(state: BlueprintSetupState, writings: tuple[Writing, ...]) -> None:
    """Without it the page, which answers every path, would answer mistyped ones of the API with HTML."""
    app = state.app
    # An id may hold any characters, slashes beside each other included: no path may be tidied up.
    app.url_map.merge_slashes = False
    endpoint = f"{NAME}.nothing_here"
    app.view_functions[endpoint] = partial(_nothing_here, _methods(writings))
    for path in (f"{PREFIX}/", f"{PREFIX}/<path:rest>"):
        # methods=None: any method whatever; Flask's own add_url_rule cannot say that.
        app.url_map.add(Rule(path, methods=None, endpoint=endpoint, strict_slashes=False))


def _methods(writings: tuple[Writing, ...]) -> dict[str, list[str]]:
    """Path -> what may be done there."""
    found = {endpoint.path: ["GET", *_ALWAYS] for endpoint in ENDPOINTS}
    for writing in writings:
        found.setdefault(writing.path, ["OPTIONS"]).append(writing.method)
    return found


def _stands_for(described: str, path: str) -> bool:
    """``/api/views/{view_id}`` for ``/api/views/7``."""
    parts = re.split(r"{(\w+)}", described)
    for number, part in enumerate(parts):
        parts[number] = f"(?:{_PATTERNS.get(part, '[0-9]+')})" if number % 2 else re.escape(part)
    return re.fullmatch("".join(parts), path) is not None


def _nothing_here(methods: dict[str, list[str]], rest: str = "") -> Response:
    path = next((path for path in methods if _stands_for(path, request.path)), None)
    if path is None:
        message = f"There is nothing at {request.path[:200]!r}."
        return Problem("not_found", message, ", ".join(sorted(methods))).response()
    allowed = ", ".join(methods[path])
    if request.method == "OPTIONS":
        return Response(status=204, headers={"Allow": allowed})
    message = f"{request.method[:20]} is not allowed here."
    return Problem("method_not_allowed", message, allowed).response({"Allow": allowed})
