"""Hands each event to everybody who wants it."""

from __future__ import annotations

import logging

from toolyard.core.context import Event, EventHandler

logger = logging.getLogger("toolyard.events")


class EventBus:
    """Calls its handlers in the order they were added; one that fails does not stop the next."""

    def __init__(self) -> None:
        self._handlers: list[EventHandler] = []

    @property
    def is_heard(self) -> bool:
        """Whether anybody wants to hear of events."""
        return bool(self._handlers)

    def add(self, handler: EventHandler) -> None:
        """Call `handler` with every event from now on."""
        self._handlers.append(handler)

    def emit(self, event: Event) -> None:
        """Hand `event` to every handler."""
        for handler in self._handlers:
            try:
                handler(event)
            except Exception:  # a handler's bug must not fail the call it watches
                logger.exception("an event handler failed on %s", type(event).__name__)
