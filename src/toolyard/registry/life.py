"""A source from entering to leaving, both in one task; its calls are counted."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

import anyio
from anyio.abc import TaskStatus

from toolyard.core.call_scope import CallScope
from toolyard.core.context import CallContext
from toolyard.core.errors import CallInterrupted, ToolError, ToolyardError
from toolyard.core.groups import first_of
from toolyard.core.protocol import Instants, ToolProtocol
from toolyard.core.tool import ToolCall, ToolResult

logger = logging.getLogger("toolyard.registry")


SHIELDED_S = 5.0
"""For calls that shield themselves from being ended."""


class Life:
    """One entered source. Whoever starts it in a task group ends it with `end`."""

    def __init__(self, name: str, source: ToolProtocol) -> None:
        self.source = source
        self.error: Exception | None = None
        """Why it ended by itself, or did not end well."""
        self.instants = Instants(source)
        self._name = name
        self._calls: set[CallScope] = set()
        self._idle: anyio.Event | None = None
        self._asked = anyio.Event()
        self.over = anyio.Event()
        """Set once the source has been left."""

    @property
    def in_flight(self) -> int:
        """Calls under way."""
        return len(self._calls)

    @property
    def reason(self) -> str:
        """Why it ended by itself, without what only the log may say."""
        if self.error is None:
            return "It ended by itself."
        error = first_of(self.error)
        if isinstance(error, ToolyardError):
            return str(error)
        return f"It ended with an unexpected {type(error).__name__}; the log says why."

    async def run(self, *, task_status: TaskStatus[None]) -> None:
        """Enter the source, wait until it is to end, and leave it.

        Raises:
            Exception: Whatever the source raised while starting; what it raises later is logged.
        """
        is_entered = False
        try:
            with _no_exit(self._name):
                async with self.source:
                    is_entered = True
                    task_status.started()
                    await self._asked.wait()
        except Exception as error:
            if not is_entered:
                raise
            self.error = error
            logger.exception("%r did not end well", self._name)
        finally:
            self.over.set()

    async def call(
        self, call: ToolCall, context: CallContext, scope: CallScope | None = None
    ) -> ToolResult:
        """Call the source, which stays until the call is over; raises what the source does.

        Args:
            call: By the source's own name of the tool.
            context: Passed on.
            scope: Ended if the source must be left before the call is done; the call's own scope,
                or one is opened.

        Raises:
            CallInterrupted: The source had to be left before the call was done.
        """
        if scope is None:
            with CallScope(call.name) as scope:
                return await self.call(call, context, scope)
        self._calls.add(scope)
        try:
            return await self.source.call_tool(call, context)
        finally:
            self._calls.discard(scope)
            if not self._calls and self._idle is not None:
                self._idle.set()

    async def end(self, drain_s: float) -> None:
        """Wait up to `drain_s` seconds for calls under way, interrupt the rest, leave the source.

        Returns when it is left. May be called again, by others too.
        """
        with anyio.move_on_after(drain_s):
            await self.idle()
        for call in tuple(self._calls):
            call.end(CallInterrupted(call.what, f"{self._name!r} is being taken away"))
        with anyio.move_on_after(SHIELDED_S):
            await self.idle()
        self._asked.set()
        await self.over.wait()

    async def idle(self) -> None:
        """Wait until no call is under way."""
        while self._calls:
            if self._idle is None or self._idle.is_set():
                self._idle = anyio.Event()
            await self._idle.wait()


@contextmanager
def _no_exit(name: str) -> Generator[None]:
    """A source that calls `sys.exit` ends itself; out of a task of its own it would end us all."""
    try:
        yield
    except SystemExit as error:
        raise ToolError(f"{name!r} called sys.exit.") from error
