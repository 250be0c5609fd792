"""Client: whatever goes wrong in here is logged, and is no trouble of the agent's."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("fixer_client")


def quiet(work: Callable[P, T]) -> Callable[P, T | None]:
    """``work``, but None instead of an exception."""

    @functools.wraps(work)
    def safe(*arguments: P.args, **named: P.kwargs) -> T | None:
        try:
            return work(*arguments, **named)
        except Exception as error:
            log.warning("%s failed, and is left out: %r", work.__qualname__, error)
            return None

    return safe
