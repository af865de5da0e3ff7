"""The tool calls under way: counted, timed, limited, and ended when the server stops."""

from __future__ import annotations

import time
from asyncio import AbstractEventLoop, TimerHandle, get_running_loop
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import anyio

from toolyard.core.call_scope import CallScope
from toolyard.core.context import Caller
from toolyard.core.errors import (
    CallInterrupted,
    CallTimeout,
    InputRequired,
    ToolError,
    ToolyardError,
    UnknownName,
)
from toolyard.core.protocol import Instant
from toolyard.core.tool import ToolCall, ToolResult
from toolyard.events.bus import EventBus
from toolyard.events.types import CallFinished, CallStarted
from toolyard.servers.exchange import Exchange
from toolyard.servers.metrics import Metrics

BUSY = "Too many calls are under way; try again."


class Calls:
    """Holds every call of one server, and all it asks of its sources, in a scope it can end."""

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

    @contextmanager
    def asking(self, what: str, exchange: Exchange | None) -> Generator[CallScope]:
        """Bound what is asked of the sources inside `with` and is no call of a tool.

        Raises:
            CallTimeout: The time ran out.
            CallInterrupted: The server is stopping and would wait no longer.
            ToolError: As many lists and reads are under way as may be.
        """
        if len(self._due) - self._running >= self._most:
            raise ToolError(BUSY)
        with CallScope(what) as scope:
            self._enter(scope, exchange)
            try:
                yield scope
            finally:
                self._leave(scope, exchange)

    def at_once(self, call: ToolCall, caller: Caller, run: Instant) -> ToolResult:
        """What `run` gives for `call`, or raises: it is over before anybody could end it.

        It takes nobody's place, and nothing is refused here: it is for whoever lets calls in.

        Raises:
            InputRequired: It is not over, and nothing was counted but its beginning.
        """
        started = self.told_of(call.name, caller)
        try:
            result = run(call.arguments)
        except InputRequired:
            raise
        except BaseException as error:
            self.finished(call.name, caller, started, _outcome_of(error))
            raise
        self.finished(call.name, caller, started, "error" if result.is_error else "ok")
        return result

    def told_of(self, tool: str, caller: Caller) -> float:
        """Tell that a call begins, at what is given."""
        if self._events.of(CallStarted):
            self._events.emit(CallStarted(tool, caller.name, caller.address))
        return time.perf_counter()

    def finished(
        self, tool: str, caller: Caller, started: float, outcome: str, *, is_known: bool = True
    ) -> None:
        """Count and tell a call that is over, whatever came of it."""
        took_s = time.perf_counter() - started
        if is_known and outcome != UnknownName.code:
            self._metrics.finished(tool, outcome, took_s)
        if self._events.of(CallFinished):
            self._events.emit(CallFinished(tool, caller.name, caller.address, took_s, outcome))

    def begin(self, scope: CallScope, exchange: Exchange | None) -> None:
        """A call of a tool begins, unless too many run."""
        if self.are_full:
            raise ToolError(BUSY)
        self._enter(scope, exchange)
        self._running += 1

    def end(self, scope: CallScope, exchange: Exchange | None) -> None:
        """A call of a tool is over."""
        self._running -= 1
        self._leave(scope, exchange)

    def _enter(self, scope: CallScope, exchange: Exchange | None) -> None:
        if self._draining:
            raise CallInterrupted(scope.what)
        if self._loop is None:
            self._loop = get_running_loop()
        scope.deadline = self._due[scope] = self._loop.time() + self._call_s
        if self._timer is None:
            self._timer = self._loop.call_at(scope.deadline, self._end_late)
        if exchange is not None:
            exchange.join(scope)

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


class Call(CallScope):
    """One call of a tool, which runs inside `with` for at most the server's call time.

    Whoever runs it puts down its `result`. It is only counted if the name `is_known` as a tool's:
    callers can make up any number. That it begins is told unless it `is_told` already.

    Raises:
        CallTimeout: The time ran out.
        CallInterrupted: The server is stopping and would wait no longer, or the client is gone.
        ToolError: Too many calls are under way.
    """

    __slots__ = ("_caller", "_calls", "_exchange", "_is_known", "_is_told", "_started", "result")

    def __init__(
        self,
        calls: Calls,
        tool: str,
        caller: Caller,
        exchange: Exchange | None,
        *,
        is_known: bool = True,
        is_told: bool = False,
    ) -> None:
        super().__init__(tool)
        self.result: ToolResult | None = None
        self._calls = calls
        self._caller = caller
        self._exchange = exchange
        self._is_known = is_known
        self._is_told = is_told
        self._started = 0.0

    def __enter__(self) -> Self:
        self._started = (
            time.perf_counter() if self._is_told else self._calls.told_of(self.what, self._caller)
        )
        try:
            self._calls.begin(self, self._exchange)
        except ToolyardError as error:
            self._tell(error)
            raise
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        self._calls.end(self, self._exchange)
        try:
            is_caught = super().__exit__(kind, error, traceback)
        except ToolyardError as reason:
            self._tell(reason)
            raise
        self._tell(error)
        return is_caught

    def _tell(self, error: BaseException | None) -> None:
        self._calls.finished(
            self.what, self._caller, self._started, self._outcome(error), is_known=self._is_known
        )

    def _outcome(self, error: BaseException | None) -> str:
        if error is None:
            return "error" if self.result is not None and self.result.is_error else "ok"
        is_abandoned = self._exchange is not None and self._exchange.is_abandoned
        is_ours = isinstance(error, ToolyardError)
        return "cancelled" if is_ours and is_abandoned else _outcome_of(error)


def _outcome_of(error: BaseException) -> str:
    if isinstance(error, ToolyardError):
        return error.code
    return "failed" if isinstance(error, Exception) else "cancelled"
