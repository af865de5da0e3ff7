"""Requests of a session that another worker holds, passed on to it and answered from there.

What goes over the socket are the messages of ASGI, each as JSON and the bytes of a body.
"""

from __future__ import annotations

import json
import logging
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

import anyio

from toolyard.core.background import Background
from toolyard.core.context import Caller
from toolyard.servers.exchange import KEY, Exchange, exchange_of
from toolyard.servers.reply import reply
from toolyard.servers.streams import App, Receive, Scope, Send
from toolyard.servers.workers.frames import Frames

logger = logging.getLogger("toolyard.servers")

SESSION = b"mcp-session-id"
SPLIT = struct.Struct("!I")
Reach = Callable[[int], Awaitable[Frames]]
"""The way to the worker of an index; nothing comes from it if there is none."""


class Open:
    """Requests under way that have an end of their own, unlike streams of notices."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = anyio.Event()

    def __enter__(self) -> Self:
        self._count += 1
        return self

    def __exit__(self, *error: object) -> None:
        self._count -= 1
        if not self._count:
            self._idle.set()

    async def settle(self, seconds: float) -> None:
        """Wait up to `seconds` until none is under way."""
        with anyio.move_on_after(seconds):
            while self._count:
                self._idle = anyio.Event()
                await self._idle.wait()


def mark_of(index: int) -> str:
    """How the ids of sessions begin that a worker holds."""
    return f"{index}-"


class Relay:
    """Passes on what others must answer, and answers what others pass on."""

    def __init__(self, index: int, reach: Reach) -> None:
        self._index = index
        self._reach = reach
        self._open = Open()

    def holder_of(self, scope: Scope) -> int | None:
        """The other worker that holds the session of a request."""
        for name, value in scope["headers"]:
            if name == SESSION:
                index, dash, _ = value.partition(b"-")
                is_other = dash and index.isdigit() and len(index) <= 3
                return int(index) if is_other and int(index) != self._index else None
        return None

    async def settle(self, seconds: float) -> None:
        """Wait up to `seconds` until all that was passed on, here or to here, is answered."""
        await self._open.settle(seconds)

    async def pass_on(self, holder: int, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the worker `holder` answer a request that was let in."""
        frames = await self._reach(holder)
        try:
            async with self._counted(scope["method"]), Background() as tasks:
                with suppress(OSError):  # then nothing comes back either
                    await frames.send(await _first(scope, receive))
                tasks.start_soon(_hang_up_when_gone, receive, frames)
                await _pass_back(frames, send)
        finally:
            frames.close()

    async def answer(self, connection: socket.socket, app: App) -> None:
        """Have `app` answer what another worker passes on over `connection`."""
        frames = Frames(connection)
        try:
            piece = await frames.receive()
            if piece is not None:
                await self._answer(frames, piece, app)
        except OSError:  # the other worker is gone, and its client with it
            pass
        except Exception:  # a bug of ours; uvicorn says so too where it is the caller
            logger.exception("a request failed unexpectedly")
        finally:
            frames.close()

    async def _answer(self, frames: Frames, piece: bytes, app: App) -> None:
        said, body = _split(piece)
        caller = Caller(said["caller"], frozenset(said["scopes"]), said["address"])
        exchange, gone = Exchange(caller), anyio.Event()
        unread: list[MutableMapping[str, Any]] = [
            {"type": "http.request", "body": body, "more_body": False}
        ]

        async def receive() -> MutableMapping[str, Any]:
            if unread:
                return unread.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            await frames.send(_joined(_headers_as_text(message), message.get("body", b"")))

        async def hear_of_the_end() -> None:
            await frames.receive()
            gone.set()
            exchange.abandon()

        async with self._counted(said["method"]), Background() as tasks:
            tasks.start_soon(hear_of_the_end)
            await app(_scope_of(said, exchange), receive, send)

    @asynccontextmanager
    async def _counted(self, method: str) -> AsyncGenerator[None]:
        if method == "GET":
            yield
            return
        with self._open:
            yield


async def _first(scope: Scope, receive: Receive) -> bytes:
    """The request: the gate has read the whole body, of those that have one."""
    caller = exchange_of(scope).caller
    said = {
        **{key: scope.get(key) for key in ("method", "path", "scheme", "client", "server")},
        "query": (scope.get("query_string") or b"").decode("latin-1"),
        "headers": _as_text(scope["headers"]),
        "caller": caller.name,
        "scopes": sorted(caller.scopes),
        "address": caller.address,
    }
    message = await receive()
    return _joined(said, message.get("body", b""))


def _scope_of(said: Mapping[str, Any], exchange: Exchange) -> Scope:
    path: str = said["path"]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": said["method"],
        "scheme": said["scheme"],
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": said["query"].encode("latin-1"),
        "headers": _as_bytes(said["headers"]),
        "client": said["client"] and tuple(said["client"]),
        "server": said["server"] and tuple(said["server"]),
        KEY: exchange,
    }


async def _hang_up_when_gone(receive: Receive, frames: Frames) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    frames.hang_up()


async def _pass_back(frames: Frames, send: Send) -> None:
    """The answer, as it comes; that there is no such session if none comes at all."""
    is_begun, is_open = False, True
    while is_open and (piece := await frames.receive()) is not None:
        message, body = _split(piece)
        if "headers" in message:
            message["headers"] = _as_bytes(message["headers"])
        else:
            message["body"] = body
        is_open = message["type"] == "http.response.start" or message.get("more_body", False)
        await send(message)
        is_begun = True
    if not is_begun:
        await _no_session(send)
    elif is_open:  # the worker ended in the middle of it
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _no_session(send: Send) -> None:
    """The session ended with the worker that held it; clients then begin another."""
    error = {"code": -32600, "message": "Session not found"}
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
    await reply(send, body, status=404)


def _headers_as_text(message: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: value for key, value in message.items() if key != "body"}
    if "headers" in said:
        said["headers"] = _as_text(said["headers"])
    return said


def _as_text(headers: Any) -> list[tuple[str, ...]]:
    return [tuple(part.decode("latin-1") for part in pair) for pair in headers]


def _as_bytes(headers: Any) -> list[tuple[bytes, ...]]:
    return [tuple(part.encode("latin-1") for part in pair) for pair in headers]


def _joined(said: Mapping[str, Any], body: bytes) -> bytes:
    head = json.dumps(said).encode()
    return SPLIT.pack(len(head)) + head + body


def _split(piece: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = SPLIT.unpack_from(piece)
    end = SPLIT.size + length
    return json.loads(piece[SPLIT.size : end]), piece[end:]
