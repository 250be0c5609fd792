"""What comes from others lies in assets/vendor unchanged, with its version, licence and checksum."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from layouts import theme

ASSETS = Path(__file__).parents[2] / "assets"
VENDOR = ASSETS / "vendor"
# | `bootstrap/bootstrap.min.css` | bootstrap | 5.3.9 | MIT | `sha256` |
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| `([0-9a-f]{64})` \|$", re.MULTILINE)
LISTED = {row[0]: row[1:] for row in ROW.findall((VENDOR / "README.md").read_text())}
FILES = sorted(
    str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file() and path.name != "README.md"
)


def test_every_file_is_listed():
    assert sorted(LISTED) == FILES


@pytest.mark.parametrize("name", FILES)
def test_files_are_what_their_makers_published(name):
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == LISTED[name][3]


@pytest.mark.parametrize("folder", sorted(path.name for path in VENDOR.iterdir() if path.is_dir()))
def test_each_comes_with_its_licence(folder):
    assert (
        "Permission" in (VENDOR / folder / "LICENSE").read_text()
        or "SIL OPEN FONT" in (VENDOR / folder / "LICENSE").read_text()
    )


def test_what_the_page_links_is_there():
    for path in (*theme.STYLESHEETS, *theme.SCRIPTS, theme.FONT):
        assert (ASSETS / path).is_file(), path


def test_the_plotly_bundle_matches_the_python_package():
    """dcc.Graph uses the bundle in place of the one that the plotly package ships."""
    import plotly

    shipped = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    with shipped.open(encoding="utf-8") as script:
        version = re.search(r"plotly\.js v([\d.]+)", script.read(400))[1]
    assert f"v{version}" in (VENDOR / "plotly" / "plotly-basic.min.js").read_text(encoding="utf-8")[:200]
    assert LISTED["plotly/plotly-basic.min.js"][1] == version


def test_icons_are_the_vendored_pictures():
    """assets/icons.css carries each picture in itself: one request for all."""
    rules = dict(
        re.findall(
            r'^\.bi-([a-z0-9-]+) \{ --icon: url\("data:image/svg\+xml,([^"]+)"\); \}$',
            (ASSETS / "icons.css").read_text(),
            re.MULTILINE,
        )
    )
    pictures = {path.stem: path.read_text() for path in (VENDOR / "bootstrap-icons").glob("*.svg")}
    assert {name: unquote(data) for name, data in rules.items()} == pictures


def test_icons_that_are_used_are_there():
    root = ASSETS.parent
    texts = [
        path.read_text() for folder in ("layouts", "callbacks") for path in (root / folder).rglob("*.py")
    ]
    used = {
        name
        for text in texts
        for name in re.findall(r"bi bi-([a-z0-9-]+)|icon\(\"([a-z0-9-]+)\"\)", text)
        for name in name
        if name
    }
    assert used, "no icon found in the layouts: has their markup changed?"
    assert used <= {path.stem for path in (VENDOR / "bootstrap-icons").glob("*.svg")}
