"""In a real browser on localhost: cold load, filter click to all charts redrawn, bytes; memory of a worker."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webdriver import WebDriver

from layouts import ids
from tests.bench.overview import Page
from tests.bench.place import Place
from tests.bench.report import Times, judged, say, table

COLD_TARGET = 1_500  # milliseconds
BYTES_TARGET = 900  # kilobytes
CLICK_TARGETS = (500, 300)  # milliseconds, uncached and cached
MEMORY_TARGET = 200  # MB
_ROOT = Path(__file__).resolve().parents[2]
_REPEATS = 11
_PATIENCE = 60

# Notes when each chart was drawn last; runs before anything of the page does.
_WATCH = """
window.benchDrawn = {};
(function watch() {
  for (const plot of document.querySelectorAll(".js-plotly-plot")) {
    if (plot.benchWatched || !plot.on) continue;
    plot.benchWatched = true;
    const note = () => { window.benchDrawn[plot.closest("[id^=graph-]").id] = performance.now(); };
    plot.on("plotly_afterplot", note);
    if (plot.querySelector(".main-svg")) note();
  }
  requestAnimationFrame(watch);
})();
"""
# Clicks, then answers with the milliseconds until the last of the charts was drawn again.
_CLICK = """
const [selector, charts, done] = arguments;
const began = performance.now();
document.querySelector(selector).click();
(function wait() {
  const drawn = charts.map((id) => window.benchDrawn[id] || 0);
  if (Math.min(...drawn) > began) done(Math.max(...drawn) - began);
  else requestAnimationFrame(wait);
})();
"""
_DRAWN = """
const [charts, done] = arguments;
(function wait() {
  const drawn = charts.map((id) => window.benchDrawn[id] || 0);
  if (Math.min(...drawn) > 0) done(Math.max(...drawn));
  else requestAnimationFrame(wait);
})();
"""
_BYTES = """
const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
return [all.length, all.reduce((sum, entry) => sum + entry.transferSize, 0)];
"""


@contextmanager
def serving(place: Place) -> Iterator[tuple[str, int]]:
    """The real program on the place's data folder: (address, process)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "FIXER_METRICS_DATA": str(place.folder), "PORT": str(port), "HOST": "127.0.0.1", "DATABASE_URL": "",
    }  # fmt: skip
    program = [sys.executable, "-m", "dashboard", "serve"]
    process = subprocess.Popen(program, cwd=_ROOT, env=environment, stdout=sys.stderr)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address, process)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the server at {address} did not become ready")


@contextmanager
def chromium() -> Iterator[WebDriver]:
    options = Options()
    for name in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "window-size=1440,1000",
                 "disable-background-networking", "disable-component-update", "no-first-run", "disable-extensions"):  # fmt: skip
        options.add_argument(f"--{name}")
    options.binary_location = _program("chromium", "google-chrome", "chromium-browser")
    driver = webdriver.Chrome(options=options, service=Service(_program("chromedriver")))
    try:
        driver.set_script_timeout(_PATIENCE)
        driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
        yield driver
    finally:
        driver.quit()


def _program(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise SystemExit(f"The browser part needs {names[0]}: apt-get install chromium chromium-driver")
    return found


def measure(place: Place, overview: Page) -> None:
    charts = [ids.graph(name) for name in ids.CHARTS]
    overview.sweep()
    with serving(place) as (address, process), chromium() as driver:
        row = table("in the browser", "p50", "p95", "wanted")
        cold, requests, sent = _cold_loads(driver, address, charts, overview)
        row(
            "cold load to all charts, uncached",
            f"{cold.p50:,.0f} ms",
            f"{cold.p95:,.0f} ms",
            judged(cold.p50, COLD_TARGET, "ms"),
        )
        row(
            f"bytes sent, compressed ({requests} requests)",
            f"{sent / 1000:,.0f} KB",
            "",
            judged(sent / 1000, BYTES_TARGET, "KB"),
        )
        for name, target, forget in zip(("uncached", "cached"), CLICK_TARGETS, (True, False), strict=True):
            times = _clicks(driver, address, charts, overview if forget else None)
            row(
                f"click on 30 days to all charts, {name}",
                f"{times.p50:,.0f} ms",
                f"{times.p95:,.0f} ms",
                judged(times.p50, target, "ms"),
            )
        print()
        _memory(process)


def _cold_loads(driver: WebDriver, address: str, charts: list[str], overview: Page) -> tuple[Times, int, int]:
    seconds, found = [], []
    for _ in range(_REPEATS):
        driver.get("about:blank")
        driver.execute_cdp_cmd("Network.clearBrowserCache", {})
        overview.forget()
        driver.get(f"{address}/?tz=UTC")
        seconds.append(driver.execute_async_script(_DRAWN, charts) / 1000)
        found.append(driver.execute_script(_BYTES))
    say(f"cold loads: {[round(second * 1000) for second in seconds]} ms")
    return Times(seconds), *max(found)


def _clicks(driver: WebDriver, address: str, charts: list[str], forget: Page | None) -> Times:
    """From 90 days to 30 and back; only the way to 30 is counted."""
    driver.get(f"{address}/?tz=UTC")
    driver.execute_async_script(_DRAWN, charts)
    seconds = []
    for _ in range(_REPEATS + 1):
        driver.execute_async_script(_CLICK, _choice("90d"), charts)
        if forget is not None:
            forget.forget()
        seconds.append(driver.execute_async_script(_CLICK, _choice("30d"), charts) / 1000)
    say(f"clicks: {[round(second * 1000) for second in seconds]} ms")
    return Times(seconds[1:])  # the first warms up both views


def _choice(value: str) -> str:
    return f"#{ids.RANGE} input[value='{value}']"


def _memory(process: int) -> None:
    """Proportional set size: memory shared with n processes counts for one n-th."""
    row = table("process", "proportional memory", "wanted")
    program = psutil.Process(process)
    workers = [child for child in program.children() if "postgres" not in child.name()]
    row("main process", f"{_pss(program):.0f} MB", "")
    for number, worker in enumerate(workers, 1):
        megabytes = _pss(worker)
        row(f"worker {number}", f"{megabytes:.0f} MB", judged(megabytes, MEMORY_TARGET, "MB"))


def _pss(process: psutil.Process) -> float:
    memory = process.memory_full_info()
    return getattr(memory, "pss", memory.uss) / 1e6
