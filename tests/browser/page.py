"""What a reader does with the page, and what they see: the words that the browser tests are written in."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from layouts import ids

PATIENCE = 20
QUIET = 150  # milliseconds without a call: the page has come to rest

# Counts the calls of callbacks by what they fill, and knows when the last one ended.
WATCH = """
window.calls = []; window.open_calls = 0; window.last_call = performance.now();
const fetchOfBrowser = window.fetch;
window.fetch = async function (target, options) {
  if (!String((target && target.url) || target).includes("_dash-update-component")) return fetchOfBrowser.apply(window, arguments);
  window.calls.push(JSON.parse(options.body).output);
  window.open_calls += 1;
  try { return await fetchOfBrowser.apply(window, arguments); }
  finally { window.open_calls -= 1; window.last_call = performance.now(); }
};
"""
_AT_REST = """
const drawn = [...document.querySelectorAll("[aria-busy=true], #content:not([hidden]) .dash-graph--pending")].length === 0;
return window.calls.length >= arguments[0] && window.open_calls === 0 && drawn
  && performance.now() - window.last_call > arguments[1];
"""
_READ = """
return [...document.querySelectorAll(arguments[0])].filter((e) => e.getClientRects().length).map((e) => e.innerText);
"""


class Page:
    """One reader's window."""

    def __init__(self, driver: WebDriver, address: str) -> None:
        self.driver = driver
        self.address = address

    # ---- going places ---------------------------------------------------------------------------------

    def open(self, search: str = "") -> Counter[str]:
        """Loads the page and waits for it; says which callbacks were called, and how often."""
        self.driver.get(f"{self.address}/{search}")
        self.rest(1)
        return self.calls()

    def after(self, act: Callable[[], Any], *, calls: bool = True) -> Counter[str]:
        """Acts, waits until the page has come to rest, and says which callbacks were called."""
        before = len(self.run("return window.calls"))
        act()
        self.rest(before + 1 if calls else before)
        return self.calls(before)

    def rest(self, calls: int) -> None:
        self.wait(lambda: self.run(_AT_REST, calls, QUIET), "the page to come to rest")

    def calls(self, since: int = 0) -> Counter[str]:
        """Callbacks by the store that they fill: ``answer-cards``, ``answer-cost``, ..."""
        return Counter(key.removesuffix(".data") for key in self.run("return window.calls")[since:])

    def back(self) -> Counter[str]:
        return self.after(self.driver.back)

    @property
    def path(self) -> str:
        return str(urlsplit(self.driver.current_url).path)

    @property
    def search(self) -> str:
        query = urlsplit(self.driver.current_url).query
        return f"?{query}" if query else ""

    # ---- finding and waiting --------------------------------------------------------------------------

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        return WebDriverWait(self.driver, PATIENCE, 0.05).until(lambda _: condition(), f"waited for {what}")

    def all(self, selector: str) -> list[WebElement]:
        found: list[WebElement] = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return found

    def one(self, selector: str) -> WebElement:
        element: WebElement = self.wait(
            lambda: next((e for e in self.all(selector) if e.is_displayed()), None), f"{selector} to show"
        )
        return element

    def text(self, selector: str) -> str:
        """The words inside the first that shows, as they are read: one space between them."""
        found = self.wait(lambda: self.read(selector), f"{selector} to show")
        return " ".join(found[0].split())

    def read(self, selector: str) -> list[str]:
        """What is in each that shows, in one look: the page may be redrawn between two."""
        found: list[str] = self.run(_READ, selector)
        return found

    def click(self, selector: str) -> None:
        element = self.one(selector)
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def says(self, selector: str, words: str) -> None:
        self.wait(
            lambda: any(words in " ".join(t.split()) for t in self.read(selector)), f"{words!r} in {selector}"
        )

    def press(self, *keys: str) -> None:
        ActionChains(self.driver).send_keys(*keys).perform()

    # ---- what it shows --------------------------------------------------------------------------------

    def kpi(self, metric: str) -> str:
        return self.text(f"#{ids.kpi_value(metric)}").replace("\u202f", " ")

    def buckets(self, chart: str = "executions") -> int:
        """How many bars or points the chart has."""
        return int(self.run(f"return {_graph(chart)}.layout.meta.x.length"))

    def shown(self, control: str) -> str:
        """What a dropdown says is chosen, with commas."""
        return ", ".join(self.read(f"#{control} .dash-dropdown-value-item")) or self.text(
            f"#{control} .dash-dropdown-value"
        )

    @property
    def range(self) -> str:
        return str(self.run(f"return document.querySelector('#{ids.RANGE} input:checked')?.value || ''"))

    @property
    def chips(self) -> list[str]:
        return self.read(f"#{ids.CHIPS} .chip")

    def console(self) -> list[str]:
        """What the browser complained about since it was last asked."""
        return [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING")
        ]

    # ---- what a reader does ---------------------------------------------------------------------------

    def choose_range(self, value: str) -> None:
        field = f"#{ids.RANGE} input[value='{value}']"
        self.run("arguments[0].nextElementSibling.click()", self.all(field)[0])

    def choose(self, control: str, *labels: str) -> None:
        """Opens a dropdown, clicks these options, and closes it."""
        self.click(f"#{control}")
        self.one(".dash-dropdown-content")
        for label in labels:
            option = f"//*[contains(@class,'dash-dropdown-option')][normalize-space()={json.dumps(label)}]"
            self.wait(lambda o=option: self.driver.find_elements(By.XPATH, o), label)
            self.driver.find_element(By.XPATH, option).click()
        self.close_menu()

    def close_menu(self) -> None:
        if self.all(".dash-dropdown-content"):
            self.press(Keys.ESCAPE)
        self.wait(lambda: not self.all(".dash-dropdown-content"), "the menu to close")

    def place_of(self, chart: str, bucket: int) -> tuple[int, int]:
        """Where in the window the pointer is over this bucket of a chart."""
        self.run("arguments[0].scrollIntoView({block: 'center'})", self.one(f"#{ids.graph(chart)}"))
        found = self.run(
            f"const g = {_graph(chart)}, axis = g._fullLayout.xaxis, size = g._fullLayout._size;"
            "const box = g.getBoundingClientRect(), x = g.layout.meta.x[arguments[0]];"
            "return [box.left + axis._offset + axis.d2p(x), box.top + size.t + size.h / 2]",
            bucket,
        )
        return round(found[0]), round(found[1])

    def mouse(self, kind: str, at: tuple[int, int], clicks: int = 1, pressed: bool = False) -> None:
        held = pressed or kind != "mouseMoved"
        event = {
            "type": kind,
            "x": at[0],
            "y": at[1],
            "button": "left" if held else "none",
            "clickCount": clicks,
        }
        self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event | {"buttons": int(held)})

    def hover(self, chart: str, bucket: int) -> None:
        """Until the chart says so: it listens when it has been drawn to the end, and stands still when all
        that is above it has come."""
        moved = -1.0

        def told() -> bool:
            nonlocal moved
            if moved >= 0 and any(tip.is_displayed() for tip in self.all(".chart-tooltip")):
                return True
            if time.monotonic() - moved > 0.5:
                self.point_at(chart, bucket)
                moved = time.monotonic()
            return False

        self.wait(told, f"the tooltip of {chart}")

    def point_at(self, chart: str, bucket: int) -> None:
        x, y = self.place_of(chart, bucket)
        self.mouse("mouseMoved", (x - 2, y))
        self.mouse("mouseMoved", (x, y))

    def drag(self, chart: str, first: int, last: int) -> None:
        """From the middle of one bucket to the middle of another."""
        self.point_at(chart, first)
        start, end = self.place_of(chart, first), self.place_of(chart, last)
        self.mouse("mousePressed", start)
        for step in range(1, 5):
            self.mouse("mouseMoved", (start[0] + (end[0] - start[0]) * step // 4, start[1]), pressed=True)
        self.mouse("mouseReleased", end)

    def double_click(self, chart: str, bucket: int) -> None:
        x, y = self.place_of(chart, bucket)
        self.point_at(chart, bucket)
        # In one go: between two orders to the driver a slow machine takes longer than a reader does.
        chain = ActionChains(self.driver)
        chain.w3c_actions.pointer_action.move_to_location(x, y)
        for _ in range(2):
            chain.w3c_actions.pointer_action.pointer_down()
            chain.w3c_actions.pointer_action.pointer_up()
        chain.perform()


def _graph(chart: str) -> str:
    return f"document.querySelector('#{ids.graph(chart)} .js-plotly-plot')"
