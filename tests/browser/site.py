"""The real application on a real port, in a thread of the test process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from dashboard.app import create_app, parts_of
from dashboard.config import Settings


@contextmanager
def serving(database_url: str, data: Path, port: int = 0, **values: Any) -> Iterator[str]:
    """The address of a page on ``database_url``, cache and all; ``port`` 0: any that is free."""
    values |= {"database_url": database_url, "data": data, "threads": 8}
    settings = replace(Settings.load({}, data / "no.env"), **values)
    server = create_app(settings).server
    web = make_server("127.0.0.1", port, server, threaded=True)
    web.daemon_threads = False  # so that closing waits for the requests under way
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{web.server_port}"
    finally:
        web.shutdown()
        thread.join()
        web.server_close()
        parts_of(server).close()
