"""Answers that stay open: streams on which clients hear of changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

import anyio

from toolyard.core.context import Caller
from toolyard.security.gate import Gate
from toolyard.security.refusal import Refusal, retry_later
from toolyard.security.tokens import ANONYMOUS
from toolyard.servers.exchange import exchange_of
from toolyard.servers.known_headers import Head, KnownHeaders
from toolyard.servers.lane.answers import Answer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
ShortAnswer = Answer | Coroutine[Any, Any, Answer | None] | None
Asgi = tuple[Scope, Receive, Send]
"""A request as an ASGI app gets it."""


class Connection(Protocol):
    """By what requests come, one after the other."""

    known: KnownHeaders | None


class ShortApp(Protocol):
    """An ASGI app that can answer some requests without ASGI; see `Front`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        ...

    def head_of(self, scope: Scope, connection: Connection) -> Head | None:
        """What a request says before its body, if it may go the short way."""
        ...

    def short_way(self, head: Head, body: bytes, asgi: Callable[[], Asgi]) -> ShortAnswer:
        """Answer a whole request at once, if that can be."""
        ...


RECHECK_S = 0.5
"""How often tokens of open streams are looked at again: a revoked one counts within a second."""


@dataclass(slots=True, eq=False)
class _Stream:
    scope: anyio.CancelScope
    authorization: bytes | None
    caller: Caller
    ends_itself: bool


class Streams:
    """Serves requests that are not calls, and ends them from outside."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._open: set[_Stream] = set()

    async def serve(
        self,
        app: App,
        scope: Scope,
        receive: Receive,
        send: Send,
        authorization: bytes | None,
        *,
        ends_itself: bool = False,
    ) -> None:
        """Serve one request; `ends_itself` says that it needs no hanging up when the server stops.

        Raises:
            Refusal: 503 if it was ended before its answer began.
        """
        started = open_body = False

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal started, open_body
            await send(message)
            started = True
            open_body = message["type"] == "http.response.start" or message.get("more_body", False)

        caller = exchange_of(scope).caller
        with anyio.CancelScope() as cancelled:
            stream = _Stream(cancelled, authorization, caller, ends_itself)
            self._open.add(stream)
            try:
                await app(scope, receive, noting)
            finally:
                self._open.discard(stream)
        if cancelled.cancelled_caught and not started:
            raise retry_later(503, "draining", "The server is stopping.", 1)
        if cancelled.cancelled_caught and open_body:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def hang_up(self) -> None:
        """End every stream that does not end by itself."""
        for stream in tuple(self._open):
            if not stream.ends_itself:
                stream.scope.cancel()

    async def watch_tokens(self) -> None:
        """End streams whose token is no longer valid, or not for the same, for ever."""
        while True:
            await anyio.sleep(RECHECK_S)
            callers = {stream.authorization: stream.caller for stream in self._open}
            for authorization, caller in callers.items():
                if authorization is not None and caller.name != ANONYMOUS:
                    await self._look_again(authorization, caller)

    async def _look_again(self, authorization: bytes, caller: Caller) -> None:
        try:
            now = await self._gate.identify((authorization,), caller.address or "")
        except Refusal as refusal:
            if refusal.status not in (401, 429):
                return  # a verifier that cannot tell ends nothing
            now = None
        for stream in tuple(self._open):
            if stream.authorization == authorization and (
                now is None or now.scopes != stream.caller.scopes
            ):
                stream.scope.cancel()
