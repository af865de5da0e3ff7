"""The tool calls under way: counted, timed, limited, and ended when the server stops."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

import anyio

from toolyard.core.context import Caller, EventHandler
from toolyard.core.errors import (
    CallInterrupted,
    CallTimeout,
    ToolError,
    ToolyardError,
    UnknownName,
)
from toolyard.core.tool import ToolResult
from toolyard.events.types import CallFinished, CallStarted
from toolyard.servers.exchange import Exchange
from toolyard.servers.metrics import Metrics

Answer = TypeVar("Answer")

BUSY = "Too many calls are under way; try again."


class Calls:
    """Runs every call of one server, and all it asks of its sources, in a scope it can end."""

    def __init__(self, metrics: Metrics, emit: EventHandler, *, call_s: float, most: int) -> None:
        self._metrics = metrics
        self._emit = emit
        self._call_s = call_s
        self._most = most
        self._scopes: set[anyio.CancelScope] = set()
        """Of calls, and of all else that is asked of the sources."""
        self._running = 0
        self._idle = anyio.Event()
        self._draining = self._interrupting = False
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
        work: Callable[[float], Awaitable[ToolResult]],
        *,
        is_known: bool = True,
    ) -> ToolResult:
        """Run `work(deadline)` for at most the server's call time.

        It is only counted if the name `is_known` as a tool's: callers can make up any number.

        Raises:
            CallTimeout: The time ran out.
            CallInterrupted: The server is stopping and would wait no longer.
            ToolError: Too many calls are under way.
        """
        self._emit(CallStarted(tool, caller.name, caller.address))
        started = time.perf_counter()
        outcome = "cancelled"
        try:
            if self.are_full:
                raise ToolError(BUSY)
            with self._counted():
                result = await self._within(tool, exchange, work)
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
            self._emit(CallFinished(tool, caller.name, caller.address, duration_s, outcome))

    @contextmanager
    def _counted(self) -> Generator[None]:
        self._running += 1
        self._metrics.in_flight.set(self._running)
        try:
            yield
        finally:
            self._running -= 1
            self._metrics.in_flight.set(self._running)

    async def within(
        self,
        what: str,
        exchange: Exchange | None,
        work: Callable[[float], Awaitable[Answer]],
    ) -> Answer:
        """Run `work(deadline)`, which is no call of a tool, with the same bounds.

        Raises:
            CallTimeout: The time ran out.
            CallInterrupted: The server is stopping and would wait no longer.
            ToolError: As many lists and reads are under way as may be.
        """
        if len(self._scopes) - self._running >= self._most:
            raise ToolError(BUSY)
        return await self._within(what, exchange, work)

    async def _within(
        self,
        what: str,
        exchange: Exchange | None,
        work: Callable[[float], Awaitable[Answer]],
    ) -> Answer:
        """Run `work(deadline)` in a scope that ends with the time, the client or the server."""
        if self._draining:
            raise CallInterrupted(what)
        deadline = anyio.current_time() + self._call_s
        with anyio.CancelScope(deadline=deadline) as scope:
            self._enter(scope, exchange)
            try:
                return await work(deadline)
            finally:
                self._leave(scope, exchange)
        if self._interrupting:
            raise CallInterrupted(what)
        if anyio.current_time() >= deadline:
            raise CallTimeout(what, self._call_s)
        raise CallInterrupted(what)  # the client is gone; nobody reads this

    def _enter(self, scope: anyio.CancelScope, exchange: Exchange | None) -> None:
        self._scopes.add(scope)
        if exchange is not None:
            exchange.join(scope)

    def _leave(self, scope: anyio.CancelScope, exchange: Exchange | None) -> None:
        self._scopes.discard(scope)
        if exchange is not None:
            exchange.leave(scope)
        if not self._scopes:
            self._idle.set()

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
        self._draining = self._interrupting = True
        self._interrupted += sum(not scope.cancel_called for scope in self._scopes)
        for scope in tuple(self._scopes):
            scope.cancel()

    async def _all_done(self) -> None:
        while self._scopes:
            self._idle = anyio.Event()
            await self._idle.wait()
