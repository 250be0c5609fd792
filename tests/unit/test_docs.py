"""What the documents say of metrics, settings and API is what the records say, and what they name is there."""

import re
from pathlib import Path

import pytest

from dashboard.docs import DOCS, README, ROOT, TABLES, brought_up_to_date

PAGES = [README, *sorted(DOCS.glob("*.md"))]


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_up_to_date(name: str) -> None:
    text = README.read_text()
    assert text == brought_up_to_date(name, text), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_picture_page_and_section_that_is_linked_is_there(page: Path) -> None:
    text = page.read_text()
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", text) if "://" not in target]
    assert targets or page != README
    for target in targets:
        name, _, section = target.partition("#")
        there = page.parent / name if name else page
        assert there.exists(), target
        if section:
            assert section in _sections(there.read_text()), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_of_the_code_that_is_named_is_there(page: Path) -> None:
    named = re.findall(r"`((?:queries|ingest|tests|dashboard)/[\w/.]+)`", page.read_text())
    assert named or page != README
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_readme_leads_to_every_page() -> None:
    text = README.read_text()
    assert [page.name for page in PAGES if page != README and f"(docs/{page.name}" not in text] == []


def _sections(text: str) -> set[str]:
    """The headings as links name them: small letters, hyphens for spaces, no other signs."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
