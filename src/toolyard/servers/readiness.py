"""When a descriptor of another's making can be read or written, for the event loop."""

from __future__ import annotations

import asyncio
import select
import sys
from collections.abc import Callable

if sys.platform == "linux":
    READ, WRITE, _ONCE = select.EPOLLIN, select.EPOLLOUT, select.EPOLLONESHOT
else:
    READ, WRITE = 1, 2


class CannotWatch(Exception):
    """The system does not say when this descriptor is ready, as of a file's it never does."""


class Readiness:
    """Calls `on_ready` in the event loop when a descriptor is ready, once each time it is asked.

    Standard input and output are often shared with the process that started this one, and so is
    whether they block: it must stay as it is. An event loop may change it of what it watches, so
    it only watches an epoll, and that the descriptor.

    Raises:
        CannotWatch: Nobody can tell when the descriptor is ready.
    """

    def __init__(self, descriptor: int, events: int, on_ready: Callable[[], None]) -> None:
        if sys.platform != "linux":
            raise CannotWatch
        self._descriptor = descriptor
        self._events = events | _ONCE
        self._on_ready = on_ready
        self._epoll = select.epoll()
        try:
            self._epoll.register(descriptor, _ONCE)
        except PermissionError:
            self._epoll.close()
            raise CannotWatch from None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._epoll.fileno(), self._tell)

    def ask(self) -> None:
        """Have `on_ready` called as soon as the descriptor is ready, if it already is."""
        self._epoll.modify(self._descriptor, self._events)

    def _tell(self) -> None:
        if any(event & ~_ONCE for _, event in self._epoll.poll(0)):
            self._on_ready()

    def close(self) -> None:
        """Watch no more; the descriptor stays open."""
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()
