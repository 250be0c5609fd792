"""What the README says of metrics, settings and API is what the records say."""

import re

from dashboard.docs import README, brought_up_to_date


def test_tables_are_up_to_date() -> None:
    text = README.read_text()
    assert text == brought_up_to_date(text), "run `make docs`"


def test_every_picture_and_file_that_is_named_is_there() -> None:
    text = README.read_text()
    named = re.findall(r"!\[[^]]*\]\(([^)]+)\)", text) + re.findall(
        r"`((?:queries|tests|dashboard)/[\w/.]+)`", text
    )
    assert named
    assert [name for name in named if not (README.parent / name).exists()] == []
