"""Requests over HTTP/1.1 to servers that answer byte by byte as a test says."""

import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.tls import TLSListener
from tests.egress.authority import LocalAuthority

from toolyard.clients import pool as pools
from toolyard.clients.http_link import MOST_HEAD_BYTES
from toolyard.clients.pool import Pool

Say = Callable[[SocketStream, int], Awaitable[None]]
"""Answers the request with this number, counted from 0 on each connection."""
FINE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
GONE = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, ssl.SSLError)


class Host:
    """Where it listens, and what has come."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.received = b""
        self.hung_up = anyio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"


@asynccontextmanager
async def hosted(say: Say, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Host]:
    """A server that reads requests, and has `say` answer each."""
    host = Host()

    async def serve(stream: SocketStream) -> None:
        host.connections += 1
        async with stream:
            with suppress(*GONE):
                for number in range(100):
                    await _one_request(stream, host)
                    await say(stream, number)
            host.hung_up.set()

    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as tasks,
    ):
        host.port = listener.extra(SocketAttribute.local_port)
        taking: Any = listener
        if tls is not None:
            taking = TLSListener(listener, tls, standard_compatible=False)
        tasks.start_soon(taking.serve, serve)
        yield host
        tasks.cancel_scope.cancel()


async def _one_request(stream: SocketStream, host: Host) -> None:
    text = b""
    while b"\r\n\r\n" not in text:
        text += await stream.receive()
    head, _, body = text.partition(b"\r\n\r\n")
    sizes = [
        line[15:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    ]
    host.received += text
    while len(body) < sum(map(int, sizes)):
        part = await stream.receive()
        host.received += part
        body += part


def saying(*pieces: bytes, then_ends: bool = False) -> Say:
    """Always the same answer, in pieces."""

    async def say(stream: SocketStream, number: int) -> None:
        del number
        for piece in pieces:
            await stream.send(piece)
            await anyio.lowlevel.checkpoint()
        if then_ends:
            await stream.send_eof()

    return say


@asynccontextmanager
async def client() -> AsyncGenerator[httpx2.AsyncClient]:
    with anyio.fail_after(10):
        async with httpx2.AsyncClient(transport=Pool(), timeout=5) as http:
            yield http


@pytest.mark.parametrize(
    "answer",
    [
        (FINE,),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nx: y\r\n\r\n", FINE),
        tuple(bytes([letter]) for letter in FINE),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n",
            b"1\r\nk\r\n0\r\nx-late: 1\r\n\r\n",
        ),
    ],
    ids=["at once", "after others", "letter by letter", "in chunks"],
)
async def test_a_connection_is_used_again_once_an_answer_has_come_in_full(
    answer: tuple[bytes, ...],
) -> None:
    async with hosted(saying(*answer)) as host, client() as http:
        for _ in range(3):
            response = await http.post(host.url, content=b"hello")
            assert (response.status_code, response.content) == (200, b"ok")
            assert "x-late" not in response.headers

    assert host.connections == 1
    assert host.received.count(b"\r\n\r\nhello") == 3


@pytest.mark.parametrize(
    "answer",
    [
        saying(FINE, b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"),
        saying(FINE + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"),
        saying(FINE + b"junk"),
        saying(FINE, then_ends=True),
        saying(b"HTTP/1.1 200 OK\r\nconnection: close\r\n" + FINE[17:]),
        saying(b"HTTP/1.1 200 OK\r\n\r\nok", then_ends=True),
        saying(b"HTTP/1.0 200 OK\r\n" + FINE[17:]),
    ],
    ids=["one too many", "one glued on", "junk", "hangs up", "says so", "until the end", "old"],
)
async def test_a_connection_on_which_nothing_may_follow_is_not_used_again(answer: Say) -> None:
    async with hosted(answer) as host, client() as http:
        for count in range(1, 4):
            assert (await http.get(host.url)).content == b"ok"
            await anyio.wait_all_tasks_blocked()
            assert host.connections == count


async def test_calls_at_the_same_time_have_connections_of_their_own() -> None:
    async with hosted(saying(FINE)) as host, client() as http:
        for _ in range(2):
            async with anyio.create_task_group() as tasks:
                for _ in range(5):
                    tasks.start_soon(http.get, host.url)

    assert host.connections == 5


async def test_a_connection_that_nobody_used_for_a_while_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "KEPT_S", 0.0)
    async with hosted(saying(FINE)) as host, client() as http:
        await http.get(host.url)
        await http.get(host.url)
        await host.hung_up.wait()

    assert host.connections == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", httpx2.RemoteProtocolError),
        (b"SSH-2.0-OpenSSH_9.2\r\n", httpx2.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", httpx2.RemoteProtocolError),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok",
            httpx2.RemoteProtocolError,
        ),
        (b"HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n", httpx2.RemoteProtocolError),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nok",
            httpx2.RemoteProtocolError,
        ),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 2 * MOST_HEAD_BYTES, httpx2.RemoteProtocolError),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 5000, httpx2.RemoteProtocolError),
    ],
    ids=[
        "nothing",
        "no HTTP",
        "too short",
        "half",
        "another protocol",
        "two lengths",
        "long",
        "100",
    ],
)
async def test_what_is_no_whole_answer_is_an_error(
    answer: bytes, kind: type[httpx2.TransportError]
) -> None:
    async with hosted(saying(answer, then_ends=True)) as host, client() as http:
        with pytest.raises(kind):
            await http.get(host.url)
        await host.hung_up.wait()


async def test_an_answer_to_half_a_request_is_heard() -> None:
    async def serve(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")

    async with (
        client() as http,
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(listener.serve, serve)
        port = listener.extra(SocketAttribute.local_port)
        with suppress(httpx2.ReadError):  # where the kernel drops what nobody has read
            response = await http.post(f"http://127.0.0.1:{port}/", content=b"x" * 2**23)
            assert response.status_code == 413
        tasks.cancel_scope.cancel()


async def test_a_request_that_is_given_up_closes_its_connection() -> None:
    async def say(stream: SocketStream, number: int) -> None:
        await anyio.sleep_forever() if number else await stream.send(FINE)

    async with hosted(say) as host, client() as http:
        await http.get(host.url)
        with anyio.move_on_after(0.05):
            await http.get(host.url)
        await http.get(host.url)

    assert host.connections == 2


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        (httpx2.Timeout(5, read=0.05), httpx2.ReadTimeout),
        (httpx2.Timeout(5, write=0.05), httpx2.WriteTimeout),
    ],
)
async def test_a_server_that_does_nothing_is_not_waited_for(
    limits: httpx2.Timeout, kind: type[httpx2.TransportError]
) -> None:
    async with (
        client() as http,
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
    ):
        port = listener.extra(SocketAttribute.local_port)
        content = b"x" * (2**24 if kind is httpx2.WriteTimeout else 1)
        with pytest.raises(kind):
            await http.post(f"http://127.0.0.1:{port}/", content=content, timeout=limits)


async def test_nothing_is_sent_that_would_be_read_as_more_than_one_request() -> None:
    async with hosted(saying(FINE)) as host, client() as http:
        for headers in ({"x": "a\r\nb: c"}, {"x": "a\nb"}, {"a b": "c"}, {"x": "a\0"}):
            with pytest.raises(httpx2.LocalProtocolError):
                await http.get(host.url, headers=headers)
        assert not host.received
        await http.post(host.url, content=b"hi", headers={"transfer-encoding": "chunked"})

    assert b"chunked" not in host.received
    assert b"\r\nContent-Length: 2\r\n" in host.received


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http:///x"])
async def test_only_http_is_spoken(url: str) -> None:
    async with client() as http:
        with pytest.raises(httpx2.UnsupportedProtocol):
            await http.get(url)


async def test_where_nobody_listens_is_told_apart() -> None:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(SocketAttribute.local_port)
    async with client() as http:
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("name", ["localhost", "elsewhere.example"])
async def test_the_name_in_a_certificate_must_be_the_hosts(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = LocalAuthority()
    trusted = tmp_path / "authority.pem"
    trusted.write_bytes(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with hosted(saying(FINE), authority.server(name, tmp_path)) as host, client() as http:
        url = f"https://localhost:{host.port}/"
        if name != "localhost":
            with pytest.raises(httpx2.ConnectError):
                await http.get(url)
            return
        for _ in range(3):
            assert (await http.get(url)).content == b"ok"
    assert host.connections <= 2  # a ticket for the next one may come after the first answer


async def test_a_connection_made_while_the_pool_is_closed_is_closed_as_well() -> None:
    async with hosted(saying(FINE)) as host:
        pool = Pool()
        request = httpx2.Request("POST", host.url, content=b"{}")
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:

                async def ask() -> None:
                    with pytest.raises(httpx2.ConnectError):
                        await pool.handle_async_request(request)

                tasks.start_soon(ask)
                await pool.aclose()
            await host.hung_up.wait()
    assert host.received == b""
