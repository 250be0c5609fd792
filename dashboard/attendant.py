"""Roof: two threads beside a served page: one says when it really answers, one ends it with its parent."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import psutil

# What a browser needs before it can show anything, with the database's answer first; where people log in,
# nothing else answers to us.
_HEALTH = ("/readyz",)
_PAGE = ("/", "/_dash-layout")
_PATIENCE = 8.0  # seconds until it says what is lacking; it goes on asking


def announce(address: str, say: Callable[[str], None], *, public: bool = True) -> None:
    """Says the address once the page answers there; and what is lacking, if that takes long. ``public``:
    one sees the page without log-in."""
    needed = _HEALTH + (_PAGE if public else ())
    threading.Thread(target=_announce, args=(address, say, needed), name="announce", daemon=True).start()


def _announce(address: str, say: Callable[[str], None], needed: tuple[str, ...]) -> None:
    complain_at = time.monotonic() + _PATIENCE
    complained = False
    while lacking := _lacking(address, needed):
        if not complained and time.monotonic() > complain_at:
            say(f"listening at {address}, but not ready: {lacking}")
            complained = True
        time.sleep(1 if complained else 0.1)
    say(f"ready: {address}   (Ctrl-C ends it)")


def _lacking(address: str, needed: tuple[str, ...]) -> str:
    """Why the page cannot be shown; '' where it can."""
    # Without the proxies of the environment: this is our own machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        for path in needed:
            opener.open(address + path, timeout=10).read()
    except urllib.error.HTTPError as error:
        return _message(error.read()) or f"{path} answers {error.code}"
    except OSError as error:
        return str(error)
    return ""


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return ""


def end_with(parent: int, server: int) -> None:
    """Ends the process ``server`` when ``parent`` is gone, for example make after a kill -9."""
    if parent > 1:
        threading.Thread(target=_watch, args=(parent, server), name="end-with", daemon=True).start()


def _watch(parent: int, server: int) -> None:
    with contextlib.suppress(psutil.Error):
        psutil.Process(parent).wait()
    os.kill(server, signal.SIGTERM)
