"""A whole answer over ASGI."""

from __future__ import annotations

from toolyard.servers.framing import Headers
from toolyard.servers.streams import Send

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


async def reply(
    send: Send, body: bytes, *, status: int = 200, kind: str = JSON, more: Headers = ()
) -> None:
    """Answer with `body` in one piece; say what `kind` it is of, and what `more` headers do."""
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
