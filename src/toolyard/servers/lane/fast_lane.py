"""Answers plain calls and lists by itself; everything else is the SDK's."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import anyio
from anyio.abc import TaskGroup

from toolyard.core.context import Caller
from toolyard.core.errors import InputRequired
from toolyard.core.protocol import Instant
from toolyard.core.tool import ToolCall, ToolResult
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.servers.failures import failed, note, protocol_error, told
from toolyard.servers.lane.answers import Answer, Pieces, call_response, ending, response
from toolyard.servers.lane.at_once import AtOnce
from toolyard.servers.lane.envelope import LEGACY, MODERN
from toolyard.servers.lane.legacy_request import read_legacy
from toolyard.servers.lane.listing import Listing
from toolyard.servers.lane.request import Heading, Request, read
from toolyard.servers.lane.running_call import Onward, RunningCall, raising, returning
from toolyard.servers.lane.session import LaneSession, LaneSessions
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

    def read(self, heading: Heading, body: bytes, caller: Caller) -> Request | None:
        """The request, if it may go this way; see `read` and `read_legacy`."""
        if self._tasks is None:
            return None
        if heading.method is None:
            return self._read_legacy(heading.session, body, caller)
        request = read(heading, body)
        if request is None or (request.name is not None and self._mirrors.schema(request.name)):
            return None
        return request

    def _read_legacy(self, session_id: bytes | None, body: bytes, caller: Caller) -> Request | None:
        if self._is_stateless:
            return read_legacy(body)
        sessions = self._sessions()
        if session_id is None or sessions is None:
            return None
        session = sessions.find(session_id, caller)
        request = None if session is None else read_legacy(body, session.envelope)
        if session is None or request is None or session.is_under_way(request.id):
            return None
        request.session = session
        return request

    def begin(
        self, request: Request, caller: Caller, onward: Callable[[], Onward]
    ) -> Answer | Coroutine[Any, Any, Answer | None]:
        """The answer, or what gives it; `None` once the SDK's app has answered.

        Args:
            request: From `read`, in this very step: its session hears of it here.
            caller: Who sent it.
            onward: Gives the way that the request goes if this is no answer; asked once then.
        """
        if request.name is None:
            page = self._listings[request.envelope.version].page(caller, request.cursor)
            if page is None:
                return _after(onward())
            return _answer(request, (response(request.id, page),))
        call = ToolCall(request.name, request.arguments or {})
        instant = None if self.is_forced else self._calls.instant(call.name)
        if instant is not None:
            return self._call_at_once(request, call, caller, instant, onward)
        return self._run(request, call, caller, onward())

    async def answer(
        self, request: Request, caller: Caller, onward: Callable[[], Onward]
    ) -> Answer | None:
        """What `begin` gives in the end."""
        begun = self.begin(request, caller, onward)
        return begun if isinstance(begun, Answer) else await begun

    def _call_at_once(
        self,
        request: Request,
        call: ToolCall,
        caller: Caller,
        instant: Instant,
        onward: Callable[[], Onward],
    ) -> Answer | Coroutine[Any, Any, Answer | None]:
        assert self._at_once is not None
        try:
            result = self._at_once.run(self._calls.run_at_once, instant, call, caller)
        except InputRequired as question:
            return self._run(request, call, caller, onward(), question)
        except (Exception, SystemExit) as error:  # whatever a source raises ends here
            written, outcome = self._failed(request, error), raising(error)
        else:
            written, outcome = self._written(request, result), returning(result)
        if written is not None:
            return _answer(request, written)
        running = self._running_call(request, onward())
        return _ending(request, running.settle(outcome))

    def _run(
        self,
        request: Request,
        call: ToolCall,
        caller: Caller,
        onward: Onward,
        question: InputRequired | None = None,
    ) -> Coroutine[Any, Any, Answer | None]:
        running = self._running_call(request, onward)
        return _ending(request, self._result(running, request, call, caller, question))

    def _running_call(self, request: Request, onward: Onward) -> RunningCall:
        assert self._tasks is not None
        running = RunningCall(request.envelope, onward, self._tasks)
        if request.session is not None:
            request.session.begin(request.id, running)
        return running

    async def _result(
        self,
        running: RunningCall,
        request: Request,
        call: ToolCall,
        caller: Caller,
        question: InputRequired | None,
    ) -> Answer | None:
        self._running[running] = None
        if self.is_forced:
            running.hand_over()
        try:
            result = await self._calls.run(
                call, caller, running.exchange, running, question=question
            )
        except (Exception, SystemExit) as error:  # as above
            if running.is_left:
                running.drop()
                note(told(error), call.name)
                return None
            outcome = raising(error)
            written = None if running.is_handed_over else self._failed(request, error)
        except BaseException:  # above all a cancellation: nobody waits for the answer
            running.drop()
            raise
        else:
            outcome = returning(result)
            written = None if running.is_handed_over else self._written(request, result)
        finally:
            del self._running[running]
        if written is None:
            await running.settle(outcome)
            return None
        running.answered()
        return _answer(request, written)

    def _failed(self, request: Request, error: BaseException) -> Pieces | None:
        """The response to a call that raised, unless the protocol has more to say to that."""
        error = told(error)
        if isinstance(error, InputRequired) or protocol_error(error) is not None:
            return None
        tool = request.name or ""
        written = self._written(request, failed(error, tool))
        if written is not None:  # or else the app notes it
            note(error, tool)
        return written

    def _written(self, request: Request, result: ToolResult) -> Pieces | None:
        end = self._ending if request.envelope.version == MODERN else b""
        return call_response(request.id, result, end, self._limits.answer_bytes)


def _answer(request: Request, written: Pieces) -> Answer:
    session = request.session
    if session is None:
        return Answer(written)
    session.touch()
    return Answer(written, session.id)


def _ending(
    request: Request, work: Coroutine[Any, Any, Answer | None]
) -> Coroutine[Any, Any, Answer | None]:
    """`work`, after which the session of the request knows of it no more."""
    return work if request.session is None else _ended(request.session, request.id, work)


async def _ended(
    session: LaneSession, request_id: int | str, work: Coroutine[Any, Any, Answer | None]
) -> Answer | None:
    try:
        return await work
    finally:
        session.end(request_id)


async def _after(onward: Onward) -> None:
    await onward.hand_over()
