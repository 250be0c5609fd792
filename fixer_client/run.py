"""Client: one run of an agent: what it did, told as it goes, and sent when it ends."""

from __future__ import annotations

import functools
import inspect
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from datetime import UTC, datetime, timedelta
from threading import Lock
from types import TracebackType
from typing import Any

from fixer_client.quiet import quiet
from fixer_client.steps import Inside, each, each_later

Send = Callable[[dict[str, Any]], None]

_MESSAGE_CHARS = 20_000
_current: ContextVar[Run | None] = ContextVar("fixer_client_run", default=None)


class Run:
    """A context manager, and a decorator of functions, async ones and generators too, each call of which is
    a run.

    It ends as a success; as ``fail`` or ``error`` say; or as an error where an exception leaves it.
    Everything may be told from any thread.
    """

    def __init__(self, send: Send, fields: dict[str, Any], announce: bool) -> None:
        self._send = send
        self._fields = fields
        self._announce = announce
        self._lock = Lock()
        self._sums: Counter[str] = Counter()
        self._tools: Counter[str] = Counter()
        self._ended: dict[str, Any] = {}
        self._token: Token[Run | None] | None = None
        self._outer: Run | None = None
        self._over = False
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self.id = str(fields.get("invocation_id") or uuid.uuid4())

    @quiet
    def set(self, **fields: Any) -> None:
        """Says what is known: model, cost_usd, files_modified, or anything else, which is kept, too."""
        with self._lock:
            self._fields.update(fields)

    @quiet
    def llm_call(self, **amounts: float) -> None:
        """Counts a call of the model, and adds up what it took: input_tokens (cache reads and writes
        included), cache_read_tokens, cache_write_tokens, output_tokens, cost_usd."""
        with self._lock:
            self._sums["llm_call_count"] += 1
            for name, amount in amounts.items():
                if amount is not None:
                    self._sums[name] += amount  # type: ignore[assignment]

    @quiet
    def tool(self, name: str, calls: int = 1) -> None:
        """Counts calls of a tool."""
        with self._lock:
            self._tools[name] += calls

    @quiet
    def fail(self, message: str | None = None) -> None:
        """The agent has finished, and the task is not solved."""
        self._end("failure", message)

    @quiet
    def error(self, message: str | None = None) -> None:
        """The run broke."""
        self._end("error", message)

    def _end(self, status: str, message: str | None) -> None:
        with self._lock:
            self._ended = {"status": status}
            if message:
                self._ended["error_message"] = str(message)[-_MESSAGE_CHARS:]

    def __enter__(self) -> Run:
        self._outer = _going_on()
        self._token = _current.set(self)
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token:
            # In another context than it began in, as generators may, there is nothing to put back.
            with suppress(ValueError, RuntimeError):
                _current.reset(self._token)
        self._finish(error)

    @quiet
    def _begin(self) -> None:
        self._over = False
        self._started, self._clock = datetime.now(UTC), time.monotonic()
        if self._announce:
            self._send({**self._fields, **self._identity(), "status": "running"})

    @quiet
    def _finish(self, error: BaseException | None) -> None:
        self._over = True
        if error is not None and not _is_an_end(error):
            self._end("error", "".join(traceback.format_exception(error)))
        self._send(self._record())

    def _record(self) -> dict[str, Any]:
        seconds = time.monotonic() - self._clock
        with self._lock:
            told: dict[str, Any] = {**self._sums}
            if self._tools:
                told |= {"tools_used": dict(self._tools), "tool_call_count": self._tools.total()}
            # What was said outright goes before what was added up.
            return {
                **told,
                "status": "success",
                **self._fields,
                **self._ended,
                **self._identity(),
                # Not by the clock on the wall, which may be set meanwhile.
                "end_time": (self._started + timedelta(seconds=seconds)).isoformat(),
            }

    def _identity(self) -> dict[str, Any]:
        return {"invocation_id": self.id, "start_time": self._started.isoformat()}

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        kinds = (
            (inspect.isasyncgenfunction, self._each_later),
            (inspect.isgeneratorfunction, self._each),
            (inspect.iscoroutinefunction, self._later),
        )
        called = type(function).__call__  # of an object with such a method; of a function it says nothing
        made = next((around for is_one, around in kinds if is_one(function) or is_one(called)), self._now)
        return functools.wraps(function)(made(function))

    def _now(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def now(*arguments: Any, **named: Any) -> Any:
            with self._another():
                return function(*arguments, **named)

        return now

    def _later(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def later(*arguments: Any, **named: Any) -> Any:
            with self._another():
                return await function(*arguments, **named)

        return later

    def _each(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Calling it begins nothing: the run is as long as somebody takes what it yields."""
        return each(function, self._in_steps)

    def _each_later(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return each_later(function, self._in_steps)

    @contextmanager
    def _in_steps(self) -> Iterator[Inside[Run | None]]:
        run = self._another()
        run._begin()
        try:
            yield Inside(_current, run)
        except BaseException as error:
            run._finish(error)
            raise
        run._finish(None)

    def _another(self) -> Run:
        fields = {name: value for name, value in self._fields.items() if name != "invocation_id"}
        return Run(self._send, fields, self._announce)


def _is_an_end(error: BaseException) -> bool:
    """Of a program that ends well, or of a generator of which nobody wants more."""
    return isinstance(error, GeneratorExit) or (isinstance(error, SystemExit) and not error.code)


def _going_on() -> Run | None:
    """Not one that has ended in another context, and is still named in this one."""
    run = _current.get()
    while run is not None and run._over:
        run = run._outer
    return run


def current_run() -> Run:
    """The run that is going on here; where there is none, one that is never sent, so that code may tell
    it things without asking."""
    return _going_on() or Run(lambda record: None, {}, announce=False)
