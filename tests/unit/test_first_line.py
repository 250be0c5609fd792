"""What an error is told as on one line: in a log, on a page, after a command."""

import pytest

from queries.errors import first_line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            ValueError("\n server closed the connection\n\tThis probably means ...\n"),
            "server closed the connection",
        ),
        (ValueError("one line"), "one line"),
        (KeyError(), "KeyError"),
        (ValueError(" \n"), "ValueError"),
    ],
)
def test_it_is_the_first_that_says_something_else_the_kind(error: Exception, line: str) -> None:
    assert first_line(error) == line
