"""Hosts on this machine that answer byte for byte as a test says, and names that lead to them."""

import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSListener

from toolyard.egress.addresses import AddressRules
from toolyard.egress.destinations import Destinations
from toolyard.egress.fetcher import Fetcher
from toolyard.egress.message import Incoming, Outgoing
from toolyard.egress.target import read_target

LOOPBACK = "127.0.0.0/8"
Answer = bytes | Callable[[ByteStream, bytes], Awaitable[None]]


@dataclass
class Host:
    """A listening host and what it was asked."""

    port: int
    requests: list[bytes] = field(default_factory=list[bytes])

    def url(self, path: str = "/", name: str = "a.example", scheme: str = "http") -> str:
        return f"{scheme}://{name}:{self.port}{path}"


@dataclass
class Names:
    """A resolver that knows these names only, and counts."""

    known: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    asked: list[str] = field(default_factory=list[str])

    async def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.known and host.endswith(".example"):
            return ["127.0.0.1"]
        if host not in self.known:
            raise OSError("no such name")
        return self.known[host]


def ok(body: bytes = b"fine", *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(to: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


@asynccontextmanager
async def hosting(
    *answers: Answer, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
) -> AsyncGenerator[Host]:
    """A host that gives these answers in turn, the last one again and again."""
    listener = await anyio.create_tcp_listener(local_host=address)
    host = Host(listener.extra(SocketAttribute.local_port))

    async def serve(stream: ByteStream) -> None:
        async with stream:
            try:
                request = await _request(stream)
                answer = answers[min(len(host.requests), len(answers) - 1)]
                host.requests.append(request)
                await (
                    stream.send(answer) if isinstance(answer, bytes) else answer(stream, request)
                )
            except (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream):
                return

    async with listener, anyio.create_task_group() as group:
        wrapped = TLSListener(listener, tls, standard_compatible=False) if tls else listener
        group.start_soon(wrapped.serve, serve)
        yield host
        group.cancel_scope.cancel()


async def _request(stream: ByteStream) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += await stream.receive()
    head, _, body = request.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    wanted = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(body) < wanted:
        body += await stream.receive()
    return head + b"\r\n\r\n" + body


def fetcher(names: Names | None = None, trust: ssl.SSLContext | None = None) -> Fetcher:
    """A fetcher to which this machine is open."""
    return Fetcher(
        Destinations(ports=None),
        AddressRules([LOOPBACK]),
        resolve=names or Names(),
        ssl_context=trust,
    )


async def fetched(
    url: str,
    method: str = "GET",
    *,
    by: Fetcher | None = None,
    timeout_s: float = 10,
    max_bytes: int = 1_048_576,
    headers: Mapping[str, str] | None = None,
    credentials: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Incoming:
    request = Outgoing(method, read_target(url), headers or {}, credentials or {}, body)
    return await (by or fetcher()).fetch(request, timeout_s=timeout_s, max_bytes=max_bytes)
