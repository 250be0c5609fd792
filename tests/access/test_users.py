"""The command `fixer-metrics user`, and what may be a name or a password."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine
from werkzeug.security import check_password_hash

from dashboard.access import users
from dashboard.cli import main
from queries.errors import UserError
from tests.access.conftest import PASSWORD


@pytest.fixture
def command(engine: Engine, tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    url = engine.url.render_as_string(hide_password=False)

    def run(*arguments: str, typed: str = "", ok: bool = True) -> Result:
        result = CliRunner().invoke(main, ["user", *arguments], input=typed, env={"DATABASE_URL": url})
        assert (result.exit_code == 0) is ok, result.output
        return result

    return run


def kept(engine: Engine) -> dict[str, users.User]:
    with engine.connect() as connection:
        return {user.name: user for user in users.everybody(connection)}


def test_add_list_passwd_role_remove(command, engine: Engine) -> None:  # type: ignore[no-untyped-def]
    assert "no users yet" in command("list").output
    said = command("add", "Ann", "--role", "editor", typed=PASSWORD + "\n").output
    assert "ann may log in as editor" in said
    assert "AUTH is none" in said
    assert PASSWORD not in said
    command("add", "böb@example.org", typed="another pass phrase")
    assert {name: user.role for name, user in kept(engine).items()} == {
        "ann": "editor",
        "böb@example.org": "viewer",
    }
    assert "ann" in command("list").output
    before = kept(engine)["ann"].password_hash
    assert PASSWORD not in before
    assert check_password_hash(before, PASSWORD)
    command("passwd", "ANN", typed="a third pass phrase\n")
    assert check_password_hash(kept(engine)["ann"].password_hash, "a third pass phrase")
    command("role", "ann", "viewer")
    assert kept(engine)["ann"].role == "viewer"
    command("remove", "ann")
    assert list(kept(engine)) == ["böb@example.org"]


@pytest.mark.parametrize(
    ("arguments", "typed", "words"),
    [
        (["add", "ann"], "short\n", "12 to 1,000"),
        (["add", "ann"], "", "has 0 characters"),
        (["add", "ann"], "aaaaaaaaaaaaaaaa\n", "again and again"),
        (["add", "annabellannabell"], "AnnabellAnnabell\n", "must not be the name"),
        (["add", "two words"], PASSWORD, "cannot be a name"),
        (["add", "   "], PASSWORD, "cannot be a name"),
        (["add", "x" * 101], PASSWORD, "cannot be a name"),
        (["add", "vera"], PASSWORD, "already"),
        (["add", "ann", "--role", "admin"], PASSWORD, "admin"),
        (["passwd", "verra"], PASSWORD, "Did you mean 'vera'?"),
        (["role", "nobody", "editor"], "", "no user 'nobody'"),
        (["remove", "nobody"], "", "no user 'nobody'"),
    ],
)
def test_what_is_wrong_is_said(command, engine: Engine, arguments: list[str], typed: str, words: str) -> None:  # type: ignore[no-untyped-def]
    command("add", "vera", typed=PASSWORD)
    result = command(*arguments, typed=typed, ok=False)
    assert words in " ".join(result.output.split())
    assert list(kept(engine)) == ["vera"]


def test_no_command_takes_a_password() -> None:
    """Arguments are seen by everybody on the machine, and stay in the shell's history."""
    for command in main.commands["user"].commands.values():  # type: ignore[attr-defined]
        names = {name for option in command.params for name in option.opts}
        assert not {name for name in names if "pass" in name}, command.name


def test_capitals_and_ways_to_write_an_accent_make_no_other_person(engine: Engine) -> None:
    with engine.begin() as connection:
        users.add(connection, "Zoé", "viewer", PASSWORD)
        with pytest.raises(UserError, match="already"):
            users.add(connection, "ZOE\u0301", "viewer", PASSWORD)
