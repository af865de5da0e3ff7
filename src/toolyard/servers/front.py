"""The gate as ASGI middleware: everything a request must pass before the protocol sees it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import partial
from typing import Any

import anyio

from toolyard.core.context import EVERYTHING, Caller, EventHandler
from toolyard.events.types import RequestRefused
from toolyard.security.body import BodyLimits
from toolyard.security.gate import Gate, token_digest
from toolyard.security.refusal import Refusal, retry_later
from toolyard.servers.body import CALL, SMALL_BYTES, ClientGone, Said, read_body, said_in
from toolyard.servers.calls import BUSY, Calls
from toolyard.servers.codes import FORBIDDEN
from toolyard.servers.cors import Cors
from toolyard.servers.exchange import KEY, Exchange
from toolyard.servers.framing import Headers, check_framing, trimmed
from toolyard.servers.known_headers import (
    MOST_OF_VARYING,
    VARYING,
    Head,
    Header,
    KnownHeaders,
    split,
)
from toolyard.servers.lane.fast_lane import FastLane
from toolyard.servers.lane.request import Request, heading_in
from toolyard.servers.lane.running_call import Onward
from toolyard.servers.lane.session import SESSION
from toolyard.servers.limits import Limits
from toolyard.servers.metrics import Metrics
from toolyard.servers.paths import MCP_PATH, path_of
from toolyard.servers.reply import reply
from toolyard.servers.streams import (
    App,
    Asgi,
    Connection,
    Receive,
    Scope,
    Send,
    ShortAnswer,
    Streams,
)

logger = logging.getLogger("toolyard.servers")

LINGER_S = 1.0
"""How long the rest of a body that is too large may still come in."""

LISTEN = (b"mcp-method", b"subscriptions/listen")
"""The header of a request that waits for notices; the SDK refuses one that the body belies."""
RESUME = b"last-event-id"
Single = Mapping[bytes, bytes]
"""The headers that a request may hold once."""

NOBODY = Caller(name="anonymous", scopes=frozenset())
"""Who asks for an open path: nobody is looked up, and nothing is allowed."""


class _Unclear(Exception):
    """Whether a request may pass cannot be told at once."""


class Front:
    """Lets a request through to `app`, or refuses it.

    The order is fixed: framing, address, Host and Origin, token, rate, size, then the scope.
    Paths in `open_paths` need no token. `needed` tells the scope for a kind of thing and its name.
    """

    def __init__(
        self,
        app: App,
        *,
        gate: Gate,
        cors: Cors,
        limits: Limits,
        calls: Calls,
        metrics: Metrics,
        emit: EventHandler,
        open_paths: frozenset[str],
        needed: Callable[[str, str], str],
        lane: FastLane | None = None,
    ) -> None:
        self._app = app
        self._gate = gate
        self._cors = cors
        self._limits = limits
        self._bounds = BodyLimits(limits.body_bytes, limits.depth, limits.elements)
        self._most_bytes = min(SMALL_BYTES, limits.body_bytes)
        """Of a body that goes the short way."""
        self._calls = calls
        self._metrics = metrics
        self._emit = emit
        self._open_paths = open_paths
        self._needed = needed
        self._lane = lane
        self._streams = Streams(gate)
        self.draining = False
        """New requests are refused; those under way go on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; there are no WebSockets here."""
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        peer = scope.get("client")
        address: str | None = peer[0] if peer else None
        try:
            headers = scope["headers"] = trimmed(scope["headers"])
            single = self._check_frame(scope, headers)
            address = self._gate.admit_address(address, scope["headers"])
            origin = self._check_host(scope, single)
            if origin is not None and self._cors.covers(origin):
                send = self._cors.sending(origin, send)
                if self._cors.is_preflight(scope):
                    await self._cors.answer(scope, send)
                    return
            path = path_of(scope)
            exchange = await self._identify(path, single, address)
            lane = self._lane if path == MCP_PATH else None
            await self._serve(scope, receive, send, exchange, single, lane)
        except Refusal as refusal:
            self._note(refusal, scope, address)
            await _answer(refusal, receive, send)
        except ClientGone:
            logger.debug("a client hung up before its request was complete")

    def _check_frame(self, scope: Scope, headers: Headers) -> Single:
        target = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
        return check_framing(headers, self._limits, target_bytes=target)

    def _check_host(self, scope: Scope, single: Single) -> bytes | None:
        """The origin, now that it is known to be allowed."""
        local, origin = scope.get("server"), single.get(b"origin")
        self._gate.check_host(
            single[b"host"].decode("latin-1"),
            None if origin is None else origin.decode("latin-1"),
            local[0] if local else None,
        )
        return origin

    async def _identify(self, path: str, single: Single, address: str) -> Exchange:
        if path in self._open_paths:
            return Exchange(NOBODY)
        authorization = single.get(b"authorization")
        caller = await self._gate.identify(
            () if authorization is None else (authorization,), address
        )
        self._gate.check_rate(caller)
        return Exchange(caller)

    async def _serve(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        exchange: Exchange,
        single: Single,
        lane: FastLane | None,
    ) -> None:
        authorization = single.get(b"authorization")
        marked = _marked(scope, exchange)
        if scope["method"] != "POST" or exchange.caller is NOBODY:
            if exchange.caller is not NOBODY and scope["method"] != "DELETE":
                self._refuse_if_draining()
            await self._streams.serve(self._app, marked, receive, send, authorization)
            return
        body = await self._take_body(receive, single)
        heading = None if lane is None else heading_in(single)
        request: Request | None = None
        if lane is not None and heading is not None:
            request = lane.read(heading, body, exchange.caller)
        if self._must_be_read(body, exchange.caller):
            self._check_said(_said(body, request), exchange.caller)
        replay = _replay(body, receive, exchange)
        if lane is not None and request is not None:
            onward = Onward(exchange, partial(self._app, marked, replay, send))
            answer = await lane.answer(request, exchange.caller, lambda: onward)
            if answer is not None:
                body, session = b"".join(answer.body), answer.session
                await reply(send, body, more=() if session is None else [(SESSION, session)])
        elif LISTEN in scope["headers"]:
            await self._streams.serve(
                self._app, marked, replay, send, authorization, ends_itself=True
            )
        else:
            await self._app(marked, replay, send)

    def head_of(self, scope: Scope, connection: Connection) -> Head | None:
        """What a request says before its body; `None` if it has to be called as ASGI.

        Args:
            scope: As in ASGI.
            connection: What is remembered of the connection that the request came by.
        """
        if self._lane is None or scope["path"] != MCP_PATH or scope["method"] != "POST":
            return None
        fixed, varying = split(scope["headers"])
        if connection.known is None or not connection.known.are_of(fixed):
            try:
                connection.known = self._look_at(scope, fixed)
            except (Refusal, _Unclear):
                return None
        return None if varying is None else connection.known.head(varying)

    def short_way(self, head: Head, body: bytes, asgi: Callable[[], Asgi]) -> ShortAnswer:
        """Answer a whole request at once, if the gate lets it in and nothing is odd about it.

        Args:
            head: From `head_of`.
            body: All of it.
            asgi: The request as ASGI; asked, once, if it turns out to need more than one answer.

        Returns:
            The answer; or what gives it, or `None` once it has used ASGI's `send`; or `None` if
            the request has to be called as ASGI. Then nothing was counted yet.
        """
        if self._lane is None or self.draining or len(body) > self._most_bytes:
            return None
        caller = self._gate.recognise(head.token_digest, head.address)
        if caller is None:
            return None
        try:
            self._bounds.check_shape(body)
            request = self._lane.read(head.heading, body, caller)
            if request is None or not self._is_free(request, caller):
                return None
            self._gate.check_rate(caller)
        except Refusal:
            return None
        return self._lane.begin(request, caller, partial(self._onward, body, caller, asgi))

    def _onward(self, body: bytes, caller: Caller, asgi: Callable[[], Asgi]) -> Onward:
        scope, receive, send = asgi()
        exchange = scope[KEY] = Exchange(caller)

        async def hand_over() -> None:
            marked, replay = _marked(scope, exchange), _replay(body, receive, exchange)
            try:
                await self._app(marked, replay, send)
            except Refusal as refusal:
                self._note(refusal, scope, caller.address)
                await _answer(refusal, receive, send)

        return Onward(exchange, hand_over)

    def _look_at(self, scope: Scope, fixed: Sequence[Header]) -> KnownHeaders:
        """What the gate thinks of the headers that do not vary, whatever the request is."""
        if len(fixed) + len(VARYING) > self._limits.headers:
            raise _Unclear
        target = len(scope["raw_path"]) + len(scope["query_string"]) + 2 * MOST_OF_VARYING
        single = check_framing(fixed, self._limits, target_bytes=target)
        peer, authorization = scope["client"], single.get(b"authorization")
        address = self._gate.admit_address(peer[0] if peer else None, fixed)
        if self._check_host(scope, single) is not None or b"transfer-encoding" in single:
            raise _Unclear
        return KnownHeaders(fixed, single, address, token_digest(authorization))

    def _is_free(self, request: Request, caller: Caller) -> bool:
        """Whether nothing but the gate keeps the request from being answered."""
        if request.name is None:
            return True
        may = EVERYTHING in caller.scopes or caller.may(self._needed("tool", request.name))
        return may and not self._calls.are_full

    async def _take_body(self, receive: Receive, single: Single) -> bytes:
        declared = single.get(b"content-length")
        length = int(declared) if declared else None
        body_s = self._limits.body_s
        with anyio.move_on_after(body_s):
            return await read_body(receive, length, self._bounds)
        raise Refusal(408, "framing", f"The body was not complete after {body_s:g} s.")

    def _must_be_read(self, body: bytes, caller: Caller) -> bool:
        """Whether what a body says decides if it is let in: mostly it does not."""
        is_large = len(body) > SMALL_BYTES
        return is_large or self.draining or self._calls.are_full or EVERYTHING not in caller.scopes

    def _check_said(self, said: Said, caller: Caller) -> None:
        if not said.goes_on:
            self._refuse_if_draining()
        if said.is_call and self._calls.are_full:
            raise retry_later(503, "busy", BUSY, 1)
        if said.named is not None:
            self._gate.check_scope(caller, self._needed(*said.named))

    def _refuse_if_draining(self) -> None:
        if self.draining:
            raise retry_later(503, "draining", "The server is stopping.", 1)

    def hang_up(self) -> None:
        """End every stream of notices that does not end by itself when the server stops."""
        self._streams.hang_up()

    async def watch_tokens(self) -> None:
        """End streams whose token is no longer valid, for as long as the server runs."""
        await self._streams.watch_tokens()

    def _note(self, refusal: Refusal, scope: Scope, address: str | None) -> None:
        self._metrics.refused(refusal.reason)
        self._emit(RequestRefused(refusal.reason, refusal.status, address, scope["path"]))


def _said(body: bytes, request: Request | None) -> Said:
    """What `body` says; a call need not be read again, as what is bulky in it are its arguments."""
    if request is None or request.name is None:
        return said_in(body)
    return Said(CALL, named=("tool", request.name))


def _marked(scope: Scope, exchange: Exchange) -> Scope:
    """The scope with the exchange.

    There are no streams to take up again where they broke off, so a client that asks for that
    gets a new one.
    """
    marked = {**scope, KEY: exchange}
    if any(name == RESUME for name, _ in scope["headers"]):
        marked["headers"] = [pair for pair in scope["headers"] if pair[0] != RESUME]
    return marked


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
