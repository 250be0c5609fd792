"""Connections and transactions of all that writes: READ COMMITTED, no time limit, conflicts tried again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import IsolationLevel
from psycopg.errors import DeadlockDetected, SerializationFailure
from sqlalchemy import Engine

T = TypeVar("T")
Connection = psycopg.Connection[Any]
Cursor = psycopg.Cursor[Any]

ATTEMPTS = 10
_LONGEST_PAUSE = 2.0


@contextmanager
def connected(
    engine: Engine, isolation: IsolationLevel = IsolationLevel.READ_COMMITTED
) -> Iterator[Connection]:
    """A connection of the pool, for transactions of its own.

    The isolation is ours to say, not the server's: a write's second statement must see what others
    committed while the first one waited for them.
    """
    pooled = engine.raw_connection()
    connection: Any = pooled.driver_connection
    before = connection.isolation_level
    connection.isolation_level = isolation
    try:
        yield connection
    finally:
        if connection.closed:
            pooled.invalidate()
        else:
            connection.rollback()
            connection.isolation_level = before
        pooled.close()


def transact(connection: Connection, work: Callable[[Cursor], T]) -> T:
    """What ``work`` gives, in one transaction; tried again where it collided with another one."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with connection.transaction(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 0")
                return work(cursor)
        except (SerializationFailure, DeadlockDetected):
            if attempt == ATTEMPTS:
                raise
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.02 * 2**attempt)))
    raise AssertionError("unreachable")
