"""The guard at the socket: what must be stopped before a whole request has arrived."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from toolyard.servers.limits import Limits


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, with deadlines and caps it does not have.

    Made per server by `guarded`. A connection over a cap, a request that trickles in and an
    answer that nobody reads are cut off; nothing of this costs a request that behaves.
    """

    limits: ClassVar[Limits]
    per_address: ClassVar[Counter[str]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._counted = ""
        self._in_headers = False
        self._in_message = False
        self._header_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._write_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        self.per_address[address] += 1
        self._counted = address
        if (
            len(self.connections) > self.limits.connections
            or self.per_address[address] > self.limits.connections_per_address
        ):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._set_deadline(None)
        self._set_write_deadline(None)
        self.per_address[self._counted] -= 1
        if self.per_address[self._counted] <= 0:
            del self.per_address[self._counted]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; a request that is still incomplete afterwards runs against a deadline."""
        if self.transport.is_closing():
            return
        began = not self._in_message
        super().data_received(data)
        if self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > 4 * self.limits.header_bytes:
                self.transport.abort()
                return
        if not self._in_message:
            if self._deadline is not None:
                self._set_deadline(None)
        elif began:
            self._set_deadline(self.limits.header_s if self._in_headers else self.limits.body_s)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_message = self._in_headers = True
        self._header_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its headers are there; the body has a deadline of its own."""
        self._in_headers = False
        if self._deadline is not None:
            self._set_deadline(self.limits.body_s)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is complete."""
        self._in_message = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client reads too slowly: from now on it has a deadline."""
        super().pause_writing()
        self._set_write_deadline(self.limits.write_s)

    def resume_writing(self) -> None:
        """The client reads again."""
        self._set_write_deadline(None)
        super().resume_writing()

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self._abort_after(seconds)

    def _set_write_deadline(self, seconds: float | None) -> None:
        if self._write_deadline is not None:
            self._write_deadline.cancel()
        self._write_deadline = None if seconds is None else self._abort_after(seconds)

    def _abort_after(self, seconds: float) -> asyncio.TimerHandle:
        return self.loop.call_later(seconds, self.transport.abort)


def guarded(limits: Limits) -> type[GuardedProtocol]:
    """The protocol class of one server."""
    return type("Guarded", (GuardedProtocol,), {"limits": limits, "per_address": Counter[str]()})
