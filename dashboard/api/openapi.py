"""Roof: the description of the API in OpenAPI 3.1, and the tables of the README, from the same records."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import orjson

from dashboard.api.endpoint import Endpoint
from dashboard.api.endpoints import ENDPOINTS
from dashboard.api.parameters import VOCABULARY, Parameter
from dashboard.api.schemas import schemas
from dashboard.api.shapes import ref
from dashboard.api.writing import Writing
from dashboard.api.writings import WRITINGS
from dashboard.export_formats import FORMATS

_ABOUT = (
    "How AI agents are doing: the numbers of the dashboard as JSON, by the same parser and from the same "
    "store. The query string of a page works at every endpoint that answers about runs. Not known is null; "
    "0 is a value. Percents are from 0 to 100. All times are answered on the quarter-hour grid, and each "
    "answer states the range that it covers. ETag and If-None-Match spare what has not changed."
)
_TOKEN = {"type": "http", "scheme": "bearer"}
_STATUSES = {
    400: "A parameter is unknown, repeated, empty or bad",
    401: "Nobody is logged in, and no token came that is valid",
    404: "There is nothing at this path",
    403: "The role or the place it comes from may not, or a page of another site asked",
    405: "Not what can be done here",
    410: "The record is no longer kept",
    409: "It does not go together with what is there",
    413: "The body is larger, or has more runs, than is taken at once",
    415: "The body is not sent as it is taken here",
    422: "None of the runs could enter; the answer says why, each",
    500: "Our mistake; the reference finds it in the log",
    503: "The database is away, or has no schema yet",
    504: "The database took too long",
}


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fixer Metrics", "version": version("fixer-metrics"), "description": _ABOUT},
        "servers": [{"url": "/"}],
        "paths": _paths(),
        "components": {
            "schemas": schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        # Where nobody needs to log in, and with the session of a page, no token is needed.
        "security": [{"token": []}, {}],
    }


@lru_cache(maxsize=1)
def digest() -> str:
    """Changes with the release and with everything that is described."""
    return hashlib.sha256(orjson.dumps(document())).hexdigest()


def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {endpoint.path: {"get": _operation(endpoint)} for endpoint in ENDPOINTS}
    for writing in WRITINGS:
        paths.setdefault(writing.path, {})[writing.method.lower()] = _written(writing)
    return paths


def _written(writing: Writing) -> dict[str, Any]:
    possible = {400, 401, 403, 405, 409, 500, 503, 504}
    numbers = re.findall(r"{(\w+)}", writing.path)
    possible |= ({404} if numbers else set()) | ({415} if writing.fields else set()) | {*writing.statuses}
    described = writing.body or (_as_json(_fields(writing)) if writing.fields else None)
    integer = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
    return {
        "operationId": writing.name,
        "summary": writing.title,
        "description": writing.help,
        "parameters": [
            *({"name": n, "in": "path", "required": True, "schema": integer} for n in numbers),
            *(_parameter(parameter, "query") for parameter in writing.parameters),
        ],
        "responses": {
            str(writing.status): _json("Done", ref(writing.schema)),
            **{
                str(status): _json(_STATUSES[status], _refused(writing, status))
                for status in sorted(possible)
            },
        },
        **({"requestBody": {"content": described, "required": True}} if described else {}),
    }


def _refused(writing: Writing, status: int) -> dict[str, Any]:
    return ref(writing.schema if status == 422 else "Error")


def _as_json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _fields(writing: Writing) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {f.name: {**f.schema, "description": f.help} for f in writing.fields},
        "required": [f.name for f in writing.fields if f.required],
        "additionalProperties": False,
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    possible = {400, 401, 403, 405, 500, *endpoint.missing}
    if endpoint.answer or endpoint.listing or endpoint.send:
        possible |= {503, 504}
    problems = {str(status): _json(_STATUSES[status], ref("Error")) for status in sorted(possible)}
    return {
        "operationId": endpoint.name,
        "summary": endpoint.title,
        "description": endpoint.help,
        "parameters": [
            *(_parameter(parameter, "path") for parameter in endpoint.within),
            *(_parameter(parameter, "query") for parameter in endpoint.parameters),
        ],
        "responses": {**_answers(endpoint), **problems},
    }


def _answers(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.send:
        file = {"type": "string", "format": "binary"}
        content = {form.mimetype: {"schema": file} for form in FORMATS.values()}
        return {"200": {"description": "The file", "content": content}}
    unchanged = {"description": "Nothing has changed since the ETag of If-None-Match"}
    headers = {"ETag": {"schema": {"type": "string"}}}
    return {"200": _json("The answer", ref(endpoint.schema)) | {"headers": headers}, "304": unchanged}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": _as_json(schema)}


def _parameter(parameter: Parameter, place: str) -> dict[str, Any]:
    described = {
        "name": parameter.name,
        "in": place,
        "required": parameter.required or place == "path",
        "description": f"{parameter.help} Allowed: {parameter.allowed}.",
        "schema": dict(parameter.schema),
    }
    if parameter.is_list:
        described |= {"style": "form", "explode": False}
    if parameter.example:
        listed = parameter.example.split(",") if parameter.is_list else parameter.example
        described["example"] = listed
    return described


def markdown_rows() -> list[str]:
    """The tables of endpoints and of parameters in the README, a line each."""
    rows = ["| `GET` | answers | takes |", "|---|---|---|"]
    rows += [f"| `{e.path}` | {e.title} | {_takes(e)} |" for e in ENDPOINTS]
    if WRITINGS:
        rows += ["", "| writes | what it does | takes |", "|---|---|---|"]
        rows += [f"| `{w.method} {w.path}` | {w.title} | {_body(w)} |" for w in WRITINGS]
    rows += ["", f"The filters are {_names(VOCABULARY)}.", ""]
    rows += ["| parameter | of | values | left out | what it does |", "|---|---|---|---|---|"]
    taken = [one.parameters for one in ENDPOINTS] + [one.parameters for one in WRITINGS]
    every = dict.fromkeys(parameter for parameters in taken for parameter in parameters)
    return rows + [
        f"| `{p.name}` | {_taken_by(p)} | {p.allowed} | {_left_out(p)} | {p.help} |" for p in every
    ]


def _taken_by(parameter: Parameter) -> str:
    """Several parameters share a name, such as ``by``: each says whose it is."""
    if parameter in VOCABULARY:
        return "the filters"
    every: tuple[Endpoint | Writing, ...] = (*ENDPOINTS, *WRITINGS)
    return ", ".join(f"`{e.path.removeprefix('/api')}`" for e in every if parameter in e.parameters)


def _takes(endpoint: Endpoint) -> str:
    filters = "the filters" if set(VOCABULARY) <= set(endpoint.parameters) else ""
    others = tuple(p for p in endpoint.parameters if not filters or p not in VOCABULARY)
    return ", ".join(filter(None, (filters, _names(others)))) or "nothing"


def _body(writing: Writing) -> str:
    if writing.take:
        return ", ".join(filter(None, ("runs", _names(writing.parameters))))
    return ", ".join(f"`{field.name}`" for field in writing.fields) or "nothing"


def _left_out(parameter: Parameter) -> str:
    return "an error" if parameter.required else parameter.default or "-"


def _names(parameters: tuple[Parameter, ...]) -> str:
    return ", ".join(f"`{parameter.name}`" for parameter in parameters)
