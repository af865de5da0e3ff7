"""The gate as ASGI middleware: everything a request must pass before the protocol sees it."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken

from toolyard.core.context import EVERYTHING, Caller, EventHandler
from toolyard.events.types import RequestRefused
from toolyard.security.body import BodyLimits
from toolyard.security.gate import Gate
from toolyard.security.refusal import Refusal, retry_later
from toolyard.servers.body import ClientGone, is_call, read_body, scope_needed
from toolyard.servers.calls import Calls
from toolyard.servers.exchange import KEY, Exchange
from toolyard.servers.faults import FORBIDDEN
from toolyard.servers.framing import check_framing, trimmed
from toolyard.servers.limits import Limits
from toolyard.servers.metrics import Metrics

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

logger = logging.getLogger("toolyard.servers")

LINGER_S = 1.0
"""How long the rest of a body that is too large may still come in."""

NOBODY = Caller(name="anonymous", scopes=frozenset())
"""Who asks for an open path: nobody is looked up, and nothing is allowed."""


class Front:
    """Lets a request through to `app`, or refuses it.

    The order is fixed: framing, address, Host and Origin, token, rate, size, then the scope.
    Paths in `open_paths` need no token.
    """

    def __init__(
        self,
        app: App,
        *,
        gate: Gate,
        limits: Limits,
        calls: Calls,
        metrics: Metrics,
        emit: EventHandler,
        open_paths: frozenset[str],
    ) -> None:
        self._app = app
        self._gate = gate
        self._limits = limits
        self._bounds = BodyLimits(limits.body_bytes, limits.depth, limits.elements)
        self._calls = calls
        self._metrics = metrics
        self._emit = emit
        self._open_paths = open_paths
        self._streams: set[anyio.CancelScope] = set()
        self.draining = False
        """New requests are refused; those under way go on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; there are no WebSockets here."""
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        peer = scope.get("client")
        address: list[str] = [peer[0]] if peer else []
        try:
            exchange, single = await self._admit(scope, address)
            if scope["method"] == "POST" and exchange.caller is not NOBODY:
                await self._post(scope, receive, send, exchange, single)
            else:
                await self._stream(scope, receive, send, exchange)
        except Refusal as refusal:
            self._note(refusal, scope, address[-1] if address else None)
            await _answer(refusal, receive, send)
        except ClientGone:
            logger.debug("a client hung up before its request was complete")

    async def _admit(self, scope: Scope, seen: list[str]) -> tuple[Exchange, dict[bytes, bytes]]:
        """Everything that can be decided without the body; leaves the address in `seen`."""
        headers = scope["headers"] = trimmed(scope["headers"])
        target = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
        single = check_framing(headers, self._limits, target_bytes=target)
        peer, local = scope.get("client"), scope.get("server")
        address = self._gate.admit_address(peer[0] if peer else None, headers)
        seen.append(address)
        origin = single.get(b"origin")
        self._gate.check_host(
            single[b"host"].decode("latin-1"),
            None if origin is None else origin.decode("latin-1"),
            local[0] if local else None,
        )
        if path_of(scope) in self._open_paths:
            return Exchange(NOBODY), single
        authorization = single.get(b"authorization")
        caller = await self._gate.identify(
            () if authorization is None else (authorization,), address
        )
        self._gate.check_rate(caller)
        if self.draining:
            raise retry_later(503, "draining", "The server is stopping.", 1)
        return Exchange(caller), single

    async def _post(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        exchange: Exchange,
        single: dict[bytes, bytes],
    ) -> None:
        declared = single.get(b"content-length")
        body = await read_body(
            receive,
            int(declared) if declared else None,
            self._bounds,
            body_s=self._limits.body_s,
        )
        if self._calls.are_full and is_call(body):
            raise retry_later(503, "busy", "Too many calls are under way; try again.", 1)
        if EVERYTHING not in exchange.caller.scopes:
            needed = scope_needed(body)
            if needed is not None:
                self._gate.check_scope(exchange.caller, needed)
        await self._app(_marked(scope, exchange), _replay(body, receive, exchange), send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send, exchange: Exchange) -> None:
        """Serve what is not a call: it ends when the server stops, whatever it waits for."""
        started = open_body = False

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal started, open_body
            await send(message)
            started = True
            open_body = message["type"] == "http.response.start" or message.get("more_body", False)

        with anyio.CancelScope() as stream:
            self._streams.add(stream)
            try:
                await self._app(_marked(scope, exchange), receive, noting)
            finally:
                self._streams.discard(stream)
        if stream.cancelled_caught and not started:
            raise retry_later(503, "draining", "The server is stopping.", 1)
        if stream.cancelled_caught and open_body:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def hang_up(self) -> None:
        """End every open stream of notices."""
        for stream in tuple(self._streams):
            stream.cancel()

    def _note(self, refusal: Refusal, scope: Scope, address: str | None) -> None:
        self._metrics.refused(refusal.reason)
        self._emit(RequestRefused(refusal.reason, refusal.status, address, scope["path"]))


def path_of(scope: Scope) -> str:
    """The path below where the app is mounted, without a slash at its end."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    below = path[len(root) :] if root and path.startswith(root) else path
    return below.rstrip("/") or "/"


def _marked(scope: Scope, exchange: Exchange) -> Scope:
    """The scope with the exchange, and with the caller as the SDK knows callers."""
    return {**scope, KEY: exchange, "user": _user(exchange.caller.name)}


@lru_cache(maxsize=1024)
def _user(name: str) -> AuthenticatedUser:
    return AuthenticatedUser(AccessToken(token="", client_id=name, scopes=[]))


def _replay(body: bytes, receive: Receive, exchange: Exchange) -> Receive:
    """The body once more; afterwards a client that goes away takes its calls with it."""
    unread: list[MutableMapping[str, Any]] = [
        {"type": "http.request", "body": body, "more_body": False}
    ]

    async def replayed() -> MutableMapping[str, Any]:
        if unread:
            return unread.pop()
        message = await receive()
        if message["type"] == "http.disconnect":
            exchange.abandon()
        return message

    return replayed


async def _answer(refusal: Refusal, receive: Receive, send: Send) -> None:
    error = {"code": FORBIDDEN, "message": refusal.message, "data": {"reason": refusal.reason}}
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *((name.lower().encode(), value.encode()) for name, value in refusal.headers),
    ]
    if refusal.status in (400, 408, 413, 431):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    if refusal.status == 413:
        await _take_in(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _take_in(receive: Receive) -> None:
    """Discard what a client goes on sending: a connection closed at once takes the answer along."""
    with anyio.move_on_after(LINGER_S):
        while (await receive()).get("more_body"):
            pass
