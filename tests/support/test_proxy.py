"""The rig itself: the proxy adds a token and changes nothing else."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import anyio
import anyio.abc
import httpx2
from tests.support.proxy import bearer_proxy

END = b"\r\n\r\nbody"


@asynccontextmanager
async def recorder(heads: list[bytes], answer: bytes) -> AsyncGenerator[int]:
    """A server that notes what it receives and gives `answer`; gives its port."""

    async def handle(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            request = b""
            with suppress(anyio.EndOfStream):
                while not request.endswith(END):
                    request += await stream.receive()
                heads.append(request)
                await stream.send(answer)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        yield listener.extra(anyio.abc.SocketAttribute.local_port)
        group.cancel_scope.cancel()


async def test_the_proxy_adds_the_token_and_leaves_host_origin_and_body_alone() -> None:
    heads: list[bytes] = []
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    with anyio.fail_after(5):
        async with (
            recorder(heads, answer) as port,
            bearer_proxy(port, "s3cret") as entry,
            httpx2.AsyncClient(trust_env=False) as client,
        ):
            response = await client.post(
                f"http://127.0.0.1:{entry}/mcp",
                content=b"body",
                headers={"Host": "evil.example", "Origin": "http://evil.example"},
            )
    assert response.text == "hello"
    lines = heads[0].removesuffix(END).lower().split(b"\r\n")
    assert lines[0] == b"post /mcp http/1.1"
    assert b"authorization: bearer s3cret" in lines
    assert b"host: evil.example" in lines
    assert b"origin: http://evil.example" in lines
    assert [line for line in lines if line.startswith(b"connection:")] == [b"connection: close"]


async def test_the_proxy_outlives_a_client_that_goes_away() -> None:
    heads: list[bytes] = []
    answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
    with anyio.fail_after(5):
        async with recorder(heads, answer) as port, bearer_proxy(port, "s3cret") as entry:
            async with await anyio.connect_tcp("127.0.0.1", entry) as rude:
                await rude.send(b"POST /mcp HT")
            async with httpx2.AsyncClient(trust_env=False) as client:
                response = await client.post(f"http://127.0.0.1:{entry}/mcp", content=b"body")
    assert response.status_code == 204
