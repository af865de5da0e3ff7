"""Requests to hosts that behave, and to hosts that do not."""

import gzip
import socket
import ssl
import subprocess
import sys
import threading
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute
from tests.egress.authority import DAY, LocalAuthority
from tests.egress.hosts import LOOPBACK, Names, fetched, fetcher, hosting, ok
from tests.support.missing import missing
from tests.support.process import ROOT

from toolyard.core.errors import ToolError
from toolyard.egress.addresses import AddressRules
from toolyard.egress.destinations import Destinations
from toolyard.egress.fetcher import Fetcher
from toolyard.egress.lookup import MAX_LOOKUPS

LIMIT = 1_048_576
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def guarded(names: Names, *allowed: str, deny: Sequence[str] = ()) -> Fetcher:
    return Fetcher(Destinations(ports=None), AddressRules(allowed, deny), resolve=names)


async def test_an_answer_comes_with_status_headers_and_body() -> None:
    async with hosting(ok(b"hi", "X-A: 1", "X-A: 2")) as host:
        answer = await fetched(host.url("/p?q=1"), headers={"x-own": "v"})
    assert (answer.status, answer.body, answer.truncated) == (200, b"hi", False)
    assert answer.headers == {"content-length": "2", "x-a": "1, 2"}
    sent = host.requests[0].decode().split("\r\n")
    assert sent[0] == "GET /p?q=1 HTTP/1.1"
    assert {line.lower() for line in sent[1:] if line} == {
        f"host: a.example:{host.port}",
        "x-own: v",
        "accept-encoding: gzip, deflate",
        "connection: close",
    }


async def test_the_name_is_looked_up_once_and_the_answer_is_what_is_dialled() -> None:
    """A name that would lead inside the second time it is looked up never gets there."""

    class Rebinding(Names):
        async def __call__(self, host: str) -> Sequence[str]:
            self.asked.append(host)
            return ["127.0.0.1"] if len(self.asked) == 1 else ["127.0.0.9"]

    names = Rebinding()
    async with hosting(ok()) as host:
        answer = await fetched(host.url(), by=guarded(names, "127.0.0.1"))
    assert answer.body == b"fine"
    assert names.asked == ["a.example"]
    assert f"Host: a.example:{host.port}".encode().lower() in host.requests[0].lower()


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["8.8.8.8", "::1"],
        ["2606:4700::1111", "::ffff:127.0.0.1"],
        ["8.8.8.8", "169.254.169.254"],
        ["64:ff9b::7f00:1"],
        ["fe80::1%eth0"],
        ["8.8.8.8", "not an address"],
        ["0.0.0.0"],
        [],
    ],
)
async def test_one_bad_answer_refuses_a_name_before_anything_is_dialled(
    answers: Sequence[str],
) -> None:
    async with hosting(ok()) as host:
        with pytest.raises(ToolError, match="cannot be reached from here") as raised:
            await fetched(host.url(), by=guarded(Names({"a.example": answers})))
    assert host.requests == []
    assert not [address for address in answers if address in str(raised.value)]


async def test_a_name_that_is_not_there_is_told_like_one_that_is_inside() -> None:
    """What exists in a private network is nobody's business."""
    names = Names({"inside.test": ["10.0.0.1"]})
    told: list[str] = []
    for name in ("inside.test", "absent.test"):
        with pytest.raises(ToolError) as raised:
            await fetched(f"http://{name}/", by=guarded(names))
        told.append(str(raised.value).replace(name, ""))
    assert told[0] == told[1]


async def test_an_address_needs_no_lookup() -> None:
    names = Names()
    async with hosting(ok()) as host:
        await fetched(host.url(name="127.0.0.1"), by=guarded(names, LOOPBACK))
        with pytest.raises(ToolError, match="cannot be reached"):
            await fetched(host.url(name="127.0.0.1"), by=guarded(names))
    assert names.asked == []


async def test_a_denied_block_holds_for_what_a_name_leads_to() -> None:
    async with hosting(ok()) as host:
        with pytest.raises(ToolError, match="cannot be reached"):
            await fetched(host.url(), by=guarded(Names(), LOOPBACK, deny=["127.0.0.1"]))


async def test_the_next_address_is_tried_if_one_does_not_accept() -> None:
    async with hosting(ok()) as host:
        names = Names({"a.example": ["127.0.0.2", "127.0.0.1"]})
        assert (await fetched(host.url(), by=guarded(names, LOOPBACK))).body == b"fine"


async def test_a_port_where_nobody_listens_is_told() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(ToolError, match=f"accepts no connection on port {port}") as raised:
            await fetched(f"http://a.example:{port}/")
    assert "127" not in str(raised.value)


async def test_proxies_and_certificates_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with hosting(ok()) as host:
        assert (await fetched(host.url())).body == b"fine"
    assert host.requests[0].startswith(b"GET / ")


async def test_a_lookup_that_never_ends_is_given_up() -> None:
    async def never(host: str) -> Sequence[str]:
        await anyio.sleep_forever()
        raise AssertionError

    slow = Fetcher(Destinations(), AddressRules(), resolve=never, lookup_s=0.05)
    with pytest.raises(ToolError, match="Looking up"):
        await fetched("http://a.example/", by=slow)


async def test_lookups_that_hang_take_a_bounded_number_of_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = threading.Event()

    def hang(*args: object, **options: object) -> list[object]:
        ended.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    before = threading.active_count()
    slow = Fetcher(Destinations(), AddressRules(), lookup_s=0.3)
    refused: list[str] = []

    async def ask() -> None:
        with pytest.raises(ToolError, match="Looking up"):
            await fetched("http://a.example/", by=slow)
        refused.append("told")

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for _ in range(100):
                group.start_soon(ask)
    assert len(refused) == 100
    assert threading.active_count() - before <= MAX_LOOKUPS
    ended.set()


# What is sent is one thing, and what is read of the answer is another.


async def drip(stream: ByteStream, request: bytes) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        await stream.send(b"x")
        await anyio.sleep(0.02)


async def drip_headers(stream: ByteStream, request: bytes) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await stream.send(b"X: y\r\n")
        await anyio.sleep(0.02)


async def endless_continues(stream: ByteStream, request: bytes) -> None:
    while True:
        await stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await anyio.sleep(0.01)


async def silent(stream: ByteStream, request: bytes) -> None:
    await anyio.sleep_forever()


@pytest.mark.parametrize("host", [drip, drip_headers, endless_continues, silent])
async def test_the_time_is_that_of_everything_together(host: object) -> None:
    async with hosting(host) as slow:  # pyright: ignore[reportArgumentType]
        started = anyio.current_time()
        with pytest.raises(ToolError, match=r"did not answer in full within 0.3 s"):
            await fetched(slow.url(), timeout_s=0.3)
        assert anyio.current_time() - started < 2


async def endless_header(stream: ByteStream, request: bytes) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        await stream.send(b"y" * 65_536)


async def endless_headers(stream: ByteStream, request: bytes) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await stream.send(b"X: y\r\n" * 10_000)


async def endless_chunk_size(stream: ByteStream, request: bytes) -> None:
    await stream.send(CHUNKED)
    while True:
        await stream.send(b"0" * 65_536)


@pytest.mark.parametrize(
    "host",
    [
        endless_header,
        endless_headers,
        endless_chunk_size,
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX\x00Y: 1\r\nContent-Length: 0\r\n\r\n",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    ],
    ids=lambda host: getattr(host, "__name__", str(host)),
)
async def test_what_is_no_correct_http_is_an_error(host: object) -> None:
    async with hosting(host) as odd:  # pyright: ignore[reportArgumentType]
        with pytest.raises(ToolError, match=r"correct HTTP|ended the connection"):
            await fetched(odd.url())


async def test_two_lengths_that_disagree_with_chunks_are_read_by_the_chunks() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with hosting(answer + b"2\r\nab\r\n0\r\n\r\n") as host:
        with_both = await fetched(host.url())
    assert with_both.body == b"ab"


@pytest.mark.parametrize(("size", "cut"), [(LIMIT, False), (LIMIT + 1, True), (8 * LIMIT, True)])
async def test_a_body_over_the_limit_is_cut_and_said_to_be(size: int, cut: bool) -> None:
    async with hosting(ok(bytes(size))) as host:
        answer = await fetched(host.url(), max_bytes=LIMIT)
    assert (len(answer.body), answer.truncated) == (LIMIT, cut)


async def endless_body(stream: ByteStream, request: bytes) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        await stream.send(b"x" * 65_536)


async def endless_nothing(stream: ByteStream, request: bytes) -> None:
    """A compressed stream that goes on and on and decodes to nothing."""
    await stream.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n\x78\x9c")
    while True:
        await stream.send(b"\x00\x00\x00\xff\xff" * 10_000)


@pytest.mark.parametrize(("host", "size"), [(endless_body, 5000), (endless_nothing, 0)])
async def test_a_body_without_an_end_is_cut(host: object, size: int) -> None:
    async with hosting(host) as endless:  # pyright: ignore[reportArgumentType]
        answer = await fetched(endless.url(), max_bytes=5000)
    assert (len(answer.body), answer.truncated) == (size, True)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"hi", mtime=0)),
        ("deflate", zlib.compress(b"hi")),
        ("identity", b"hi"),
    ],
)
async def test_a_compressed_body_is_decompressed(coding: str, body: bytes) -> None:
    async with hosting(ok(body, f"Content-Encoding: {coding}")) as host:
        assert (await fetched(host.url())).body == b"hi"


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "zstd", "x"])
async def test_a_coding_that_was_not_asked_for_is_refused(coding: str) -> None:
    async with hosting(ok(b"hi", f"Content-Encoding: {coding}")) as host:
        with pytest.raises(ToolError, match="compressed"):
            await fetched(host.url())


@pytest.mark.parametrize("body", [b"not gzip at all", gzip.compress(b"hi" * 999, mtime=0)[:-4]])
async def test_a_damaged_compressed_body_is_an_error(body: bytes) -> None:
    async with hosting(ok(body, "Content-Encoding: gzip")) as host:
        with pytest.raises(ToolError, match="damaged"):
            await fetched(host.url())


async def test_a_head_has_no_body_whatever_it_says() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: br\r\n\r\n"
    async with hosting(answer) as host:
        head = await fetched(host.url(), "HEAD")
    assert (head.body, head.headers["content-length"]) == (b"", "5")


@pytest.mark.parametrize("status", [204, 304, 404, 500, 599])
async def test_any_status_is_an_answer(status: int) -> None:
    async with hosting(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()) as host:
        assert (await fetched(host.url())).status == status


async def test_a_connection_is_used_once() -> None:
    async with hosting(ok()) as host:
        both = fetcher()
        await fetched(host.url(), by=both)
        await fetched(host.url(), by=both)
    assert len(host.requests) == 2
    assert all(b"connection: close" in request.lower() for request in host.requests)


async def test_a_cancelled_request_ends_at_once_and_leaves_room_for_others() -> None:
    by = fetcher()
    async with hosting(silent) as host:
        with anyio.move_on_after(0.5) as scope:
            async with anyio.create_task_group() as group:
                for _ in range(150):  # more than there may be connections
                    group.start_soon(lambda: fetched(host.url(), by=by, timeout_s=20))
        assert scope.cancelled_caught
    async with hosting(ok()) as host:
        assert (await fetched(host.url(), by=by, timeout_s=5)).body == b"fine"


# TLS: the address was vetted, and the name must still prove itself.


async def test_tls_is_with_the_name_and_not_with_the_address(tmp_path: Path) -> None:
    authority = LocalAuthority()
    names: list[str | None] = []
    tls = authority.server("a.example", tmp_path)
    tls.sni_callback = lambda stream, name, context: names.append(name)
    async with hosting(ok(), tls=tls) as host:
        answer = await fetched(host.url(scheme="https"), by=fetcher(trust=authority.trust()))
    assert answer.body == b"fine"
    assert names == ["a.example"]


async def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    authority = LocalAuthority()
    await refuse(authority.server("other.example", tmp_path), authority.trust())


async def test_a_certificate_that_ended_is_refused(tmp_path: Path) -> None:
    authority = LocalAuthority()
    await refuse(authority.server("a.example", tmp_path, ends=-DAY), authority.trust())


async def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    await refuse(LocalAuthority().server("a.example", tmp_path), LocalAuthority().trust())


async def refuse(server: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    async with hosting(ok(), tls=server) as host:
        with pytest.raises(ToolError, match="did not prove who it is"):
            await fetched(host.url(scheme="https"), by=fetcher(trust=trust))
    assert host.requests == []


async def test_a_handshake_that_hangs_is_given_up_and_closed() -> None:
    closed = anyio.Event()

    async def listen(stream: ByteStream) -> None:
        async with stream:
            with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                while True:
                    await stream.receive()
            closed.set()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(SocketAttribute.local_port)
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, listen)
        with pytest.raises(ToolError, match="did not answer"):
            await fetched(f"https://a.example:{port}/", timeout_s=0.3)
        with anyio.fail_after(5):
            await closed.wait()
        group.cancel_scope.cancel()


# Bombs.

BOMB = """
import zlib
from pathlib import Path

import anyio
from tests.egress.hosts import hosting, ok
from toolyard import CallContext, HttpClient, ToolCall

def bomb() -> bytes:
    compress = zlib.compressobj(9, wbits=31)
    first, second = (
        compress.compress(bytes(1 << 20)) + compress.flush(zlib.Z_FULL_FLUSH) for _ in range(2)
    )
    return first + second * 2047  # after a full flush, pieces can be repeated

def memory(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0]) * 1024

async def main() -> None:
    body = bomb()
    twice = zlib.compressobj(9, wbits=31)
    double = twice.compress(body) + twice.flush()
    web = HttpClient(allow_private=["127.0.0.1"], allowed_ports=None, max_response_bytes=1 << 21)
    for sent, coding in (
        (b"hi", "identity"), (body, "gzip"), (double, "gzip, gzip"), (double, "gzip"),
    ):
        headers = (f"Content-Encoding: {coding}", "Content-Type: text/plain")
        async with hosting(ok(sent, *headers)) as host:
            Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
            before = memory("VmRSS")
            call = ToolCall("http_get", {"url": host.url(name="127.0.0.1")})
            result = await web.call_tool(call, CallContext())
            peak = memory("VmHWM") - before
        length = 0 if result.is_error else len(result.structured["body"])
        print(len(sent), length, result.is_error, peak)

anyio.run(main)
"""


def test_a_bomb_of_two_gigabytes_costs_little_memory() -> None:
    """2 GB in 2 MB, and those again in 5 KB: what is read is the limit, and what it costs is
    measured as the system sees it, from the wire to what a model would get.
    """
    if not Path("/proc/self/clear_refs").exists():
        missing("/proc/self/clear_refs", "Run this on Linux.")
    done = subprocess.run(
        [sys.executable, "-c", BOMB],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    _, single, refused, double = (line.split() for line in done.stdout.splitlines())
    assert single[1:3] == [str(1 << 21), "False"]
    assert refused[1:3] == ["0", "True"]
    assert int(double[0]) < 5_000
    for peak in (single[3], refused[3], double[3]):
        assert int(peak) < 20 * 1024 * 1024, done.stdout
