"""One connection to an HTTP server: a request, its answer, and then the next."""

from __future__ import annotations

import re
import select
import ssl
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import anyio
import httpx2
from anyio.abc import ByteStream, SocketAttribute

from toolyard.clients.http_answer import Answer, Garbled

MOST_HEAD_BYTES = 64 * 1024
"""Of an answer's first line and headers, with all that a server says before them."""
_MOST_AT_ONCE = 2**20
"""More than the event loop reads at once, so that nothing is left over unseen."""
_ONE_PIECE = 64 * 1024
"""A request up to this size goes out at once: so much, the event loop keeps for the socket."""

_NAMES = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""Of headers, one after the other."""
_FRAMING = (b"content-length", b"transfer-encoding")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is sent, but for its framing."""

    method: bytes
    target: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    connect_s: float | None = None
    """How long connecting may take."""
    write_s: float | None = None
    """How long sending may take."""
    read_s: float | None = None
    """How long each part of the answer may take, its body's as well."""


class HttpLink:
    """A connection that is used by one request at a time; made by `open`."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._socket = stream.extra(SocketAttribute.raw_socket)  # noqa: S610  (Django's is another)
        self._answer = Answer()
        self._read_s: float | None = None
        self._idle_since = 0.0

    @classmethod
    async def open(
        cls, host: str, port: int, tls: ssl.SSLContext | None, connect_s: float | None
    ) -> Self:
        """Connect, within `connect_s` seconds.

        Raises:
            httpx2.ConnectError: Nobody is there, or TLS fails.
            httpx2.ConnectTimeout: It takes too long.
        """
        try:
            with anyio.fail_after(connect_s):
                if tls is None:
                    return cls(await anyio.connect_tcp(host, port))
                return cls(
                    await anyio.connect_tcp(
                        host,
                        port,
                        ssl_context=tls,
                        tls_hostname=host,
                        tls_standard_compatible=False,
                    )
                )
        except TimeoutError as error:
            raise httpx2.ConnectTimeout("it took too long to connect") from error
        except (OSError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
            raise httpx2.ConnectError("it could not be connected to") from error

    async def ask(self, asked: Asked) -> Answer:
        """Send a request and wait for the beginning of the answer, up to its body.

        Raises:
            httpx2.TransportError: It is no request, or no answer came.
        """
        self._answer, self._read_s = Answer(), asked.read_s
        await self._send(asked)
        received = 0
        while not self._answer.has_begun:
            received += await self._read()
            if received > MOST_HEAD_BYTES and not self._answer.has_begun:
                raise httpx2.RemoteProtocolError("the headers are too long")
        return self._answer

    async def receive(self) -> bytes:
        """The next part of the body; nothing once it is complete.

        Raises:
            httpx2.TransportError: It breaks off.
        """
        while not (body := self._answer.taken()) and not self._answer.is_over:
            await self._read()
        return body

    @property
    def idle_s(self) -> float:
        """For how long nobody has used it."""
        return anyio.current_time() - self._idle_since

    def is_reusable(self) -> bool:
        """Whether another request may follow, as the last one is answered in full."""
        self._idle_since = anyio.current_time()
        return self._answer.is_over and self._answer.allows_more

    def is_disturbed(self) -> bool:
        """Whether the server hung up meanwhile, or said something nobody asked for."""
        if sys.platform == "win32":
            return bool(select.select((self._socket,), (), (), 0)[0])
        glance = select.poll()
        glance.register(self._socket, select.POLLIN)
        return bool(glance.poll(0))

    async def close(self) -> None:
        """Hang up, without a word and at once."""
        with anyio.CancelScope(shield=True):
            await anyio.aclose_forcefully(self._stream)

    async def _send(self, asked: Asked) -> None:
        head, body = _head_of(asked), asked.body
        # A server may answer, and hang up, before it has read everything.
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            if len(head) + len(body) <= _ONE_PIECE:
                await self._stream.send(head + body)
                return
            try:
                with anyio.fail_after(asked.write_s):
                    await self._stream.send(head)
                    await self._stream.send(body)
            except TimeoutError as error:
                raise httpx2.WriteTimeout("the server takes no more of the request") from error

    async def _read(self) -> int:
        """Take in what arrives, or the end; gives how many bytes that was."""
        try:
            part = await self._part()
            if part:
                self._answer.feed(part)
            else:
                self._answer.break_off()
        except Garbled as error:
            raise httpx2.RemoteProtocolError(str(error)) from error
        except TimeoutError as error:
            raise httpx2.ReadTimeout("the server says nothing more") from error
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, ssl.SSLError) as error:
            raise httpx2.ReadError("the connection broke") from error
        return len(part)

    async def _part(self) -> bytes:
        """What arrives next; nothing at the end."""
        try:
            if self._read_s is None:
                return await self._stream.receive(_MOST_AT_ONCE)
            with anyio.fail_after(self._read_s):
                return await self._stream.receive(_MOST_AT_ONCE)
        except anyio.EndOfStream:
            return b""


def _head_of(asked: Asked) -> bytes:
    """The first line and the headers; framing is ours to say."""
    pairs = [pair for pair in asked.headers if pair[0].lower() not in _FRAMING]
    if asked.body or asked.method not in (b"GET", b"HEAD"):
        pairs.append((b"Content-Length", b"%d" % len(asked.body)))
    lines = [b"%s %s HTTP/1.1" % (asked.method, asked.target)]
    lines += [b"%s: %s" % pair for pair in pairs]
    head = b"\r\n".join(lines)
    names = [name for name, _ in pairs]
    is_whole = head.count(b"\n") == head.count(b"\r") == len(pairs) and b"\0" not in head
    if (
        not is_whole
        or b" " in asked.target
        or not all(names)
        or not _NAMES.fullmatch(b"".join(names))
    ):
        raise httpx2.LocalProtocolError("a header holds what none may hold")
    return head + b"\r\n\r\n"
