"""Hands each event to everybody who wants it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from toolyard.core.context import Event, EventHandler

logger = logging.getLogger("toolyard.events")

Kinds = tuple[type[Event], ...]
"""Of the events that somebody wants to hear of; without any, all of them."""


class EventBus:
    """Calls its handlers in the order they were added; one that fails does not stop the next."""

    def __init__(self) -> None:
        self._handlers: list[tuple[EventHandler, Kinds]] = []
        self._by_kind: dict[type[Event], Sequence[EventHandler]] = {}

    def add(self, handler: EventHandler, *kinds: type[Event]) -> None:
        """Call `handler` with every event from now on, or only with those of `kinds`."""
        self._handlers.append((handler, kinds))
        self._by_kind.clear()

    def of(self, kind: type[Event]) -> Sequence[EventHandler]:
        """Who wants events of `kind`: without anybody, none need be made."""
        found = self._by_kind.get(kind)
        if found is None:
            wanting = [h for h, kinds in self._handlers if not kinds or issubclass(kind, kinds)]
            found = tuple(wanting)  # without any it is the one empty tuple, which takes nothing
            self._by_kind[kind] = found
        return found

    def emit(self, event: Event) -> None:
        """Hand `event` to every handler that wants it."""
        for handler in self.of(type(event)):
            try:
                handler(event)
            except Exception:  # a handler's bug must not fail the call it watches
                logger.exception("an event handler failed on %s", type(event).__name__)

    def joined(self, other: EventBus) -> EventBus:
        """A bus for those who hear of this one now, and those who hear of `other`."""
        if not other._handlers or other is self:
            return self
        if not self._handlers:
            return other
        both = EventBus()
        both._handlers = [*self._handlers, *other._handlers]
        return both
