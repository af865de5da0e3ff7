"""Bytes on a bare socket, on both event loops that a server may run in."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketStream
from tests.servers.harness import (
    TOKEN,
    answer_to,
    builder,
    everything_from,
    head,
    headers_of,
    http_to,
    is_well,
    raw,
    request,
    status_of,
)

from toolyard.core.context import Event
from toolyard.core.toolbox import Toolbox
from toolyard.events.types import ConnectionCut
from toolyard.servers.connection import GuardedProtocol
from toolyard.servers.tool_server import ToolServer

AUTHORIZATION = f"Authorization: Bearer {TOKEN}"
BIG = 200_000


@pytest.fixture(
    scope="module",
    params=[("asyncio", {"use_uvloop": False}), ("asyncio", {"use_uvloop": True})],
    ids=["asyncio", "uvloop"],
)
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return request.param


def sized(heard: list[Event] | None = None, **limits: float) -> ToolServer:
    """A server with these limits; what it says of itself goes to `heard`."""
    tools = Toolbox()

    @tools.tool
    async def big() -> str:
        """Give much text."""
        return "x" * BIG

    assert big
    configured = builder(tools).with_bearer_token(TOKEN).with_limits(**limits)
    if heard is not None:
        configured.with_event_handler(heard.append)
    return configured.build()


@pytest.fixture(scope="module")
async def server(anyio_backend: Any) -> AsyncGenerator[ToolServer]:
    async with sized() as running:
        yield running


def post(*fields: str, body: bytes = b"") -> bytes:
    return head("POST", "/mcp", AUTHORIZATION, *fields) + body


MALFORMED = {
    "two hosts": head("GET", "/healthz", "Host: 127.0.0.1", "Host: 127.0.0.1"),
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "no host in 1.0": b"GET /healthz HTTP/1.0\r\n\r\n",
    "two lengths": post("Content-Length: 2", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "two lengths turned": post(
        "Transfer-Encoding: chunked", "Content-Length: 2", body=b"0\r\n\r\n"
    ),
    "listed length": post("Content-Length: 2, 2", body=b"{}"),
    "repeated length": post("Content-Length: 2", "Content-Length: 2", body=b"{}"),
    "different lengths": post("Content-Length: 2", "Content-Length: 3", body=b"{}"),
    "signed length": post("Content-Length: +2", body=b"{}"),
    "negative length": post("Content-Length: -2", body=b"{}"),
    "hex length": post("Content-Length: 0x2", body=b"{}"),
    "endless length": post("Content-Length: 99999999999999999999", body=b"{}"),
    "two encodings": post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "other encoding": post("Transfer-Encoding: gzip", body=b"{}"),
    "odd encoding": post("Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "encoding in 1.0": post("Transfer-Encoding: chunked", body=b"0\r\n\r\n").replace(
        b"1.1", b"1.0"
    ),
    "bad chunk size": post("Transfer-Encoding: chunked", body=b"zz\r\n"),
    "bare line feeds": b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n",
    "bare line feed in headers": b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\nA: b\r\n\r\n",
    "folded header": b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nA: b\r\n c\r\n\r\n",
    "space before colon": b"GET /healthz HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
    "nul in header": b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nA: b\0c\r\n\r\n",
    "http 9": b"GET /healthz HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    "http 0.9": b"GET /healthz\r\n\r\n",
    "no method": b"/healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "unknown method": b"STEAL /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "not http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "target of another host": head("GET", "http://evil.example/healthz"),
    "target that begins like the host": head("GET", "http://127.0.0.1.evil.example/healthz"),
    "target of another scheme": head("GET", "ftp://127.0.0.1/healthz"),
    "target of everything": head("OPTIONS", "*"),
    "tunnel": head("CONNECT", "evil.example:443"),
    "bytes in the path": b"GET /\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "upgrade with a body": post(
        "Connection: upgrade", "Upgrade: h2c", "Content-Length: 2", body=b"{}"
    ),
    "many headers": head("GET", "/healthz", *["A: b"] * 101),
    "10,000 headers": head("GET", "/healthz", *["A: b"] * 10_000),
    "huge header": head("GET", "/healthz", "A: " + "b" * 17_000),
    "huger header": head("GET", "/healthz", "A: " + "b" * 100_000),
    "huge target": head("GET", "/healthz?" + "a" * 17_000),
}
TOO_LARGE = {"many headers", "10,000 headers", "huge header", "huge target"}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_request_that_could_be_read_in_two_ways_is_refused(
    server: ToolServer, name: str
) -> None:
    status = await answer_to(server, MALFORMED[name])

    assert status in ((431,) if name in TOO_LARGE else (0, 400, 431))
    assert await is_well(server)


WELL_FORMED = {
    "plain": head(),
    "1.0": b"GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n",
    "absolute target": head("GET", "http://127.0.0.1/healthz"),
    "absolute target in capitals": head("GET", "HTTP://LOCALHOST/healthz", "Host: localhost"),
    "blank lines first": b"\r\n\r\n" + head(),
    "100 headers": head("GET", "/healthz", *["A: b"] * 99),
    "upgrade": head("GET", "/healthz", "Connection: upgrade", "Upgrade: websocket"),
    "space around the host": head("GET", "/healthz", "Host:   127.0.0.1\t"),
    "a body that nobody wants": head("POST", "/healthz", "Content-Length: 9999999"),
}


@pytest.mark.parametrize("name", WELL_FORMED)
async def test_a_request_that_is_merely_unusual_is_served(server: ToolServer, name: str) -> None:
    assert await answer_to(server, WELL_FORMED[name]) == 200


async def is_cut_while_sending(stream: SocketStream, piece: bytes) -> bool:
    with anyio.move_on_after(5), contextlib.suppress(anyio.BrokenResourceError):
        for _ in range(20_000):
            await stream.send(piece)
        return False
    return True


async def test_headers_without_end_are_cut_off_before_they_end(server: ToolServer) -> None:
    async with raw(server) as stream:
        await stream.send(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        assert await is_cut_while_sending(stream, b"A: " + b"b" * 4000 + b"\r\n")
    assert await is_well(server)


@pytest.mark.parametrize("endless", [b"A: " + b"b" * 4000 + b"\r\n", b"b" * 4000])
async def test_trailers_without_end_are_cut_off(server: ToolServer, endless: bytes) -> None:
    async with raw(server) as stream:
        await stream.send(post("Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\nA: b"))
        assert await is_cut_while_sending(stream, endless)
    assert await is_well(server)


async def test_chunks_of_one_byte_are_no_attack(server: ToolServer) -> None:
    body = json.dumps(request("tools/list")).encode().ljust(60_000)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    fields = [f"{name}: {value}" for name, value in headers_of(request("tools/list")).items()]

    assert await answer_to(server, post("Transfer-Encoding: chunked", *fields, body=chunks)) == 200


async def test_a_trailer_is_no_header(server: ToolServer) -> None:
    trailer = f"0\r\n{AUTHORIZATION}\r\nMcp-Session-Id: x\r\n\r\n".encode()
    body = json.dumps(request("tools/list")).encode()
    chunks = b"%x\r\n%b\r\n" % (len(body), body) + trailer
    fields = [f"{name}: {value}" for name, value in headers_of(request("tools/list")).items()]
    no_token = head("POST", "/mcp", "Transfer-Encoding: chunked", *fields)

    assert await answer_to(server, no_token + chunks) == 401
    fields = [field for field in fields if not field.startswith("mcp-protocol")]
    other_era = post("Transfer-Encoding: chunked", *fields, body=chunks)
    assert await answer_to(server, other_era) == 400  # not the 404 of an unknown session


async def test_a_client_that_waits_for_leave_gets_it_once_it_is_let_in(server: ToolServer) -> None:
    listing = request("tools/list")
    body = json.dumps(listing).encode()
    fields = [f"{name}: {value}" for name, value in headers_of(listing).items()]
    fields += [f"Content-Length: {len(body)}", "Expect: 100-continue"]
    async with raw(server) as stream:
        await stream.send(post(*fields))
        assert await status_of(stream) == 100
        await stream.send(body)
        assert await status_of(stream) == 200
    assert await answer_to(server, head("POST", "/mcp", *fields)) == 401


async def test_a_body_is_never_taken_for_the_next_request(server: ToolServer) -> None:
    inner = head("GET", "/healthz", "Connection: close")
    wish = ("Connection: upgrade", "Upgrade: h2c", f"Content-Length: {len(inner)}")
    async with raw(server) as stream:
        await stream.send(post(*wish))
        assert await status_of(stream) == 400
        with contextlib.suppress(anyio.BrokenResourceError):
            await stream.send(inner)
        assert b"HTTP/1.1" not in await everything_from(stream)


async def test_pipelined_requests_are_answered_in_order(server: ToolServer) -> None:
    async with raw(server) as stream:
        await stream.send(
            head()
            + head("GET", "/nothing", AUTHORIZATION)
            + head("GET", "/healthz", "Connection: close")
        )
        answers = await everything_from(stream)

    assert [part[:3] for part in answers.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"]


@pytest.mark.parametrize("behind", ["nothing", "a request"])
async def test_a_client_that_goes_away_is_noticed_whatever_it_sent_behind_its_call(
    anyio_backend: Any, behind: str
) -> None:
    del anyio_backend
    tools, started, ended = Toolbox(), anyio.Event(), anyio.Event()

    @tools.tool
    async def wait() -> None:
        """Wait until the client is gone."""
        started.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    assert wait
    call = request("tools/call", {"name": "wait", "arguments": {}})
    body = json.dumps(call).encode()
    fields = [f"{name}: {value}" for name, value in headers_of(call).items()]
    async with builder(tools).build() as server:
        async with raw(server) as stream:
            await stream.send(head("POST", "/mcp", *fields, f"Content-Length: {len(body)}") + body)
            with anyio.fail_after(5):
                await started.wait()
            if behind == "a request":
                await stream.send(head())
        with anyio.fail_after(1):
            await ended.wait()


async def test_a_flood_of_pipelined_requests_ends_the_connection(server: ToolServer) -> None:
    async with raw(server) as stream:
        await stream.send(head() * 1000)
        assert (await everything_from(stream)).count(b"HTTP/1.1 200") <= 33
    assert await is_well(server)


@pytest.mark.parametrize("come_together", [True, False])
async def test_lists_that_nobody_reads_are_not_written_in_advance(
    anyio_backend: Any, come_together: bool
) -> None:
    """A request of some hundred bytes is answered with a megabyte, and at once."""
    del anyio_backend
    tools = Toolbox()
    tools.add_schema("large", len, description="x" * 1_000_000, input_schema={"type": "object"})
    listing = request("tools/list")
    body = json.dumps(listing).encode()
    fields = [f"{name}: {value}" for name, value in headers_of(listing).items()]
    one = head("POST", "/mcp", *fields, f"Content-Length: {len(body)}") + body
    async with builder(tools).build() as server, raw(server) as stream:
        await stream.send(one * 30 if come_together else one)
        assert await status_of(stream) == 200
        assert server._http is not None
        connection = cast("GuardedProtocol", *server._http.server_state.connections)
        for _ in range(0 if come_together else 30):
            await stream.send(one)
            await anyio.sleep(0.01)  # so that it does not come with the next
        with anyio.fail_after(5):
            while not connection.flow.write_paused:
                await anyio.lowlevel.checkpoint()
        assert connection.transport.get_write_buffer_size() < 3_000_000


async def is_cut(server: ToolServer, *parts: bytes) -> bool:
    """Whether the connection ends while `parts` are sent slowly, the last one over and over."""
    cut = False
    async with raw(server) as stream, anyio.create_task_group() as tasks:

        async def trickle() -> None:
            with contextlib.suppress(anyio.BrokenResourceError):
                for part in itertools.chain(parts, itertools.repeat(parts[-1])):
                    await stream.send(part)
                    await anyio.sleep(0.05)

        tasks.start_soon(trickle)
        with anyio.move_on_after(4):
            await everything_from(stream)
            cut = True
        tasks.cancel_scope.cancel()
    return cut


SLOW = {
    "nothing at all": (b"",),
    "blank lines": (b"\r\n",),
    "slow headers": (b"GET /healthz HTTP/1.1\r\n", b"A: b\r\n"),
    "slow target": (b"GET /", b"a"),
    "slow body": (post("Content-Length: 100000"), b"["),
    "headers in two parts, then a slow body": (
        b"POST ",
        head("POST", "/mcp", "Content-Length: 9999")[5:],
        b"[",
    ),
    "slow body without a token": (head("POST", "/mcp", "Content-Length: 100000"), b"["),
    "slow body to an open path": (head("POST", "/healthz", "Content-Length: 100000"), b"["),
    "slow chunks": (post("Transfer-Encoding: chunked"), b"1\r\n[\r\n"),
    "slow trailers": (post("Transfer-Encoding: chunked"), b"1\r\n[\r\n0\r\n", b"A: b\r\n"),
    "blank lines after an answer": (head(), b"\r\n"),
    "silence after an answer": (head(), b""),
    "silence after a late body": (head("POST", "/mcp", "Content-Length: 2"), b"", b"{}", b""),
}


async def test_a_client_that_dawdles_is_cut_off(anyio_backend: Any) -> None:
    del anyio_backend
    patient: set[str] = set()
    async with sized(header_s=0.3, body_s=0.3, keep_alive_s=1) as server:

        async def dawdle(name: str) -> None:
            if not await is_cut(server, *SLOW[name]):
                patient.add(name)

        async with anyio.create_task_group() as tasks:
            for name in SLOW:
                tasks.start_soon(dawdle, name)
        assert patient == set()
        assert await is_well(server)


def reasons(heard: list[Event]) -> set[str]:
    """Why connections from here were cut off, as events say it."""
    cuts = [event for event in heard if isinstance(event, ConnectionCut)]
    assert all(event.address == "127.0.0.1" for event in cuts)
    return {event.reason for event in cuts}


async def counted(server: ToolServer, reason: str) -> bool:
    """Whether the metrics tell of connections that were cut off for `reason`."""
    async with http_to(server, TOKEN) as http:
        text = (await http.get("/metrics")).text
    return f'toolyard_requests_refused_total{{reason="{reason}"}}' in text


CUT = {
    "framing": b"STEAL / HTTP/1.1\r\n\r\n",
    "slow": b"GET /healthz HTTP/1.1\r\n",
}


@pytest.mark.parametrize("reason", CUT)
async def test_a_connection_that_is_cut_off_is_told_of(anyio_backend: Any, reason: str) -> None:
    del anyio_backend
    heard: list[Event] = []
    async with sized(heard, header_s=0.3) as server:
        async with raw(server) as stream:
            await stream.send(CUT[reason])
            await everything_from(stream)
        assert await counted(server, reason)
    assert reasons(heard) == {reason}


async def test_a_connection_that_just_stays_silent_is_no_news(anyio_backend: Any) -> None:
    del anyio_backend
    heard: list[Event] = []
    async with sized(heard, header_s=0.3) as server, raw(server) as stream:
        await everything_from(stream)
    assert reasons(heard) == set()


async def test_an_answer_that_nobody_reads_is_given_up(anyio_backend: Any) -> None:
    del anyio_backend
    call = request("tools/call", {"name": "big", "arguments": {}})
    body = json.dumps(call).encode()
    fields = [f"{name}: {value}" for name, value in headers_of(call).items()]
    one = post(*fields, f"Content-Length: {len(body)}", body=body)
    heard: list[Event] = []
    async with sized(heard, write_s=0.3, header_s=1) as server, AsyncExitStack() as open_streams:
        for _ in range(5):
            stream = await open_streams.enter_async_context(raw(server))
            await stream.send(one * 30)
        with anyio.fail_after(5):
            while server._http is not None and len(server._http.server_state.connections) > 1:
                assert await is_well(server)
    assert reasons(heard) == {"unread"}


async def test_the_last_answer_that_nobody_reads_is_given_up_too(anyio_backend: Any) -> None:
    """What is left when the connection closes may be too little to make the server wait."""
    del anyio_backend
    async with sized(write_s=0.3, header_s=1) as server, raw(server) as stream:
        await stream.send(head())
        assert await status_of(stream) == 200
        assert server._http is not None
        (connection,) = server._http.server_state.connections
        transport: asyncio.Transport = connection.transport
        while not transport.get_write_buffer_size():
            transport.write(b"x" * 30_000)
        await stream.send(head("GET", "/healthz", "Connection: close"))
        with anyio.fail_after(5):
            while server._http.server_state.connections:
                await anyio.lowlevel.checkpoint()


async def test_one_address_gets_so_many_connections_and_no_more(anyio_backend: Any) -> None:
    del anyio_backend
    async with sized(connections_per_address=3) as server, AsyncExitStack() as open_streams:
        streams = [await open_streams.enter_async_context(raw(server)) for _ in range(3)]
        for stream in streams:
            await stream.send(head())
            assert await status_of(stream) == 200
        assert await answer_to(server, head()) == 0
        await streams[0].aclose()
        with anyio.fail_after(5):
            while not await is_well(server):
                await anyio.lowlevel.checkpoint()


async def test_all_addresses_together_get_so_many_connections(anyio_backend: Any) -> None:
    del anyio_backend
    heard: list[Event] = []
    async with sized(heard, connections=2) as server, AsyncExitStack() as open_streams:
        for _ in range(2):
            stream = await open_streams.enter_async_context(raw(server))
            await stream.send(head())
            assert await status_of(stream) == 200
        assert await answer_to(server, head()) == 0
    assert reasons(heard) == {"connections"}


async def test_slow_clients_do_not_hold_up_others(anyio_backend: Any) -> None:
    del anyio_backend
    async with sized(header_s=30, body_s=30) as server, AsyncExitStack() as open_streams:
        for _ in range(100):
            stream = await open_streams.enter_async_context(raw(server))
            await stream.send(b"GET /healthz HTTP/1.1\r\nA: ")
            stream = await open_streams.enter_async_context(raw(server))
            await stream.send(post("Content-Length: 1000", body=b"["))
        with anyio.fail_after(1):
            assert await is_well(server)
