"""A call that runs already while the SDK's app answers its request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
from anyio.abc import TaskGroup

from toolyard.core.context import CallChannel
from toolyard.core.tool import ToolResult
from toolyard.servers.exchange import Exchange

Outcome = Callable[[], ToolResult]
"""Gives the result of a call, or raises what the call raised."""


class RunningCall:
    """One call, run by whoever made this; `hand_over` has the SDK's app take up its request.

    The app's handler asks for the `result`, instead of running the tool, and brings the way back
    to the client along. Its task belongs to `tasks`.
    """

    __slots__ = ("_answer", "_answered", "_channel", "_error", "_exchange", "_outcome", "_over",
                 "_reached", "_scope", "_tasks", "age")  # fmt: skip

    def __init__(
        self, exchange: Exchange, answer: Callable[[], Awaitable[None]], tasks: TaskGroup
    ) -> None:
        self.age = 0
        """How often it was seen under way."""
        self._exchange = exchange
        self._answer = answer
        self._tasks = tasks
        self._outcome: Outcome | None = None
        self._error: Exception | None = None
        self._channel: CallChannel | None = None
        self._answered: anyio.Event | None = None
        self._scope: anyio.CancelScope | None = None

    @property
    def is_handed_over(self) -> bool:
        """Whether the app answers."""
        return self._answered is not None

    def hand_over(self) -> None:
        """Have the app take up the request, once."""
        if self._answered is None:
            self._exchange.begun = self
            self._over, self._reached = anyio.Event(), anyio.Event()
            self._answered, self._scope = anyio.Event(), anyio.CancelScope()
            self._tasks.start_soon(self._have_answered, self._answered, self._scope)

    def drop(self) -> None:
        """Nobody waits for the answer any more."""
        if self._scope is not None:
            self._scope.cancel()

    async def _have_answered(self, answered: anyio.Event, scope: anyio.CancelScope) -> None:
        try:
            with scope:
                await self._answer()
        except Exception as error:  # it is raised where the request is served
            self._error = error
        finally:
            answered.set()
            self._reached.set()

    async def channel(self) -> CallChannel | None:
        """The app's way back to the client; `None` if the app refused the request."""
        self.hand_over()
        await self._reached.wait()
        return self._channel

    async def result(self, channel: CallChannel) -> ToolResult:
        """For the app's handler: wait for the call, and raise what it raised."""
        self._channel = channel
        self._reached.set()
        try:
            await self._over.wait()
        except anyio.get_cancelled_exc_class():
            self._exchange.abandon()
            raise
        assert self._outcome is not None
        return self._outcome()

    async def settle(self, outcome: Outcome) -> None:
        """The call is over; returns when the app has answered."""
        self._outcome = outcome
        self.hand_over()
        self._over.set()
        assert self._answered is not None
        try:
            await self._answered.wait()
        except BaseException:
            self.drop()
            raise
        if self._error is not None:
            raise self._error
