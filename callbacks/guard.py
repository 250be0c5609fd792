"""What a card shows when its callback fails: the rest of the page works on."""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable
from typing import Any

from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from layouts import states
from queries.errors import DroppedError, QueryError, first_line
from queries.outage import is_outage, is_timeout

log = logging.getLogger(__name__)

_TOO_LONG = "The database took too long over this. A shorter range or a coarser granularity is quicker."


def guarded(name: str, blank: Any, failed: Callable[[Component], Any]) -> Callable[[Callable], Callable]:
    """Wraps a callback: a bad value gives ``blank`` (the banner names it), an error ``failed(state)``.

    Whatever is not the user's doing is logged under a reference, which is all that the page tells of it.
    """

    def wrap(callback: Callable) -> Callable:
        @functools.wraps(callback)
        def update(*arguments: Any) -> Any:
            try:
                return callback(*arguments)
            except PreventUpdate:
                raise
            except DroppedError as error:
                return failed(states.not_kept(error.message, error.allowed))
            except QueryError:
                return blank
            except Exception as error:
                return failed(state_of(error, name))

        return update

    return wrap


def state_of(error: Exception, name: str) -> Component:
    """The card that stands in for ``name``."""
    if is_outage(error):
        log.warning("%s: the database is away: %s", name, first_line(error))
        return states.database_away()
    reference = secrets.token_hex(4)
    if is_timeout(error):
        log.warning("%s took too long, reference %s", name, reference)
        return states.error_card(reference, _TOO_LONG)
    log.exception("%s failed, reference %s", name, reference, exc_info=error)
    return states.error_card(reference)
