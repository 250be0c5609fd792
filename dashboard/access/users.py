"""Roof: people with a password here: added, listed, changed, removed, and recognised."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from werkzeug.security import check_password_hash, generate_password_hash

from dashboard.access.identity import ROLES
from queries.access_tables import app_user as _user
from queries.access_tables import login_session as _session
from queries.errors import UserError, did_you_mean

SHORTEST, LONGEST, LONGEST_NAME = 12, 1000, 100
_METHOD = "scrypt:32768:8:1"


@dataclass(frozen=True, slots=True)
class User:
    user_id: int
    name: str
    role: str
    password_hash: str
    created_at: datetime
    changed_at: datetime


def spelled(name: str) -> str:
    """The one spelling of a name: capitals and ways to write an accent make no other person."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def add(connection: Connection, name: str, role: str, password: str) -> str:
    """The name as it is kept. UserError where there is one already, or something is not allowed."""
    name = _allowed_name(name)
    check_role(role)
    check_password(password, name)
    if find(connection, name):
        raise already_there(name)
    now = datetime.now(UTC)
    values = {"name": name, "role": role, "password_hash": hashed(password)}
    connection.execute(insert(_user).values(values | {"created_at": now, "changed_at": now}))
    return name


def already_there(name: str) -> UserError:
    return UserError(f"There is a user {name!r} already. `fixer-metrics user passwd {name}` changes theirs.")


def change(connection: Connection, name: str, **columns: str) -> str:
    """Sets ``role`` or ``password_hash`` and ends the sessions of the user, as their removal does."""
    user = known(connection, name)
    values: dict[str, Any] = {**columns, "changed_at": datetime.now(UTC)}
    connection.execute(update(_user).where(_user.c.user_id == user.user_id).values(values))
    connection.execute(delete(_session).where(_session.c.user_id == user.user_id))
    return user.name


def remove(connection: Connection, name: str) -> str:
    user = known(connection, name)
    connection.execute(delete(_user).where(_user.c.user_id == user.user_id))
    return user.name


def everybody(connection: Connection) -> list[User]:
    return [User(**row._mapping) for row in connection.execute(select(_user).order_by(_user.c.name))]


def there_are_none(connection: Connection) -> bool:
    return not connection.execute(select(func.count()).select_from(_user)).scalar_one()


def find(connection: Connection, name: str) -> User | None:
    if not name.isprintable():  # nobody's, and PostgreSQL takes no NUL
        return None
    row = connection.execute(select(_user).where(_user.c.name == spelled(name))).one_or_none()
    return User(**row._mapping) if row else None


def known(connection: Connection, name: str) -> User:
    user = find(connection, name)
    if user is None:
        names = [other.name for other in everybody(connection)]
        raise UserError(f"There is no user {name!r}.{did_you_mean(spelled(name), names)}")
    return user


def is_right(user: User | None, password: str) -> bool:
    """Whether it is the user's password; without a user it takes as long to say no."""
    right = check_password_hash(user.password_hash if user else nobodys(), password[:LONGEST])
    return right and user is not None


def hashed(password: str) -> str:
    return generate_password_hash(password, _METHOD)


@lru_cache(maxsize=1)
def nobodys() -> str:
    """What is looked at where there is no user. Made once, before anybody could measure it."""
    return hashed("nobody has this password")


def check_role(role: str) -> None:
    if role not in ROLES:
        raise UserError(f"{role!r} is no role; it must be one of {', '.join(ROLES)}.")


def check_password(password: str, name: str) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise UserError(
            f"The password has {len(password)} characters; it must have {SHORTEST} to {LONGEST:,}. "
            "Some words with spaces between them are easy to keep."
        )
    if spelled(password) == name or len(set(password)) < 4:
        raise UserError("The password must not be the name, nor a few characters again and again.")


def _allowed_name(name: str) -> str:
    name = spelled(name)
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or any(c.isspace() for c in name):
        raise UserError(
            f"{name[:80]!r} cannot be a name: it must have 1 to {LONGEST_NAME} characters and no spaces, "
            "such as ann or ann@example.org."
        )
    return name
