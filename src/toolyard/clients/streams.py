"""The message streams of a connection, each watched for one thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

import anyio
import mcp_types as types
from mcp.shared.message import SessionMessage

from toolyard.clients.bounds import MOST_TOOLS, too_many_in
from toolyard.clients.lines import Ending, Unreadable
from toolyard.clients.logs import calling
from toolyard.clients.posts import Post, answered, sending
from toolyard.clients.questions import MOST_QUESTIONS, Questions, cancelled

STUCK_S = 15.0
"""How long a message may wait to be taken; over HTTP, one that needs no answer may take 10 s."""
WITHDRAWING_S = 1.0
"""How long taking a request back may hold up whoever gave it up."""


class Incoming:
    """What a server says; tells when it has said its last, or asked too much.

    Args:
        stream: Gives the messages.
        questions: Told of each message.
        on_end: Called when nothing more will come; with a complaint if that is our decision.
        on_ending: Called when that is about to be so.
    """

    def __init__(
        self,
        stream: Any,
        questions: Questions,
        on_end: Callable[[str | None], None],
        on_ending: Callable[[], None],
    ) -> None:
        self._stream = stream
        self._questions = questions
        self._on_end = on_end
        self._on_ending = on_ending

    @property
    def last_context(self) -> Any:
        """The context variables of whoever sent the message at hand."""
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> Any:
        """The next message."""
        try:
            return await self.__anext__()
        except StopAsyncIteration:
            raise anyio.EndOfStream from None

    def __aiter__(self) -> Incoming:
        return self

    async def __anext__(self) -> Any:
        try:
            item = await self._stream.__anext__()
        except (StopAsyncIteration, anyio.ClosedResourceError):
            self._on_end(None)
            raise
        if isinstance(item, Ending):
            self._on_ending()
            return await self.__anext__()
        if isinstance(item, Unreadable):
            self._on_end(str(item))
            raise StopAsyncIteration
        if isinstance(item, SessionMessage):
            self._questions.heard(item.message)
        if self._questions.are_too_many:
            self._on_end(f"it asks more than {MOST_QUESTIONS} things at once")
            raise StopAsyncIteration
        return _bounded(item)

    async def aclose(self) -> None:
        """Take no more messages."""
        await self._stream.aclose()

    def close(self) -> None:
        """Take no more messages."""
        self._stream.close()

    async def __aenter__(self) -> Incoming:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *details: Any) -> None:
        await self._stream.__aexit__(*details)


def _bounded(item: Any) -> Any:
    """`item`, or an error in place of a list so long that making tools of it would hold us up."""
    message = getattr(item, "message", None)
    if not isinstance(message, types.JSONRPCResponse):
        return item
    what = too_many_in(message.result)
    if what is None:
        return item
    said = f"The server lists more than {MOST_TOOLS} {what}."
    error = types.ErrorData(code=types.INTERNAL_ERROR, message=said)
    return SessionMessage(types.JSONRPCError(jsonrpc="2.0", id=message.id, error=error))


class Outgoing:
    """What we say; tells when nobody takes it any more.

    Args:
        stream: Takes the messages.
        questions: Told of each message that was taken.
        capabilities: What requests that declare capabilities (2026-07-28) declare in place of
            what the SDK's callbacks say, if anything.
        on_stuck: Called once, when a message has waited for too long; from then on, sending
            fails at once.
    """

    def __init__(
        self,
        stream: Any,
        questions: Questions,
        capabilities: Mapping[str, Any] | None,
        on_stuck: Callable[[], None],
    ) -> None:
        self._stream = stream
        self._questions = questions
        self._capabilities = capabilities
        self._on_stuck = on_stuck
        self._waiting: set[anyio.CancelScope] = set()
        self._unsent: set[types.RequestId] = set()
        self._posts: WeakValueDictionary[types.RequestId, Post] = WeakValueDictionary()
        self._is_stuck = False
        self._is_beginning = False
        self._waiting_since: float | None = None

    @property
    def held_up_s(self) -> float:
        """For how long nothing was taken although something should have been.

        None of the time after the handshake counts: over HTTP, its last word may take 10 s.
        """
        if self._waiting_since is None or self._is_beginning:
            return 0.0
        return anyio.current_time() - self._waiting_since

    async def send(self, item: SessionMessage) -> None:
        """Send one message.

        Raises:
            BrokenResourceError: Nobody takes it.
        """
        if self._is_stuck:
            raise anyio.BrokenResourceError
        message = item.message
        if isinstance(message, types.JSONRPCRequest):
            await self._ask(item, message)
        elif (number := cancelled(message)) is not None:
            await self._withdraw(item, number)
        else:
            await self._hand_over(item)

    async def _ask(self, item: SessionMessage, request: types.JSONRPCRequest) -> None:
        self._declare(request)
        self._unsent.add(request.id)
        log = calling() if request.method == "tools/call" else None
        post = self._posts[request.id] = answered() or Post(log)
        await self._hand_over(item, post)
        self._unsent.discard(request.id)

    async def _withdraw(self, item: SessionMessage, number: types.RequestId) -> None:
        """Take a request back: not at all if it was not even sent, nor for long."""
        if number in self._unsent:
            self._unsent.discard(number)
            return
        if number in self._posts:
            self._posts[number].abandon()
        with anyio.move_on_after(WITHDRAWING_S):
            await self._send(item)

    async def _hand_over(self, item: SessionMessage, post: Post | None = None) -> None:
        with anyio.move_on_after(STUCK_S) as patience:
            self._waiting.add(patience)
            try:
                await self._send(item, post)
            finally:
                self._waiting.discard(patience)
            return
        self._is_stuck = True
        self._on_stuck()
        raise anyio.BrokenResourceError

    async def _send(self, item: SessionMessage, post: Post | None = None) -> None:
        self._waiting_since = self._waiting_since or anyio.current_time()
        with sending(post):
            await self._stream.send(item)
        self._waiting_since = None
        self._is_beginning = isinstance(item.message, types.JSONRPCNotification) and (
            item.message.method == "notifications/initialized"
        )
        self._questions.said(item.message)
        for patience in self._waiting:
            patience.deadline = anyio.current_time() + STUCK_S

    def _declare(self, request: types.JSONRPCRequest) -> None:
        meta = (request.params or {}).get("_meta", {})
        if self._capabilities is not None and types.CLIENT_CAPABILITIES_META_KEY in meta:
            meta[types.CLIENT_CAPABILITIES_META_KEY] = self._capabilities

    async def aclose(self) -> None:
        """Say no more."""
        await self._stream.aclose()

    async def __aenter__(self) -> Outgoing:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *details: Any) -> None:
        await self._stream.__aexit__(*details)
