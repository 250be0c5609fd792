"""Templates and categories as a reader sees them."""

from __future__ import annotations

import pytest

from ingest.error_templates import MASKS, template
from layouts.error_words import category_words, state_tag, template_words
from layouts.markup import markup
from queries.error_groups import STATES


def test_every_mask_of_a_template_is_shown_as_a_word() -> None:
    for mask in MASKS:
        (shown,) = template_words(f"<{mask}>")
        assert 'class="mask"' in markup(shown)


def test_words_stay_and_are_escaped() -> None:
    shown = markup(template_words(template("took 3 s at <b> & 'x'")))
    assert shown.startswith('took <span class="mask"')
    assert "&lt;b&gt; &amp; '" in shown


@pytest.mark.parametrize(
    ("category", "expected"),
    [("rate_limit", "Rate limit"), ("out_of_memory", "Out of memory"), ("", "No category")],
)
def test_categories_read_as_words(category: str, expected: str) -> None:
    assert category_words(category) == expected


def test_every_state_has_a_tag_that_says_what_it_means() -> None:
    for state in STATES:
        assert f">{state}</span>" in markup(state_tag(state))
    assert state_tag("") is None
