"""Work that never waits: it is over before anything else happens, and needs no task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Self, TypeVar, TypeVarTuple

Args = TypeVarTuple("Args")
T = TypeVar("T")

# Private by their names, and documented for whoever runs coroutines by other means than tasks.
_enter = asyncio.tasks._enter_task  # pyright: ignore[reportPrivateUsage]
_leave = asyncio.tasks._leave_task  # pyright: ignore[reportPrivateUsage]


class AtOnce:
    """Runs what never waits, one thing at a time.

    Whoever asks gets to see a task, as cancel scopes do. It is one for all and over already: who
    keeps hold of it can end nothing.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
        self._loop = loop
        self._task = task

    @classmethod
    async def made(cls) -> Self:
        """One for the event loop of this task."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(_nothing())
        await task
        return cls(loop, task)

    def run(self, work: Callable[[*Args], T], *args: *Args) -> T:
        """Give what `work` does; it sees the context variables of here, and changes its own."""
        outer = asyncio.current_task(self._loop)
        if outer is not None:
            _leave(self._loop, outer)
        _enter(self._loop, self._task)
        try:
            return copy_context().run(work, *args)
        finally:
            _leave(self._loop, self._task)
            if outer is not None:
                _enter(self._loop, outer)


async def _nothing() -> None: ...
