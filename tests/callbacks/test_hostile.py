"""Whatever a URL holds and whatever runs are called: every panel of every page answers, and nothing is run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from ingest.facets import refresh
from ingest.write import Writer
from layouts import ids
from layouts.pages import PAGES
from tests.callbacks.conftest import Page, make_page
from tests.callbacks.rows import NOW

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'`${7*7}{{7*7}}&lt;"
PATHS = [page.path.replace("<id>", "evil-1") for page in PAGES]


def panels_of(page: Page) -> list[str]:
    """Every panel that the server answers."""
    asked = page.client.get("/_dash-dependencies").get_json()
    outputs = [each["output"].removesuffix(".data") for each in asked if not each.get("clientside_function")]
    return [each.removeprefix(ids.answer("")) for each in outputs if each.startswith(ids.answer(""))]


@pytest.fixture(scope="module")
def evil_page(
    module_engine: Engine, run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    """Runs whose every text is hostile, beside a few plain ones to compare them with."""
    import orjson

    rows = []
    for number in range(12):
        name = EVIL if number % 2 else "plain"
        rows.append(
            run(
                f"2026-11-{19 + number % 2}T{number % 10:02}:10+00:00",
                invocation_id=f"evil-{number}" if number != 3 else f"evil-3{EVIL}",
                agent=name,
                agent_version=name,
                model=name,
                status=("success", "error", "failure")[number % 3],
                duration_ms=1000 + number,
                cost_usd="0.25",
                error_message=f"{EVIL} broke",
                error_category="other",
                error_template=f"{EVIL} broke",
                tools_used=orjson.dumps({name: 2}).decode(),
                attributes=orjson.dumps({"repository": name, "user": name, EVIL: EVIL}).decode(),
            )
        )
    with Writer(module_engine) as writer:
        assert writer.write(rows).inserted == 12
    refresh(module_engine)
    url = module_engine.url.render_as_string(hide_password=False)
    made, close = make_page(url, tmp_path_factory.mktemp("data"))
    yield made
    close()


class Inert(HTMLParser):
    """Fails on markup that a name could have smuggled in."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "img", "iframe", "object", "embed", "base"), (tag, attrs)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, attrs)
            assert not (name in ("href", "src") and (value or "").strip().lower().startswith("javascript:"))


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(where, text) of every text of a figure."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from texts(each, f"{path}.{key}")
    elif isinstance(value, list):
        for each in value:
            yield from texts(each, path)


# What Plotly draws, and takes for markup; names of traces and meta are read by our own tooltip, as text.
DRAWN = (".ticktext", ".text", ".texttemplate", ".hovertext", ".hovertemplate", ".title", ".data.labels")


@pytest.mark.parametrize("path", PATHS)
def test_names_of_runs_are_text_on_every_page(evil_page: Page, path: str) -> None:
    seen = False
    for panel in panels_of(evil_page):
        for split in ({}, {"split": "model", "as": "multiples"}, {"by": "version"}):
            answer = evil_page.answer(panel, range="7d", path=path, **split)
            for markup in (answer.get("html") or {}).values():
                Inert().feed(markup)
                seen |= "onerror=" in markup  # escaped, or the parser would have seen it
            for where, text in texts(answer.get("figure") or {}):
                if where.endswith(DRAWN):
                    assert "<img" not in text, (panel, where)
    assert seen, "no panel told of a hostile name: this test looked at nothing"


KEYS = sorted(
    {"range", "grain", "status", "model", "agent", "version", "category", "error", "tool", "tz", "compare"}
    | {"attr.repository", "attr.", "split", "as", "band", *(key for page in PAGES for key in page.keys)}
)
WORDS = ("7d", "30d", "all", "2026-11-01..2026-11-20", "9999-12-31..0001-01-01", "hour", "week", "failed",
         "error,error", "plain", "(none)", "Europe/Berlin", "../../etc/passwd", "' OR 1=1 --", EVIL, "-1", "1e999",
         "NaN", "\x00", "\ud7ff", "%", "%2C", ",", "model=plain", "period=previous", "cost_usd", "-cost", "true",
         "a" * 3000, "2026-11-20T10:00Z..2026-11-20T10:00Z", "∞", "0", "attr.user", "attr.x'y%z")  # fmt: skip


@given(
    asked=st.dictionaries(
        st.sampled_from(KEYS), st.sampled_from(WORDS) | st.text(max_size=30), min_size=1, max_size=5
    ),
    path=st.sampled_from(PATHS),
    data=st.data(),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_url_breaks_a_panel(
    evil_page: Page, asked: dict[str, str], path: str, data: st.DataObject
) -> None:
    heard: list[logging.LogRecord] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = heard.append  # type: ignore[method-assign]
    log = logging.getLogger("callbacks")
    log.addHandler(handler)
    try:
        panel = data.draw(st.sampled_from(panels_of(evil_page)))
        answer = evil_page.answer(panel, **{**asked, "path": path, "now": NOW.isoformat()})
    finally:
        log.removeHandler(handler)
    # A question that takes too long is told so, too; anything else that is logged is a fault of ours.
    assert not [record.getMessage() for record in heard if "took too long" not in record.getMessage()]
    for markup in (answer.get("html") or {}).values():
        Inert().feed(markup)
