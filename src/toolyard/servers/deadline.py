"""A deadline that may be moved or lifted before it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Deadline:
    """Has `late` called once it is over; whoever sets it lifts it."""

    __slots__ = ("_late", "_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, late: Callable[[], None]) -> None:
        self._loop = loop
        self._late = late
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_set(self) -> bool:
        """Whether it was set, and not lifted."""
        return self._timer is not None

    def set(self, seconds: float) -> None:
        """Have it come in so many seconds, and not when it was to come before."""
        self.lift()
        self._timer = self._loop.call_later(seconds, self._late)

    def lift(self) -> None:
        """Have it not come, if it was to."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
