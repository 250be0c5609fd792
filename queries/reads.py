"""What the store reads on the connection of a snapshot, one part of a question at a time; below the store."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import Connection

from queries import facet_statements, statements
from queries import leaders as leading
from queries import matching as found_names
from queries.facets import READ_ROLLED_UP, RolledUp, rolled_up_of
from queries.frames import SHARES, Columns, Query, part_of
from queries.leaders import Leaders
from queries.matching import Matching
from queries.measures import MEASURES
from queries.packed import packed, unpacked
from queries.sketch import decode, quantiles
from queries.statements import SUMS, Part


def rolled_up_facets(connection: Connection) -> RolledUp:
    """What is rolled up of facets, and which hours are not; other readers of facets ask here, too."""
    return rolled_up_of(tuple(connection.exec_driver_sql(READ_ROLLED_UP).one()))


def _statement(connection: Connection, asked: Part) -> tuple[str, dict[str, object]]:
    if asked.of_facets:
        return facet_statements.statement(asked, rolled_up_facets(connection))
    return statements.statement(asked)


def leaders(connection: Connection, asked: Part, number: int) -> Leaders:
    sql, parameters = _statement(connection, asked)
    found = connection.exec_driver_sql(leading.statement(sql, number), parameters).all()
    return leading.leaders(list(found), number)


def matching(connection: Connection, asked: Part, search: str, number: int) -> Matching:
    sql, parameters = _statement(connection, asked)
    found = connection.exec_driver_sql(found_names.statement(sql, number), {**parameters, "search": search})
    return found_names.matching([tuple(row) for row in found])


def rows(connection: Connection, asked: Part) -> Columns:
    """The rows of a part as plain columns, sketches as they are."""
    result = connection.exec_driver_sql(*_statement(connection, asked))
    names = list(result.keys())
    columns = dict(zip(names, map(list, zip(*result.all(), strict=True)), strict=False))
    return columns or {name: [] for name in names}


def bins(connection: Connection, query: Query, sketch: str) -> dict[Any, tuple[np.ndarray, np.ndarray]]:
    """Member of ``by`` (None without) -> (bins, how many runs) of a sketched column."""
    found = rows(connection, part_of(query, sketch))
    keys = found["key"] if query.by else [None] * len(found["sketch"])
    decoded = {key: decode(bytes(one)) for key, one in zip(keys, found["sketch"], strict=True)}
    return {key: pair for key, pair in decoded.items() if len(pair[0])}


def part(connection: Connection, asked: Part) -> Columns:
    """The same, sketches turned into their quantiles."""
    if asked.what == SUMS:
        return _sums(connection, asked)
    columns = rows(connection, asked)
    columns["quantiles"] = [quantiles(bytes(s), SHARES) for s in columns.pop("sketch")]
    return columns


def _sums(connection: Connection, asked: Part) -> Columns:
    sql, parameters = _statement(connection, asked)
    texts = ["key", "status"] if asked.by else ["status"]
    measures = asked.only or tuple(m.name for m in MEASURES)
    numbers = ["i", *measures, *(["calls"] if asked.by == "tool" else [])]
    row = connection.exec_driver_sql(packed(sql, texts, numbers), parameters).one()
    return unpacked(row, texts, numbers)
