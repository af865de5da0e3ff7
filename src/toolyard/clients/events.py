"""A stream of server-sent events, held to bounds before the SDK reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

from toolyard.clients.bounds import MOST_BYTES, is_tangled


class Events(httpx2.AsyncByteStream):
    """The events of a stream, one by one; comments are left out.

    Args:
        response: Read, and closed with this stream.
        instead: A JSON-RPC message to end with, in place of an event that cannot be taken;
            without it such an event is left out.
    """

    def __init__(self, response: httpx2.Response, instead: bytes | None) -> None:
        self._response = response
        self._instead = instead

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for event in httpx2.EventSource(self._response, max_event_size=MOST_BYTES):
            if not is_tangled(event.data.encode()):
                yield _written(event)
            elif self._instead is not None:
                yield b"data: " + self._instead + b"\n\n"
                return

    async def aclose(self) -> None:
        """Read no more."""
        await self._response.aclose()


def _written(event: httpx2.ServerSentEvent) -> bytes:
    lines = [f"event: {event.event}", f"id: {event.id}"]
    if event.retry is not None:
        lines.append(f"retry: {event.retry}")
    lines.extend(f"data: {line}" for line in event.data.split("\n"))
    return "\n".join((*lines, "\n")).encode()
