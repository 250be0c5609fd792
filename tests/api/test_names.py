"""The names a filter can offer: counted by hand, searched, cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., tuple[Any, ...]]


@pytest.fixture(autouse=True)
def runs(put: Callable[..., None], run: Run) -> None:
    """23 Nov: repository a three times, b%_ twice, A-long once, one run without; a tool for two runs."""
    rows = [
        ("a", {}),
        ("a", {"bash": 2}),
        ("a", {"bash": 1, "edit": 1}),
        ("b%_", {}),
        ("b%_", {}),
        ("A-long", {}),
        ("", {}),
    ]
    put(
        *(
            run(
                f"2026-11-23T0{hour}:10+00:00",
                attributes=f'{{"repository": "{name}"}}' if name else "{}",
                tools_used=str(tools).replace("'", '"') if tools else None,
                status="failure" if hour == 0 else "success",
                error_category="timeout" if hour == 0 else None,
                error_template="took <n> s" if hour == 0 else None,
            )
            for hour, (name, tools) in enumerate(rows)
        ),
        run("2026-09-01T10:00+00:00", attributes='{"repository": "old"}'),
    )  # fmt: skip


def names(ask: Any, query: str) -> list[tuple[str | None, int]]:
    return [(item["name"], item["runs"]) for item in ask(f"names?{query}")["items"]]


def test_names_of_the_period_come_most_runs_first(ask: Any) -> None:
    assert names(ask, "by=attr.repository&range=7d") == [("a", 3), ("b%_", 2), (None, 1), ("A-long", 1)]
    assert ("old", 1) in names(ask, "by=attr.repository&range=all")
    assert names(ask, "by=tool&range=7d") == [("bash", 2), ("edit", 1)]
    assert names(ask, "by=error_category&range=7d") == [(None, 6), ("timeout", 1)]
    assert names(ask, "by=error_template&range=7d") == [("took <n> s", 1)]
    assert names(ask, "by=attr.repository&range=7d&status=failed") == [("a", 1)]
    assert names(ask, "by=model&range=7d") == [("gpt-4", 7)]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("a", ["a", "A-long"]),
        ("LONG", ["A-long"]),
        ("%25", ["b%_"]),
        ("_", ["b%_"]),
        ("%25(x)s", []),
        ("'", []),
    ],
)
def test_a_search_takes_every_character_as_it_is(ask: Any, search: str, found: list[str]) -> None:
    assert [name for name, _ in names(ask, f"by=attr.repository&range=7d&search={search}")] == found


def test_a_cut_list_says_how_many_there_are(ask: Any) -> None:
    body = ask("names?by=attr.repository&range=7d&limit=2")
    assert (body["shown"], body["total"], body["by"]) == (2, 4, "attr.repository")
    assert [item["name"] for item in body["items"]] == ["a", "b%_"]
    assert ask("names?by=attr.nothing&range=7d")["items"] == [{"name": None, "runs": 7}]


@pytest.mark.parametrize(
    ("query", "code"),
    [("", "missing_parameter"), ("by=colour", "bad_by"), ("by=tool&search=" + "x" * 301, "bad_search"),
     ("by=tool&limit=501", "bad_limit"), ("by=tool&q=a", "unknown_parameter")],
)  # fmt: skip
def test_bad_questions_are_refused(ask: Any, query: str, code: str) -> None:
    assert ask.refused(f"names?{query}")["code"] == code
