"""Answers plain calls and lists by itself; everything else is the SDK's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import anyio
from anyio.abc import TaskGroup

from toolyard.core.context import Caller
from toolyard.core.tool import ToolCall, ToolResult
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.servers.exchange import Exchange
from toolyard.servers.lane.answers import Pieces, call_response, ending, response
from toolyard.servers.lane.at_once import AtOnce
from toolyard.servers.lane.envelope import LEGACY, MODERN
from toolyard.servers.lane.legacy_request import read_legacy
from toolyard.servers.lane.listing import Listing
from toolyard.servers.lane.request import Request, read
from toolyard.servers.lane.running_call import RunningCall, raising
from toolyard.servers.lane.session import SESSION, LaneSessions
from toolyard.servers.limits import Limits
from toolyard.servers.mirrors import Mirrors
from toolyard.servers.tool_calls import ToolCalls

LASTING_S = 1.0
"""A call that takes longer than this, and up to twice as long, is handed over."""


class FastLane:
    """The short way of a request; open for as long as `run` runs.

    The SDK's app stays the measure: what it would answer differently is not taken, and a call
    that turns out to need more than one answer is handed over while it runs. So is one that
    lasts, as the app keeps its connection alive and sees whether the client is still there.
    """

    def __init__(
        self,
        registry: ToolRegistry,
        calls: ToolCalls,
        mirrors: Mirrors,
        limits: Limits,
        *,
        stamp: Mapping[str, Any],
        list_hints: Mapping[str, Any],
        stateless: bool,
        sessions: Callable[[], LaneSessions | None],
    ) -> None:
        self._calls = calls
        self._mirrors = mirrors
        self._limits = limits
        self._ending = ending(stamp)
        rest = {**list_hints, "resultType": "complete", "_meta": stamp}
        self._listings = {
            MODERN: Listing(registry, MODERN, limits.page_size, rest),
            LEGACY: Listing(registry, LEGACY, limits.page_size, {}),
        }
        self._is_stateless = stateless
        self._sessions = sessions
        self.is_forced = False
        """Every call is handed over as it begins: nobody wants that but who tests it."""
        self._running: dict[RunningCall, None] = {}
        self._tasks: TaskGroup | None = None
        self._at_once: AtOnce | None = None

    async def run(self) -> None:
        """Be open, and hand over calls that last, until cancelled."""
        self._at_once = await AtOnce.made()
        async with anyio.create_task_group() as self._tasks:
            try:
                while True:
                    await anyio.sleep(LASTING_S)
                    for call in tuple(self._running):
                        if call.age:
                            call.hand_over()
                        call.age += 1
            finally:
                self._tasks = None

    def read(self, headers: Mapping[bytes, bytes], body: bytes, caller: Caller) -> Request | None:
        """The request, if it may go this way; see `read` and `read_legacy`."""
        if self._tasks is None:
            return None
        request = read(headers, body)
        if request is None:
            return self._read_legacy(headers, body, caller)
        if request.name is not None and self._mirrors.schema(request.name):
            return None
        return request

    def _read_legacy(
        self, headers: Mapping[bytes, bytes], body: bytes, caller: Caller
    ) -> Request | None:
        if self._is_stateless:
            return read_legacy(headers, body)
        session_id, sessions = headers.get(SESSION), self._sessions()
        if session_id is None or sessions is None:
            return None
        session = sessions.find(session_id, caller)
        request = None if session is None else read_legacy(headers, body, session.envelope)
        if session is None or request is None or session.is_under_way(request.id):
            return None
        request.session = session
        return request

    def begin(
        self, request: Request, exchange: Exchange, hand_over: Callable[[], Awaitable[None]]
    ) -> Pieces | Coroutine[Any, Any, Pieces | None]:
        """The body of the answer, or what gives it; `None` once the SDK's app has answered.

        Args:
            request: From `read`.
            exchange: The request's.
            hand_over: Has the SDK's app answer the request, and returns when it has.
        """
        session = request.session
        if session is not None:
            exchange.session = session.id
        if request.name is not None and session is None:
            running = self._running_call(request, exchange, hand_over)
            if self._calls.never_waits(request.name) and not self.is_forced:
                return self._call_at_once(running, request, request.name, exchange)
            return self._run(running, request, request.name, exchange)
        if request.name is not None:
            return self._call_in_session(request, request.name, exchange, hand_over)
        if session is not None:
            session.touch()
        page = self._listings[request.envelope.version].first_page(exchange.caller)
        return _after(hand_over) if page is None else (response(request.id, page),)

    async def answer(
        self, request: Request, exchange: Exchange, hand_over: Callable[[], Awaitable[None]]
    ) -> Pieces | None:
        """What `begin` gives in the end."""
        begun = self.begin(request, exchange, hand_over)
        return begun if isinstance(begun, tuple) else await begun

    def _running_call(
        self, request: Request, exchange: Exchange, hand_over: Callable[[], Awaitable[None]]
    ) -> RunningCall:
        assert self._tasks is not None
        return RunningCall(request.envelope, exchange, hand_over, self._tasks)

    async def _call_in_session(
        self,
        request: Request,
        name: str,
        exchange: Exchange,
        hand_over: Callable[[], Awaitable[None]],
    ) -> Pieces | None:
        session = request.session
        assert session is not None
        if session.is_under_way(request.id):  # by now
            await hand_over()
            return None
        running = self._running_call(request, exchange, hand_over)
        session.begin(request.id, running)
        try:
            return await self._run(running, request, name, exchange)
        finally:
            session.end(request.id)

    async def _run(
        self, running: RunningCall, request: Request, name: str, exchange: Exchange
    ) -> Pieces | None:
        self._running[running] = None
        if self.is_forced:
            running.hand_over()
        try:
            call = ToolCall(name, request.arguments or {})
            result = await self._calls.run(call, exchange.caller, exchange, running)
        except (Exception, SystemExit) as error:  # whatever a source raises, the app answers
            await running.settle(raising(error))
            return None
        except BaseException:  # above all a cancellation: nobody waits for the answer
            running.drop()
            raise
        finally:
            del self._running[running]
        answer = None if running.is_handed_over else self._written(request, result)
        if answer is None:
            await running.settle(lambda: result)
        else:
            running.answered()
        return answer

    def _call_at_once(
        self, running: RunningCall, request: Request, name: str, exchange: Exchange
    ) -> Pieces | Coroutine[Any, Any, None]:
        assert self._at_once is not None
        try:
            call = ToolCall(name, request.arguments or {})
            run = self._calls.run(call, exchange.caller, None, running, waits=False)
            result = self._at_once.run(run)
        except (Exception, SystemExit) as error:  # as above
            return running.settle(raising(error))
        answer = self._written(request, result)
        if answer is None:
            return running.settle(lambda: result)
        running.answered()
        return answer

    def _written(self, request: Request, result: ToolResult) -> Pieces | None:
        end = self._ending if request.envelope.version == MODERN else b""
        return call_response(request.id, result, end, self._limits.answer_bytes)


async def _after(hand_over: Callable[[], Awaitable[None]]) -> None:
    await hand_over()
