"""The tool calls under way: counted, timed, limited, and ended when the server stops."""

from __future__ import annotations

import time
from asyncio import AbstractEventLoop, TimerHandle, get_running_loop
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from toolyard.core.call_scope import CallScope
from toolyard.core.context import Caller
from toolyard.core.errors import (
    CallInterrupted,
    CallTimeout,
    ToolError,
    ToolyardError,
    UnknownName,
)
from toolyard.core.tool import ToolResult
from toolyard.events.bus import EventBus
from toolyard.events.types import CallFinished, CallStarted
from toolyard.servers.exchange import Exchange
from toolyard.servers.metrics import Metrics

Answer = TypeVar("Answer")
Work = Callable[[float, CallScope], Awaitable[Answer]]
"""Takes its deadline, which it need not watch, and the scope in which it runs."""

BUSY = "Too many calls are under way; try again."


class Calls:
    """Runs every call of one server, and all it asks of its sources, in a scope it can end."""

    def __init__(self, metrics: Metrics, events: EventBus, *, call_s: float, most: int) -> None:
        self._metrics = metrics
        self._events = events
        self._call_s = call_s
        self._most = most
        self._due: dict[CallScope, float] = {}
        """Of calls, and of all else that is asked of the sources; the first due comes first."""
        self._loop: AbstractEventLoop | None = None
        self._timer: TimerHandle | None = None
        self._running = 0
        self._idle = anyio.Event()
        self._draining = False
        self._interrupted = 0

    @property
    def in_flight(self) -> int:
        """How many calls of tools run now."""
        return self._running

    @property
    def are_full(self) -> bool:
        """Whether no further call may run now."""
        return self._running >= self._most

    async def run(
        self,
        tool: str,
        caller: Caller,
        exchange: Exchange | None,
        work: Work[ToolResult],
        *,
        is_known: bool = True,
    ) -> ToolResult:
        """Run `work` for at most the server's call time.

        It is only counted if the name `is_known` as a tool's: callers can make up any number.

        Raises:
            CallTimeout: The time ran out.
            CallInterrupted: The server is stopping and would wait no longer.
            ToolError: Too many calls are under way.
        """
        is_heard = self._events.is_heard
        if is_heard:
            self._events.emit(CallStarted(tool, caller.name, caller.address))
        started = time.perf_counter()
        outcome = "cancelled"
        try:
            if self.are_full:
                raise ToolError(BUSY)
            self._running += 1
            try:
                result = await self._within(tool, exchange, work)
            finally:
                self._running -= 1
            outcome = "error" if result.is_error else "ok"
            return result
        except ToolyardError as error:
            if exchange is None or not exchange.is_abandoned:
                outcome = error.code
            raise
        except Exception:  # noted on its way out
            outcome = "failed"
            raise
        finally:
            duration_s = time.perf_counter() - started
            if is_known and outcome != UnknownName.code:
                self._metrics.finished(tool, outcome, duration_s)
            if is_heard:
                who = (caller.name, caller.address)
                self._events.emit(CallFinished(tool, *who, duration_s, outcome))

    async def within(self, what: str, exchange: Exchange | None, work: Work[Answer]) -> Answer:
        """Run `work`, which is no call of a tool, with the same bounds.

        Raises:
            CallTimeout: The time ran out.
            CallInterrupted: The server is stopping and would wait no longer.
            ToolError: As many lists and reads are under way as may be.
        """
        if len(self._due) - self._running >= self._most:
            raise ToolError(BUSY)
        return await self._within(what, exchange, work)

    async def _within(self, what: str, exchange: Exchange | None, work: Work[Answer]) -> Answer:
        """Run `work` in a scope that ends with the time, the client or the server."""
        if self._draining:
            raise CallInterrupted(what)
        with CallScope(what) as scope:
            deadline = self._enter(scope, exchange)
            try:
                return await work(deadline, scope)
            finally:
                self._leave(scope, exchange)

    def _enter(self, scope: CallScope, exchange: Exchange | None) -> float:
        if self._loop is None:
            self._loop = get_running_loop()
        deadline = self._due[scope] = self._loop.time() + self._call_s
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._end_late)
        if exchange is not None:
            exchange.join(scope)
        return deadline

    def _leave(self, scope: CallScope, exchange: Exchange | None) -> None:
        del self._due[scope]
        if exchange is not None:
            exchange.leave(scope)
        if not self._due:
            self._idle.set()

    def _end_late(self) -> None:
        """One timer for all: they may take equally long, so who came first is due first."""
        loop, self._timer = get_running_loop(), None
        for scope, deadline in self._due.items():
            if deadline > loop.time():
                self._timer = loop.call_at(deadline, self._end_late)
                return
            scope.end(CallTimeout(scope.what, self._call_s))

    async def drain(self, drain_s: float) -> int:
        """Wait up to `drain_s` seconds for calls under way, then end the rest; gives how many."""
        self._draining = True
        with anyio.move_on_after(drain_s):
            await self._all_done()
        self.interrupt()
        with anyio.move_on_after(5):  # a tool that shields itself from cancellation
            await self._all_done()
        return self._interrupted

    def interrupt(self) -> None:
        """End every call under way; each answers that it was ended."""
        self._draining = True
        self._interrupted += sum(not scope.is_ended for scope in self._due)
        for scope in self._due:
            scope.end(CallInterrupted(scope.what))

    async def _all_done(self) -> None:
        while self._due:
            self._idle = anyio.Event()
            await self._idle.wait()
