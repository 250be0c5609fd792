"""Rows of numbers as one row of columns: the driver would make an object of each of their cells. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def packed(sql: str, texts: Sequence[str], numbers: Sequence[str]) -> str:
    """The statement whose one row holds each column of ``sql`` as a whole: ``texts`` as arrays, ``numbers``
    as the bytes of float8 values, which hold what a float of Python would. Null where there are no rows."""
    columns = [f"array_agg({name}::text) AS {name}" for name in texts]
    columns += [f"string_agg(float8send({name}::float8), ''::bytea) AS {name}" for name in numbers]
    return f"SELECT {', '.join(columns)} FROM ({sql}) AS answer"


def unpacked(row: Sequence[Any], texts: Sequence[str], numbers: Sequence[str]) -> dict[str, Any]:
    """Column -> its values: lists of texts, arrays of float64."""
    found: dict[str, Any] = {name: row[n] or [] for n, name in enumerate(texts)}
    for name, value in zip(numbers, row[len(texts) :], strict=True):
        found[name] = np.frombuffer(value or b"", dtype=">f8").astype(np.float64)
    return found
