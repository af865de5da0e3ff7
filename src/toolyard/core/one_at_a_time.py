"""What only one may do at a time."""

from __future__ import annotations

from types import TracebackType

import anyio


class OneAtATime:
    """Entered by one after the other; unlike a lock it may be left by another task.

    It is little more than a flag as long as nobody waits, which is nearly always.
    """

    __slots__ = ("_left", "is_entered")

    def __init__(self) -> None:
        self.is_entered = False
        """Whether somebody is in it."""
        self._left: anyio.Event | None = None
        """What others wait for, if there are any."""

    async def __aenter__(self) -> None:
        while self.is_entered:
            if self._left is None:
                self._left = anyio.Event()
            await self._left.wait()
        self.is_entered = True

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.is_entered = False
        if self._left is not None:
            self._left.set()
            self._left = None
