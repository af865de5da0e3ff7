"""The fast lane of a pipe: plain calls and lists answered line by line, past the SDK."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mcp_types as types
from anyio.abc import TaskGroup
from mcp.shared.dispatcher import as_request_id, coerce_request_id

from toolyard.core.tool import ToolCall, ToolResult
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.servers.lane.answers import Pieces, call_response, ending, response
from toolyard.servers.lane.envelope import LEGACY, MODERN
from toolyard.servers.lane.line import read_line
from toolyard.servers.lane.line_call import LineCall, Rest
from toolyard.servers.lane.listing import Listing
from toolyard.servers.lane.pipe_session import INITIALIZE, PipeSession
from toolyard.servers.lane.running_call import raising, returning
from toolyard.servers.limits import Limits
from toolyard.servers.outgoing import CANCELLED, Outgoing
from toolyard.servers.requests import STDIO
from toolyard.servers.tool_calls import ToolCalls

OpenLane = Callable[[Outgoing, Rest, TaskGroup], "PipeLane"]
"""Opens the lane of one pipe: what is written on it, the SDK's way, and who owns the calls."""


class PipeLane:
    """Takes the lines of one pipe that it can answer; the SDK stays the measure.

    The SDK settles the era of the pipe and its session, and answers all that is not plain. A
    call that turns out not to be is handed over to it, and not run again.
    """

    def __init__(
        self,
        registry: ToolRegistry,
        calls: ToolCalls,
        limits: Limits,
        outgoing: Outgoing,
        rest: Rest,
        tasks: TaskGroup,
        *,
        stamp: Mapping[str, Any],
        list_hints: Mapping[str, Any],
    ) -> None:
        self._registry = registry
        self._calls = calls
        self._limits = limits
        self._outgoing = outgoing
        self._rest = rest
        self._tasks = tasks
        self._stamp = stamp
        self._ending = ending(stamp)
        self._list_hints = list_hints
        self._listing: Listing | None = None
        """There once the era is settled."""
        self._session: PipeSession | None = None
        """There if the pipe is of the handshake revisions."""
        self._running: dict[types.RequestId, LineCall] = {}
        self.is_forced = False
        """Every call is handed over as it begins: nobody wants that but who tests it."""

    def take(self, text: bytes) -> bool:
        """Answer the request in a line, now or in a task; `False` if it is for the SDK."""
        listing, session = self._listing, self._session
        if listing is None or (session is not None and not session.is_settled):
            return False
        line = read_line(text, modern=session is None)
        if line is None or self._outgoing.awaits(line.asked.id):
            return False
        number, name = line.asked.id, line.asked.name
        if name is not None:
            client = line.envelope or session
            assert client is not None
            can_ask = session is not None
            call = LineCall(line, client, self._outgoing, self._rest, can_ask=can_ask)
            self._outgoing.begin(number)
            self._running[coerce_request_id(number)] = call
            self._tasks.start_soon(self._run, call, ToolCall(name, line.asked.arguments))
            return True
        page = listing.page(STDIO, line.asked.cursor)
        if page is None:
            return False
        self._outgoing.begin(number)
        self._tasks.start_soon(self._outgoing.answer, number, response(number, page))
        return True

    def heard(self, message: types.JSONRPCMessage) -> None:
        """Note a message before it goes the SDK's way."""
        if isinstance(message, types.JSONRPCRequest):
            if self._listing is None:
                self._settle(message)
            running = self._running.pop(coerce_request_id(message.id), None)
            if running is not None:  # which of both is meant by this number, the SDK decides
                running.hand_over()
        elif isinstance(message, types.JSONRPCNotification) and message.method == CANCELLED:
            self._cancel(as_request_id((message.params or {}).get("requestId")))
        if self._session is not None:
            self._session.heard(message)

    def _settle(self, opening: types.JSONRPCRequest) -> None:
        """Like the SDK: what opens with an envelope is modern, but for a handshake."""
        meta = (opening.params or {}).get("_meta")
        is_modern = isinstance(meta, Mapping) and types.PROTOCOL_VERSION_META_KEY in meta
        size = self._limits.page_size
        if is_modern and opening.method != INITIALIZE:
            rest = {**self._list_hints, "resultType": "complete", "_meta": self._stamp}
            self._listing = Listing(self._registry, MODERN, size, rest)
            return
        self._listing = Listing(self._registry, LEGACY, size, {})
        self._session = PipeSession()
        self._outgoing.on_answer = self._session.said

    def _cancel(self, number: types.RequestId | None) -> None:
        running = None if number is None else self._running.get(coerce_request_id(number))
        if running is not None:
            running.exchange.abandon()

    def end(self) -> None:
        """The input has ended: the SDK says so to those who wait."""
        for call in tuple(self._running.values()):
            call.hand_over()

    async def _run(self, call: LineCall, asked: ToolCall) -> None:
        if self.is_forced:
            call.hand_over()
        number = call.line.asked.id
        key = coerce_request_id(number)
        try:
            result = await self._calls.run(asked, STDIO, call.exchange, call)
        except (Exception, SystemExit) as error:  # whatever a source raises, the SDK answers
            if not call.exchange.is_abandoned:
                call.settle(raising(error))
            return
        finally:
            call.close()
            if self._running.get(key) is call:
                del self._running[key]
        if call.exchange.is_abandoned:
            return
        answer = None if call.is_handed_over else self._written(number, result)
        if answer is None:
            call.settle(returning(result))
        else:
            await self._outgoing.answer(number, b"".join(answer))

    def _written(self, number: int | str, result: ToolResult) -> Pieces | None:
        end = self._ending if self._session is None else b""
        return call_response(number, result, end, self._limits.answer_bytes)
