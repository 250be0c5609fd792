"""`make screenshots`: the page on demo data, in every size and both themes, into screenshots/.

    python -m tests.browser.screenshots [--address URL] [--folder FOLDER]

Without an address it makes 25,000 demo runs in a database of its own, which is gone afterwards.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.database import bring_up_to_date
from dashboard.embedded import attach
from queries.engine import make_engine
from seed.load import seed
from tests.browser import chromium
from tests.browser.page import WATCH, Page
from tests.browser.site import serving

ROOT = Path(__file__).resolve().parents[2]
SIZES = {"overview": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}
VIEWS = {
    "": "",
    "-failed": "?range=7d&status=failed",
    "-bad-link": "?range=31d",
    "-errors": "errors",
    "-split": "?split=attr.repository",
    "-multiples": "?split=model&as=multiples",
    "-tools": "tools",
    "-money": "money",
    "-data": "data",
    "-runs": "runs",
    "-runs-none": "runs?q=nowhere",
    "-run": "runs/demo-1-000024990",
    "-changes": "changes",
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


def take(address: str, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    driver = chromium.start()
    try:
        chromium.before_the_page(driver, WATCH)
        chromium.set_zone(driver, "Europe/Berlin")
        page = Page(driver, address)
        for size, (width, height) in SIZES.items():
            for theme in ("light", "dark"):
                for view, search in VIEWS.items():
                    if view and size == "tablet":
                        continue
                    chromium.resize(driver, width, height)
                    chromium.prefer(driver, dark=theme == "dark")
                    page.open(search)
                    # As tall as the page is, so that everything is on the picture.
                    chromium.resize(driver, width, page.run("return document.documentElement.scrollHeight"))
                    page.rest(1)
                    target = folder / f"{size}{view}-{theme}.png"
                    driver.save_screenshot(str(target))
                    print(target)
    finally:
        driver.quit()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", help="of a page that is being served already")
    parser.add_argument("--folder", type=Path, default=ROOT / "screenshots")
    options = parser.parse_args()
    if options.address:
        take(options.address, options.folder)
        return
    with demo() as address:
        take(address, options.folder)


if __name__ == "__main__":
    main()
