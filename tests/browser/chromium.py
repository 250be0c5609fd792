"""Starts Chromium for tests and pictures: headless, local, always at the same size, theme and speed."""

from __future__ import annotations

import os
import shutil
from datetime import datetime

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webdriver import WebDriver

_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    "headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "disable-background-networking",
    "disable-component-update", "disable-sync", "disable-extensions", "no-first-run", "hide-scrollbars",
    "force-color-profile=srgb",
)  # fmt: skip


def find_browser() -> tuple[str, str] | None:
    """The programs of browser and driver; None where one is missing."""
    browser = next(filter(None, map(shutil.which, _NAMES)), None)
    browser = browser or next((path for path in _MAC if os.path.exists(path)), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


def start(width: int = 1440, height: int = 900) -> WebDriver:
    found = find_browser()
    if found is None:
        raise RuntimeError("Chromium and chromedriver are needed (apt-get install chromium chromium-driver)")
    options = Options()
    options.binary_location = found[0]
    for argument in _ARGUMENTS:
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service(found[1]), options=options)
    driver.set_script_timeout(30)
    resize(driver, width, height)
    return driver


def resize(driver: WebDriver, width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": width < 600})


def prefer(driver: WebDriver, *, dark: bool = False, calm: bool = True) -> None:
    """What the reader's system asks for: a dark theme, as little motion as possible."""
    features = [
        {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
        {"name": "prefers-reduced-motion", "value": "reduce" if calm else "no-preference"},
    ]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def set_zone(driver: WebDriver, name: str) -> None:
    driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": name})


def before_the_page(driver: WebDriver, script: str) -> str:
    """Lets ``script`` run before every page from now on; returns what takes it back."""
    answer = driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    return str(answer["identifier"])


def clock_at(now: datetime) -> str:
    """A script that makes every page begin at ``now``: time goes on from there."""
    return f"""(() => {{
      const clock = Date.now.bind(Date), shift = {int(now.timestamp() * 1000)} - clock();
      window.Date = new Proxy(Date, {{
        construct: (date, given) => (given.length ? new date(...given) : new date(clock() + shift)),
        get: (date, name) => (name === "now" ? () => clock() + shift : Reflect.get(date, name)),
      }});
    }})();"""
