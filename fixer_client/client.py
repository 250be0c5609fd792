"""Client: takes what agents tell, at once and from any thread, and sees to it that it arrives."""

from __future__ import annotations

import atexit
import json
import os
import uuid
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakSet

from fixer_client.post import Poster
from fixer_client.quiet import quiet
from fixer_client.run import Run
from fixer_client.sending import Sending
from fixer_client.spool import Spool, default_folder

_ADDRESS = "http://127.0.0.1:8050"


class Client:
    """``url`` and ``token``: else those of FIXER_METRICS_URL and FIXER_METRICS_TOKEN.

    ``announce``: runs are told of at their start, too, and shown as in flight. ``spool``: the folder that
    keeps what cannot be sent (else FIXER_METRICS_SPOOL, or one in the user's cache), of at most
    ``spool_bytes``. ``most_waiting``: so many records wait in memory. ``exit_seconds``: the longest that
    the end of the program waits. ``fields``: said of every run, such as agent and agent_version.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        announce: bool = False,
        spool: str | os.PathLike[str] | None = None,
        spool_bytes: int = 100 * 2**20,
        most_waiting: int = 10_000,
        exit_seconds: float = 5.0,
        **fields: Any,
    ) -> None:
        address = url or os.environ.get("FIXER_METRICS_URL") or _ADDRESS
        self._poster = Poster(address, token or os.environ.get("FIXER_METRICS_TOKEN"))
        self._spool = Spool(Path(spool) if spool else default_folder(), spool_bytes)
        self._announce = announce
        self._most_waiting = most_waiting
        self._exit_seconds = exit_seconds
        self._fields = fields
        self._lost = 0
        self._lock = Lock()
        self._sending: Sending | None = None
        _everyone.add(self)

    def run(self, **fields: Any) -> Run:
        """A run, as a context manager or a decorator; ``fields`` are said of it."""
        return Run(self.send, {**self._fields, **fields}, self._announce)

    @quiet
    def send(self, record: dict[str, Any]) -> None:
        """Sends the record of a run that is over (or announces one: status running). Returns at once."""
        # With an id of its own it may be sent again and again.
        identified = {"invocation_id": str(uuid.uuid4()), **self._fields, **record}
        line = json.dumps(identified, default=str, separators=(",", ":")).encode()
        with self._lock:
            if self._sending is None:
                self._sending = Sending(self._poster, self._spool, self._most_waiting)
                self._sending.start()
                _sending.add(self)
            self._sending.put(line)

    def flush(self, seconds: float = 10.0) -> bool:
        """Whether everything that was told is sent, or spooled, within so many seconds."""
        sending = self._sending
        return sending is None or bool(quiet(sending.flush)(seconds))

    def close(self) -> None:
        """Sends what is left, spools what cannot be sent; takes at most ``exit_seconds``. The end of the
        program does it, too."""
        with self._lock:
            sending, self._sending = self._sending, None
            _sending.discard(self)
        if sending is not None:
            quiet(sending.close)(self._exit_seconds)
            self._lost += sending.lost

    @property
    def lost(self) -> int:
        """How many records could be neither sent nor kept."""
        return self._lost + (self._sending.lost if self._sending else 0)

    def _forget(self) -> None:
        """After a fork: thread and records are the parent's, and locks may be held for ever."""
        self._lock, self._sending = Lock(), None


_everyone: WeakSet[Client] = WeakSet()
_sending: set[Client] = set()  # what nobody else holds any more may still have something to send


def _close_all() -> None:
    for client in list(_sending):
        client.close()


def _forget_all() -> None:
    _sending.clear()
    for client in list(_everyone):
        client._forget()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
