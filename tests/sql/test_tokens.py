"""Tokens: shown once, kept as a hash, known again, refused from the moment they are revoked."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import Engine, text

from dashboard.tokens import ROLES, admit, create, identify, revoke, tokens
from queries.errors import QueryError, UserError


def refused(engine: Engine, header: str | None, **options: object) -> str:
    with pytest.raises(QueryError) as caught:
        admit(engine, header, **options)  # type: ignore[arg-type]
    assert caught.value.allowed
    return caught.value.code


def test_only_its_hash_is_kept(engine: Engine) -> None:
    token = create(engine, "nightly", "ingest")
    assert len(token) == 4 + 43  # 256 bits in base64
    with engine.connect() as connection:
        row = connection.execute(text("SELECT t.*, t::text AS all_of_it FROM api_token t")).one()
    assert row.hash == hashlib.sha256(token.encode()).digest()
    assert token not in row.all_of_it
    assert create(engine, "other", "ingest") != token


@pytest.mark.parametrize("role", ROLES)
def test_a_token_is_known_by_its_header(engine: Engine, role: str) -> None:
    token = create(engine, " cí ", role)
    for header in (f"Bearer {token}", f"bearer  {token} ", f"BEARER {token}"):
        found = identify(engine, header)
        assert found is not None
        assert (found.name, found.role) == ("cí", role)
    assert identify(engine, None) is None
    assert identify(engine, "Basic dXNlcjpwYXNz") is None  # a proxy's


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "bearer \t "])
def test_an_empty_token_is_told_from_a_wrong_one(engine: Engine, header: str) -> None:
    """Where none is needed, too: whoever sends one wants to be somebody."""
    with pytest.raises(QueryError, match="has no token after the word Bearer; perhaps the variable") as error:
        admit(engine, header)
    assert error.value.code == "token_unknown"
    assert "fixer-metrics token create" in error.value.allowed


@pytest.mark.parametrize("shown", ["x", "fxm_", "\udcff", "é" * 9_000, "a b"])
def test_what_is_shown_must_be_valid_even_where_none_is_needed(engine: Engine, shown: str) -> None:
    assert refused(engine, f"Bearer {shown}") == "token_unknown"


def test_the_door_is_open_until_the_first_token_and_not_again_after_the_last(engine: Engine) -> None:
    assert admit(engine, None) is None
    assert refused(engine, None, configured=True) == "token_needed"
    token = create(engine, "a", "editor")
    assert refused(engine, None) == "token_needed"
    assert admit(engine, f"Bearer {token}") is not None
    revoke(engine, "a")
    assert refused(engine, f"Bearer {token}") == "token_unknown"
    assert refused(engine, None) == "token_needed"


def test_viewers_do_not_send(engine: Engine) -> None:
    header = f"Bearer {create(engine, 'eyes', 'viewer')}"
    assert refused(engine, header) == "role_too_low"
    assert admit(engine, header, roles=ROLES) is not None


def test_last_use_is_told_to_the_minute(engine: Engine) -> None:
    header = f"Bearer {create(engine, 'a', 'ingest')}"
    assert tokens(engine)[0].last_used_at is None
    identify(engine, header)
    first = tokens(engine)[0].last_used_at
    assert first is not None
    identify(engine, header)
    assert tokens(engine)[0].last_used_at == first
    with engine.begin() as connection:
        connection.execute(text("UPDATE api_token SET last_used_at = last_used_at - interval '61 s'"))
    identify(engine, header)
    again = tokens(engine)[0].last_used_at
    assert again is not None
    assert again >= first


def test_names_are_of_those_in_use(engine: Engine) -> None:
    create(engine, "a", "ingest")
    with pytest.raises(UserError, match="already"):
        create(engine, "a", "viewer")
    with pytest.raises(UserError, match="In use: a"):
        revoke(engine, "b")
    revoke(engine, "a")
    with pytest.raises(UserError, match="In use: none"):
        revoke(engine, "a")
    create(engine, "a", "viewer")
    assert [(one.name, one.revoked_at is None) for one in tokens(engine)] == [("a", True), ("a", False)]


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\nb", "a\x00", "\x1b[2J"])
def test_a_name_can_be_printed(engine: Engine, name: str) -> None:
    with pytest.raises(UserError, match="1 to 80"):
        create(engine, name, "ingest")
