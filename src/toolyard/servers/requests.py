"""A request of the SDK in our words: who asks, and the context a source sees."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import mcp_types as types

from toolyard.core.context import ADMIN, EVERYTHING, CallContext, Caller, EventHandler
from toolyard.core.errors import InputRequired
from toolyard.servers import wire
from toolyard.servers.calls import Calls
from toolyard.servers.channel import SdkChannel, SdkContext
from toolyard.servers.exchange import Exchange, exchange_of
from toolyard.servers.faults import document_fault
from toolyard.servers.limits import Limits
from toolyard.servers.pages import page
from toolyard.servers.plain import plain
from toolyard.servers.scopes import refuse_unless_may
from toolyard.servers.sessions import Sessions

STDIO = Caller(name="stdio", scopes=frozenset({EVERYTHING, ADMIN}))
"""Whoever started this process: it could do anything already."""

Wire = dict[str, Any]
Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Requests:
    """Makes the context of each request, bounds it, and cuts long lists into pages."""

    calls: Calls
    sessions: Sessions
    emit: EventHandler
    limits: Limits

    def context(self, context: SdkContext, *, deadline: float = math.inf) -> CallContext:
        """What a source learns about the request."""
        raw: Mapping[str, Any] = context.params or {}
        return CallContext(
            caller=caller_of(context),
            deadline=deadline,
            channel=SdkChannel(context, self.sessions),
            inputs=raw.get("inputResponses") or {},
            state=raw.get("requestState"),
            emit=self.emit,
        )

    async def answered(
        self,
        what: str,
        context: SdkContext,
        answer: Callable[[CallContext], Awaitable[Wire]],
    ) -> Wire:
        """Run `answer` within the server's call time, and say its failure as MCP does."""
        try:
            try:
                with self.calls.asking(what, exchange_in(context)) as scope:
                    found = await answer(self.context(context, deadline=scope.deadline))
                return wire.complete(found)
            except InputRequired as question:
                return plain(wire.input_required(question))
        except (Exception, SystemExit) as error:  # whatever a source raises ends here
            raise document_fault(error, what) from error

    def written(self, answer: Wire) -> Wire:
        """`answer` as it can be sent; `ToolError` if it cannot."""
        return plain(answer, self.limits.answer_bytes)

    def listed(
        self,
        entries: Sequence[Entry],
        params: types.PaginatedRequestParams | None,
        *,
        name: Callable[[Entry], str],
        write: Callable[[Entry], Wire],
        key: str,
    ) -> Wire:
        """One page of `entries`, which the caller may use."""
        cursor = params.cursor if params else None
        part, following = page(entries, cursor, self.limits.page_size, name)
        answer: Wire = {key: [write(entry) for entry in part]}
        if following is not None:
            answer["nextCursor"] = following
        return answer


def exchange_in(context: SdkContext) -> Exchange | None:
    """The HTTP request behind `context`, if there is one."""
    return None if context.request is None else exchange_of(context.request.scope)


def caller_of(context: SdkContext) -> Caller:
    """Who sent the request."""
    exchange = exchange_in(context)
    return exchange.caller if exchange else STDIO


def refuse_unless(context: SdkContext, needed: str) -> None:
    """Raise `NotAllowed` unless the caller has the scope `needed`."""
    refuse_unless_may(caller_of(context), needed)
