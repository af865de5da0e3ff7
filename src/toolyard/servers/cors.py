"""What browsers must be told before a page of an allowed origin may use the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from toolyard.security.authority import read_origin
from toolyard.security.hosts import ANY

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

METHODS = b"GET, POST, DELETE"
ASKED = b"authorization, content-type, accept, mcp-protocol-version, mcp-session-id"
READABLE = b"mcp-session-id, www-authenticate, retry-after"
REMEMBERED_S = b"600"


class Cors:
    """CORS for the origins that were allowed by name; others get no headers, and no answer."""

    def __init__(self, origins: Iterable[str]) -> None:
        named = frozenset(origins)
        self._any = ANY in named
        self._origins = frozenset(read_origin(origin) for origin in named if origin != ANY)

    def covers(self, origin: bytes | None) -> bool:
        """Whether a page of `origin` should be able to read answers."""
        parsed = None if origin is None else read_origin(origin.decode("latin-1"))
        return parsed is not None and (self._any or parsed in self._origins)

    @staticmethod
    def is_preflight(scope: MutableMapping[str, Any]) -> bool:
        """Whether a browser asks on its own behalf, without a token, what a page may do."""
        asks = any(name == b"access-control-request-method" for name, _ in scope["headers"])
        return scope["method"] == "OPTIONS" and asks

    @staticmethod
    async def answer(scope: MutableMapping[str, Any], send: Send) -> None:
        """Say what a page may do; `send` is one of `sending`."""
        wanted = [v for name, v in scope["headers"] if name == b"access-control-request-headers"]
        headers = [
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", wanted[0] if wanted else ASKED),
            (b"access-control-max-age", REMEMBERED_S),
        ]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    @staticmethod
    def sending(origin: bytes, send: Send) -> Send:
        """A `send` that lets a page of `origin` read the answer."""

        async def readable(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"access-control-allow-origin", origin),
                    (b"access-control-expose-headers", READABLE),
                    (b"vary", b"Origin"),
                ]
            await send(message)

        return readable
