"""Client: goes through a generator so that its own steps are within a run, and those of its caller are not.

Both have one context: what a generator sets there would be its caller's, too, between two of its yields.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractContextManager, suppress
from contextvars import ContextVar, Token
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Inside(Generic[T]):
    """Within it, ``variable`` is what it was when it was left last; outside, what it is for everybody."""

    def __init__(self, variable: ContextVar[T], first: T) -> None:
        self._variable = variable
        self._value = first
        self._token: Token[T]

    def __enter__(self) -> None:
        self._token = self._variable.set(self._value)

    def __exit__(self, *_: object) -> None:
        self._value = self._variable.get()
        with suppress(ValueError):  # a step that was given up is ended elsewhere, by the garbage collection
            self._variable.reset(self._token)


Going = Callable[[], AbstractContextManager[Inside[Any]]]


def each(function: Callable[..., Any], going: Going) -> Callable[..., Any]:
    def taken(*arguments: Any, **named: Any) -> Any:
        with going() as inside:
            return (yield from _steps(function(*arguments, **named), inside))

    return taken


def _steps(items: Generator[Any, Any, Any], inside: Inside[Any]) -> Generator[Any, Any, Any]:
    step = partial(next, items)
    while True:
        try:
            with inside:
                item = step()
        except StopIteration as end:
            return end.value
        try:
            step = partial(items.send, (yield item))
        except GeneratorExit:
            with inside:
                items.close()
            raise
        except BaseException as error:
            step = partial(items.throw, error)


def each_later(function: Callable[..., Any], going: Going) -> Callable[..., Any]:
    async def taken(*arguments: Any, **named: Any) -> AsyncIterator[Any]:
        with going() as inside:
            items = function(*arguments, **named)
            step = partial(anext, items)
            while True:
                try:
                    with inside:
                        item = await step()
                except StopAsyncIteration:
                    return
                try:
                    step = partial(items.asend, (yield item))
                except GeneratorExit:
                    with inside:
                        await items.aclose()
                    raise
                except BaseException as error:
                    step = partial(items.athrow, error)

    return taken
