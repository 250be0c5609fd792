"""Roof: saved views through the API: listed, saved, renamed, made the start page, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from sqlalchemy import Connection, delete, insert, text, update

from dashboard.api.answers import Body
from dashboard.api.shapes import COUNT, INSTANT, TEXT, YES, Schema, array, object_, ref
from dashboard.api.writing import Field, Writing
from layouts import pages
from layouts.links import href
from layouts.pages import PAGES, Page
from queries.errors import QueryError
from queries.filters import PARAMETERS, parse
from queries.names import is_attribute
from queries.page_tables import saved_view as table
from queries.views import (
    LONGEST_NAME,
    LONGEST_PATH,
    LONGEST_URL,
    MOST,
    SavedView,
    named,
    saved_view,
    saved_views,
)

_LARGEST = 2**63 - 1  # of a bigint
# One writer at a time, readers go on: so a name is free, a place left and the start page one when checked.
_ALONE = text("LOCK TABLE saved_view IN SHARE ROW EXCLUSIVE MODE")


def listing(connection: Connection) -> Body:
    return {"items": [_told(view) for view in saved_views(connection)]}


def _told(view: SavedView) -> Body:
    return {
        "viewId": view.view_id,
        "name": view.name,
        "url": view.url,
        "isStart": view.is_start,
        "createdAt": view.created_at.astimezone(UTC),
    }


def _save(connection: Connection, body: Body) -> Body:
    connection.execute(_ALONE)
    name, place = _name(connection, body["name"]), _place(body["url"])
    if len(saved_views(connection)) >= MOST:
        raise QueryError("conflict", "", f"There are {MOST} views already.", "after one is deleted")
    values = {"name": name, **place, "created_at": datetime.now(UTC)}
    made = connection.execute(insert(table).values(values).returning(table.c.view_id)).scalar_one()
    _mark(connection, made, body)
    return _told(_found(connection, made))


def _change(connection: Connection, body: Body) -> Body:
    connection.execute(_ALONE)
    view = _found(connection, body["view_id"])
    values: dict[str, Any] = _place(body["url"]) if "url" in body else {}
    if "name" in body:
        values["name"] = _name(connection, body["name"], view)
    if values:
        connection.execute(update(table).where(table.c.view_id == view.view_id).values(values))
    _mark(connection, view.view_id, body)
    return _told(_found(connection, view.view_id))


def _remove(connection: Connection, body: Body) -> Body:
    view = _found(connection, body["view_id"])
    connection.execute(delete(table).where(table.c.view_id == view.view_id))
    return _told(view)


def _found(connection: Connection, view_id: int) -> SavedView:
    found = saved_view(connection, min(view_id, _LARGEST))  # no view has it
    if found is None:
        message = f"There is no view {view_id}."
        raise QueryError("not_found", "", message, "the viewId of an item of GET /api/views")
    return found


def _mark(connection: Connection, view_id: int, body: Body) -> None:
    """One start page at most: the one before steps back first, for the index lets no two stand."""
    if "isStart" not in body:
        return
    if body["isStart"]:
        connection.execute(update(table).where(table.c.is_start).values(is_start=False))
    connection.execute(update(table).where(table.c.view_id == view_id).values(is_start=body["isStart"]))


def _name(connection: Connection, given: str, own: SavedView | None = None) -> str:
    """One space between words, and something to see; of no other view (``own`` may keep its name)."""
    name = " ".join(given.split())
    if not any(character.isprintable() and not character.isspace() for character in name):
        raise QueryError("bad_field", "name", "The name is empty.", _NAME.help)
    taken = named(connection, name)
    if taken and (own is None or taken.view_id != own.view_id):
        raise QueryError(
            "conflict", "name", f"There is a view called {taken.name!r} already.", "another name"
        )
    return name


def _place(url: str) -> dict[str, str]:
    """Path and query string in their one spelling, of a page that shows something there."""
    parts = _parts(url)
    page = pages.find(unquote(parts.path)) if parts.path.startswith("/") else None
    if page is None or parts.netloc or parts.scheme:
        raise _bad(f"There is no page at {url[:80]!r}", f"a path of {_PATHS}, with its query string")
    params = dict(reversed(parse_qsl(parts.query)))  # of a parameter that comes twice, the first
    path = parts.path.rstrip("/") or "/"
    if len(path) > LONGEST_PATH:
        raise _bad(f"The path has {len(path):,} characters", f"at most {LONGEST_PATH:,}")
    return {"path": path, "search": _search(page, params)}


def _parts(url: str) -> SplitResult:
    if not url.isprintable() or not url.isascii():  # as the address bar has it: all else percent-encoded
        raise _bad(f"{url[:80]!r} is no address", _URL.help)
    try:
        return urlsplit(url)
    except ValueError:
        raise _bad(f"{url[:80]!r} is no address", _URL.help) from None


def _search(page: Page, params: Mapping[str, str]) -> str:
    filters = {key: value for key, value in params.items() if key in PARAMETERS or is_attribute(key)}
    # A place in a list is no part of a view.
    own: dict[str, Any] = {
        key: params[key] for key in page.keys if key in params and key not in page.fleeting
    }
    # A zone that is named is meant, whatever the reader's own is.
    zone = "" if filters.get("tz") else "UTC"
    try:
        asked = parse(filters, now=datetime.now(UTC), default_tz=zone)
    except QueryError as error:
        raise _bad(error.message, error.allowed) from None
    return href("", asked, **own)


def _bad(message: str, allowed: str) -> QueryError:
    return QueryError("bad_field", "url", message, allowed)


_PATHS = ", ".join(page.path for page in PAGES)
_NAME = Field(
    "name", f"1 to {LONGEST_NAME} characters, some of them to be seen",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
)  # fmt: skip
_URL = Field(
    "url", "path and query string of a page (/errors?range=7d), as the address bar has them",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_URL},
)  # fmt: skip
_START = Field(
    "isStart", "true or false: whether / leads to this view; at most one does",
    {"type": "boolean"}, required=False,
)  # fmt: skip


def _maybe(field: Field) -> Field:
    return Field(field.name, field.help, field.schema, required=False)


WRITINGS = (
    Writing(
        "POST", "/api/views", "save_view", "Saves a view of a page under a name",
        "For the whole team. Relative ranges stay relative; parameters that the page does not know are left "
        "out. Names are told apart whatever their capitals.",
        "View", _save, (_NAME, _URL, _START), 201,
    ),
    Writing(
        "PATCH", "/api/views/{view_id}", "change_view", "Renames a view, moves it, makes it the start page",
        "What is left out stays as it is.",
        "View", _change, (_maybe(_NAME), _maybe(_URL), _START),
    ),
    Writing(
        "DELETE", "/api/views/{view_id}", "remove_view", "Takes a view away",
        "Where it was the start page, / is the overview again.", "View", _remove,
    ),
)  # fmt: skip


def schemas() -> dict[str, Schema]:
    view = {"viewId": COUNT, "name": TEXT, "url": TEXT, "isStart": YES, "createdAt": INSTANT}
    return {"Views": object_({"items": array(ref("View"))}), "View": object_(view)}
