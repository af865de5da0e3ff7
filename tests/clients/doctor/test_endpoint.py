"""What the doctor makes of answers that never end, or are far too much."""

import gzip
from contextlib import suppress

import anyio
import pytest
from anyio.abc import SocketStream
from tests.clients.serving import Asked, answering, asked_on, handling, http

from toolyard.clients.doctor.endpoint import Answer, Endpoint
from toolyard.clients.doctor.examine import examine
from toolyard.clients.targets import HttpServer
from toolyard.core.errors import Unreachable


async def answer_to(url: str) -> Answer:
    async with Endpoint.open(HttpServer(url)) as endpoint:
        with anyio.fail_after(5):
            return await endpoint.post_modern("server/discover")


async def told(raw: bytes) -> str:
    """What the doctor says of a server that always answers `raw`."""

    async def answer(asked: Asked) -> bytes:
        del asked
        return raw

    async with answering(answer) as url:
        return str(await answer_to(url))


async def test_a_wait_of_5000_digits_is_not_kept() -> None:
    said = await told(http(429, head=f"Retry-After: {'9' * 5000}\r\n"))
    assert said == "HTTP 429 with no JSON-RPC message"


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
async def test_a_compressed_answer_is_refused_unread(kind: str) -> None:
    bomb = gzip.compress(b" " * (64 << 20), 1)
    said = await told(http(200, bomb, kind=kind, head="Content-Encoding: gzip\r\n"))
    assert "compressed" in said


async def test_an_answer_over_16_mib_is_refused() -> None:
    assert "over 16 MiB" in await told(http(200, b" " * (16 << 20) + b"{}"))


async def test_a_stream_of_endless_comments_ends_with_the_time() -> None:
    async def handle(stream: SocketStream) -> None:
        async with stream:
            await asked_on(stream)
            await stream.send(b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\n")
            with suppress(anyio.BrokenResourceError):
                while True:
                    await stream.send(b": still here\n" * 1000)

    async with handling(handle) as url:
        with anyio.fail_after(5), pytest.raises(Unreachable, match="in time"):
            await examine(url, timeout_s=0.3)
