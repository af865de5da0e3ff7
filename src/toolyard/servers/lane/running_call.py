"""A call that runs in the fast lane, and what becomes of it if one answer is not enough."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
from anyio.abc import TaskGroup

from toolyard.core.context import CallChannel, LogLevel
from toolyard.core.errors import MissingCapability
from toolyard.core.inputs import CAPABILITY_OF, InputRequest
from toolyard.core.tool import ToolResult
from toolyard.servers.exchange import Exchange
from toolyard.servers.lane.envelope import Envelope

Outcome = Callable[[], ToolResult]
"""Gives the result of a call, or raises what the call raised."""


def raising(error: BaseException) -> Outcome:
    """The outcome of a call that raised `error`."""

    def outcome() -> ToolResult:
        raise error

    return outcome


def returning(result: ToolResult) -> Outcome:
    """The outcome of a call that gave `result`."""
    return lambda: result


@dataclass(frozen=True, slots=True)
class Onward:
    """The way of a request through the SDK's app."""

    exchange: Exchange
    hand_over: Callable[[], Awaitable[None]]
    """Has the app answer the request, and returns when it has."""


class RunningCall:
    """One call, and the way back to its client: a `CallChannel` that hands the call over.

    The SDK's app then takes up the request, in a task of `tasks`; its handler asks for the
    `result`, instead of running the tool, and brings its own way back to the client along.
    """

    age = 0
    """How often it was seen under way."""
    _is_answered = False
    """Whether the lane has answered, or nobody need: who kept the way back reaches nobody."""
    _outcome: Outcome | None = None
    _error: Exception | None = None
    _channel: CallChannel | None = None
    _answered: anyio.Event | None = None
    """Set when the app has answered; it is only there once the call is handed over."""
    _over: anyio.Event
    _reached: anyio.Event
    _scope: anyio.CancelScope

    def __init__(self, envelope: Envelope, onward: Onward, tasks: TaskGroup) -> None:
        self.exchange = onward.exchange
        self._envelope = envelope
        self._onward = onward
        self._tasks = tasks

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What the client declared, with this request or in the handshake."""
        return self._envelope.capabilities

    @property
    def log_level(self) -> LogLevel | None:
        """What the client asked for, which it can change only once the call is handed over."""
        return self._envelope.log_level if self._channel is None else self._channel.log_level

    @property
    def wants_progress(self) -> bool:
        """Whether the client gave a token to report progress with."""
        return self._envelope.wants_progress

    @property
    def can_ask(self) -> bool:
        """Whether the client can be asked; if not, it repeats the call with its answers."""
        return self._envelope.can_ask

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """Report progress, if the client asked for it."""
        channel = await self.reach() if self._envelope.wants_progress else None
        if channel is not None:
            await channel.progress(progress, total, message)

    async def log(self, level: LogLevel, data: Any, logger: str | None) -> None:
        """Send a log entry."""
        channel = await self.reach()
        if channel is not None:
            await channel.log(level, data, logger)

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        """Send the question and wait for the answer, if the client `can_ask`."""
        channel = await self.reach() if self.can_ask else None
        if channel is None:
            raise MissingCapability({CAPABILITY_OF[request.method]: {}})
        return await channel.ask(request)

    async def reach(self) -> CallChannel | None:
        """Have the app take up the request; gives its way back.

        `None` if it refused it, or if the request is answered.
        """
        if self._is_answered:
            return None
        self.hand_over()
        await self._reached.wait()
        return self._channel

    def answered(self) -> None:
        """The lane answers, and nobody is to take up the request any more."""
        self._is_answered = True

    @property
    def is_handed_over(self) -> bool:
        """Whether the app answers."""
        return self._answered is not None

    @property
    def is_left(self) -> bool:
        """Whether nobody reads the answer any more, nor has the app begun to give it."""
        return self.exchange.is_abandoned and not self.is_handed_over

    def hand_over(self) -> None:
        """Have the app take up the request, once."""
        if self._answered is None:
            self.exchange.begun = self
            self._over, self._reached, self._answered = anyio.Event(), anyio.Event(), anyio.Event()
            self._scope = anyio.CancelScope()
            self._tasks.start_soon(self._have_answered, self._answered)

    async def _have_answered(self, answered: anyio.Event) -> None:
        try:
            with self._scope:
                await self._onward.hand_over()
        except Exception as error:  # it is raised where the request is served
            self._error = error
        finally:
            answered.set()
            self._reached.set()

    def drop(self) -> None:
        """Nobody waits for the answer any more, nor is to take up the request."""
        self._is_answered = True
        if self._answered is not None:
            self._scope.cancel()

    async def result(self, channel: CallChannel) -> ToolResult:
        """For the app's handler: wait for the call, and raise what it raised."""
        self._channel = channel
        self._reached.set()
        try:
            await self._over.wait()
        except anyio.get_cancelled_exc_class():
            self.exchange.abandon()
            raise
        assert self._outcome is not None
        return self._outcome()

    async def settle(self, outcome: Outcome) -> None:
        """The call is over; returns when the app has answered, and raises what it could not."""
        self._outcome = outcome
        self.hand_over()
        self._over.set()
        assert self._answered is not None
        try:
            await self._answered.wait()
        except BaseException:  # above all a cancellation
            self.drop()
            raise
        if self._error is not None:
            raise self._error
