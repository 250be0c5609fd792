"""`make screenshots`: every page on demo data, in every size and both themes, to be looked at.

    python -m tests.browser.screenshots [--address URL] [--folder FOLDER] [--only PART] [--readme]

Without an address it makes 25,000 demo runs in a database of its own, which is gone afterwards; without a
folder it takes one of its own below the system's for temporary files. ``--readme`` makes the few pictures
of the README anew instead: the upper part of a page.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import product
from pathlib import Path

from dashboard.database import bring_up_to_date
from dashboard.embedded import attach
from queries.engine import make_engine
from seed.load import seed
from tests.browser import chromium
from tests.browser.page import WATCH, Page
from tests.browser.site import serving

ROOT = Path(__file__).resolve().parents[2]
SIZES = {"wide": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}
THEMES = ("light", "dark")
VIEWS = {
    "overview": "",
    "overview-failed": "?range=7d&status=failed",
    "overview-band": "?band=1",
    "overview-split": "?split=attr.repository",
    "overview-multiples": "?split=model&as=multiples",
    "runs": "runs",
    "runs-none": "runs?q=nowhere",
    "run": "runs/demo-1-000024986",
    "errors": "errors",
    "errors-category": "errors?by=category",
    "tools": "tools",
    "changes": "changes",
    "changes-p95": "changes?metric=p95_duration_ms&by=agent",
    "compare": "compare",
    "money": "money",
    "data": "data",
    "alerts": "alerts",
    "alert": "alerts/new?threshold=20&window=24h",
    "bad-link": "?range=31d",
}
# name in screenshots/: (view, size, theme, pixels from the top)
README = {
    "overview-light": ("overview", "wide", "light", 1000),
    "overview-dark": ("overview", "wide", "dark", 1020),
    "changes-light": ("changes", "wide", "light", 930),
    "phone-dark": ("overview", "phone", "dark", 844),
}


@contextmanager
def demo() -> Iterator[str]:
    """The address of the page on fresh demo data."""
    with tempfile.TemporaryDirectory(prefix="fixer-metrics-pictures-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with attach(folder) as embedded:
            engine = make_engine(embedded.url, pool_size=1, statement_timeout_ms=0)
            bring_up_to_date(engine)
            engine.dispose()
            seed(embedded.url, runs=25_000, days=200, rng_seed=1)
            with serving(embedded.url, folder / "site") as address:
                yield address


class Camera:
    """Takes pictures of the page at ``address``."""

    def __init__(self, address: str) -> None:
        self.driver = chromium.start()
        chromium.before_the_page(self.driver, WATCH)
        chromium.set_zone(self.driver, "Europe/Berlin")
        self.page = Page(self.driver, address)

    def take(self, view: str, size: str, theme: str, target: Path, tall: int = 0) -> None:
        """``tall`` 0: as tall as the page is, so that everything is on the picture."""
        width, height = SIZES[size]
        chromium.resize(self.driver, width, height)
        chromium.prefer(self.driver, dark=theme == "dark")
        self.page.open(VIEWS[view])
        tall = tall or max(height, self.page.run("return document.documentElement.scrollHeight"))
        chromium.resize(self.driver, width, tall)
        self.page.rest(1)
        self.driver.save_screenshot(str(target))
        print(target)


def take_all(address: str, folder: Path, only: str) -> None:
    folder.mkdir(exist_ok=True, parents=True)
    camera = Camera(address)
    try:
        for view, size, theme in product(VIEWS, SIZES, THEMES):
            name = f"{view}-{size}-{theme}"
            if only in name:
                camera.take(view, size, theme, folder / f"{name}.png")
    finally:
        camera.driver.quit()


def take_readme(address: str) -> None:
    camera = Camera(address)
    try:
        for name, (view, size, theme, tall) in README.items():
            camera.take(view, size, theme, ROOT / "screenshots" / f"{name}.png", tall)
    finally:
        camera.driver.quit()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", help="of a page that is being served already")
    parser.add_argument("--folder", type=Path, help="for the pictures")
    parser.add_argument("--only", default="", help="pictures with this in their name (VIEW-SIZE-THEME)")
    parser.add_argument("--readme", action="store_true", help="the pictures of the README")
    options = parser.parse_args()
    with nullcontext(options.address) if options.address else demo() as address:
        if options.readme:
            take_readme(address)
        else:
            folder = options.folder or Path(tempfile.mkdtemp(prefix="fixer-metrics-pictures-"))
            take_all(address, folder, options.only)


if __name__ == "__main__":
    main()
