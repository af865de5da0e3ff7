"""Servers that say far too much."""

import gzip
import resource
import sys
import textwrap
from collections.abc import Awaitable, Callable

import anyio
import pytest
from tests.clients.serving import Asked, OldServer, answering, http

from toolyard import CallContext, MCPClient, ToolCall
from toolyard.clients.bounds import MOST_BYTES, MOST_DEPTH, MOST_TOOLS
from toolyard.core.errors import RemoteFault, ToolyardError, Unreachable

CONTEXT = CallContext()


def kinds(raw: bytes) -> dict[str, bytes]:
    """The same answer, as JSON and as an event."""
    stream = http(200, b"data: " + raw + b"\n\n", kind="text/event-stream")
    return {"json": http(200, raw), "events": stream}


def answer_with(structured: bytes, number: int) -> bytes:
    head = b'{"jsonrpc":"2.0","id":%d,"result":{"resultType":"complete","content":[],' % number
    return head + b'"structuredContent":{"a":%s}}}' % structured


def saying(method: str, said: Callable[[Asked], bytes]) -> Callable[[Asked], Awaitable[bytes]]:
    """An old server that answers `method` with `said`."""
    server = OldServer()

    async def answer(asked: Asked) -> bytes:
        if asked.body and asked.body.get("method") == method:
            return said(asked)
        return await server.answer(asked)

    return answer


def memory_mib() -> float:
    """The most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


TOOL = {"name": "a", "inputSchema": {"type": "object"}, "description": "Do something."}
TANGLED = {
    "values": b"[" + b"[]," * 4_000_000 + b"0]",
    "depth": b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1),
}


@pytest.mark.parametrize("kind", ["json", "events"])
@pytest.mark.parametrize("tangle", TANGLED)
async def test_a_tangled_answer_is_refused_before_it_is_parsed(kind: str, tangle: str) -> None:
    def said(asked: Asked) -> bytes:
        return kinds(answer_with(TANGLED[tangle], asked.body["id"]))[kind]

    async with answering(saying("tools/call", said)) as url, MCPClient(url) as client:
        before = memory_mib()
        with anyio.fail_after(10), pytest.raises(Unreachable, match="values"):
            await client.call_tool(ToolCall("x"), CONTEXT)
        assert memory_mib() - before < 150
        assert len(await client.list_tools(CONTEXT)) == 1


@pytest.mark.parametrize("kind", ["json", "events"])
async def test_an_answer_over_16_mib_is_refused(kind: str) -> None:
    def said(asked: Asked) -> bytes:
        return kinds(answer_with(b'"%s"' % (b"x" * MOST_BYTES), asked.body["id"]))[kind]

    async with answering(saying("tools/call", said)) as url, MCPClient(url) as client:
        with anyio.fail_after(10), pytest.raises(Unreachable, match=r"MiB|ended"):
            await client.call_tool(ToolCall("x"), CONTEXT)
        assert len(await client.list_tools(CONTEXT)) == 1


@pytest.mark.parametrize("kind", ["json", "events"])
async def test_a_compressed_answer_is_refused_unread(kind: str) -> None:
    bomb = gzip.compress(b" " * (256 << 20), 1)
    content = {"json": "application/json", "events": "text/event-stream"}[kind]

    def said(asked: Asked) -> bytes:
        assert asked.headers["accept-encoding"] == "identity"
        return http(200, bomb, kind=content, head="Content-Encoding: gzip\r\n")

    async with answering(saying("tools/call", said)) as url, MCPClient(url) as client:
        before = memory_mib()
        with anyio.fail_after(10), pytest.raises(Unreachable, match="compressed"):
            await client.call_tool(ToolCall("x"), CONTEXT)
        assert memory_mib() - before < 20


async def test_a_list_of_ten_thousand_tools_is_taken() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "description": "x" * 300}}}
    tools = [
        {"name": f"tool_{n}", "inputSchema": schema, "description": "d"} for n in range(10_000)
    ]

    def said(asked: Asked) -> bytes:
        return http(200, {"jsonrpc": "2.0", "id": asked.body["id"], "result": {"tools": tools}})

    async with answering(saying("tools/list", said)) as url, MCPClient(url) as client:
        assert len(await client.list_tools(CONTEXT)) == 10_000


LARGE_TOOL = {**TOOL, "description": "x" * (2 << 20)}
TOO_LONG = {
    "tools on one page": ([TOOL] * (MOST_TOOLS + 1), "20000 tools"),
    "tools on many pages": ([TOOL] * (MOST_TOOLS // 10), "20000 tools"),
    "bytes": ([LARGE_TOOL], "16 MiB"),
}


@pytest.mark.parametrize("excess", TOO_LONG)
async def test_a_list_that_is_far_too_long_is_refused(excess: str) -> None:
    tools, expected = TOO_LONG[excess]
    pages: list[int] = []

    def said(asked: Asked) -> bytes:
        pages.append(asked.body["id"])
        page = {"tools": tools, "nextCursor": f"page {len(pages)}"}
        return http(200, {"jsonrpc": "2.0", "id": asked.body["id"], "result": page})

    async with answering(saying("tools/list", said)) as url, MCPClient(url) as client:
        with anyio.fail_after(20), pytest.raises(RemoteFault, match=expected):
            await client.list_tools(CONTEXT)
    assert len(pages) < 15


ANSWERS = """
    import json, sys

    said = {said}
    for line in sys.stdin:
        message = json.loads(line)
        number, method = message.get("id"), message["method"]
        if method == "tools/call":
            sys.stdout.write(said.replace("NUMBER", str(number)) + "\\n")
        elif method == "initialize":
            info = dict(name="odd", version="1")
            able = dict(capabilities=dict(tools={{}}), serverInfo=info)
            result = dict(protocolVersion="2025-11-25", **able)
            print(json.dumps(dict(jsonrpc="2.0", id=number, result=result)))
        elif number is not None:
            print(json.dumps(dict(jsonrpc="2.0", id=number, result=dict(tools=[]))))
        sys.stdout.flush()
"""


def odd_process(said: str) -> tuple[str, ...]:
    """A server that answers each call with what the expression `said` gives."""
    return (sys.executable, "-c", textwrap.dedent(ANSWERS).format(said=said))


BEGUN = '\'{"jsonrpc":"2.0","id":NUMBER,"result":{"content":[],"structuredContent":{"a":\''


async def broken(client: MCPClient) -> ToolyardError:
    with anyio.fail_after(10), pytest.raises(ToolyardError) as raised:
        await client.call_tool(ToolCall("x"), CONTEXT)
    return raised.value


LINES = {
    "tangled": f"{BEGUN} + '[' + '[],' * 4_000_000 + '0]' + '}}}}}}'",
    "of many digits": f"{BEGUN} + '9' * 5_000 + '}}}}}}'",
    "of another kind": '\'{"jsonrpc":"2.0","id":NUMBER,"result":[]}\'',
}


@pytest.mark.parametrize("line", LINES)
async def test_a_line_that_cannot_be_read_fails_its_call_only(line: str) -> None:
    async with MCPClient.stdio(odd_process(LINES[line]), revision="legacy") as client:
        before, connection = memory_mib(), client.sdk
        error = await broken(client)
        assert isinstance(error, RemoteFault)
        assert "unintelligible" in str(error)
        assert memory_mib() - before < 150
        assert await client.list_tools(CONTEXT) == ()
        assert client.sdk is connection


ENDS = {
    '\'{"jsonrpc":"2.0","result":[]}\'': "an answer that cannot be read",
    "'x' * (17 << 20)": "a line over 16 MiB",
}


@pytest.mark.parametrize("said", ENDS)
async def test_a_line_that_answers_nobody_knows_what_ends_every_call(said: str) -> None:
    async with MCPClient.stdio(odd_process(said), revision="legacy") as client:
        error = await broken(client)
        assert isinstance(error, Unreachable)
        assert ENDS[said] in str(error)
        assert await client.list_tools(CONTEXT) == ()
