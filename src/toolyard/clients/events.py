"""A stream of server-sent events, held to bounds before the SDK reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx2

from toolyard.clients.bounds import MOST_BYTES, is_tangled
from toolyard.clients.pace import LONGEST_PAUSE_S
from toolyard.clients.posts import Abandoned, Post

KIND = "text/event-stream"


class Events(httpx2.AsyncByteStream):
    """The events of a stream, one by one; comments are left out.

    Args:
        response: Read, and closed with this stream.
        post: The request whose answer is sought on the stream, if it is one's. Its stream ends
            when nobody waits for that any more.
        instead: A JSON-RPC message to end that request with, in place of an event that cannot
            be taken. Where there is no request, such an event is left out.
        on_end: Called when nothing more comes, unless it was we who stopped reading.
    """

    def __init__(
        self,
        response: httpx2.Response,
        post: Post | None,
        instead: bytes,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._response = response
        self._post = post
        self._instead = instead
        self._on_end = on_end

    async def __aiter__(self) -> AsyncIterator[bytes]:
        events = aiter(httpx2.EventSource(self._response, max_event_size=MOST_BYTES))
        while True:
            try:
                event = await self._next(events)
            except StopAsyncIteration:
                self._on_end()
                return
            except Abandoned:
                yield last(self._instead)
                return
            except (httpx2.TransportError, httpx2.SSEError):
                self._on_end()
                if self._post is not None:
                    raise
                return
            if not is_tangled(event.data.encode()):
                yield _written(event)
            elif self._post is not None:
                yield last(self._instead)
                return

    async def _next(self, events: AsyncIterator[httpx2.ServerSentEvent]) -> httpx2.ServerSentEvent:
        wait = anext(events)
        return await (wait if self._post is None else self._post.during(wait))

    async def aclose(self) -> None:
        """Read no more."""
        await self._response.aclose()


def last(message: bytes) -> bytes:
    """An event that holds a JSON-RPC message."""
    return b"data: " + message + b"\n\n"


def _written(event: httpx2.ServerSentEvent) -> bytes:
    lines = [f"event: {event.event}", f"id: {event.id}"]
    if event.retry is not None:
        lines.append(f"retry: {min(event.retry, LONGEST_PAUSE_S * 1000):.0f}")
    lines.extend(f"data: {line}" for line in event.data.split("\n"))
    return "\n".join((*lines, "\n")).encode()
