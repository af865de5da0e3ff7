"""Large results on their way through a gateway: whole, bounded, and not copied for nothing."""

import json
import sys
import tracemalloc
from itertools import product
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.clients.serving import ERAS, serving, url_of
from tests.servers.gateway_process import gateway_process
from tests.support.process import free_port

from toolyard import CallContext, MCPClient, Text, Toolbox, ToolCall, ToolResult
from toolyard.clients.bounds import MOST_BYTES
from toolyard.clients.plain_answer import LARGE_BYTES, plain_answer_in
from toolyard.core.content import Image
from toolyard.servers.lane.answers import call_response, ending

CONTEXT = CallContext()
BOTH = list(product(ERAS, ERAS))
LINE = 'a "line" of text \\ \u2028 é\n'
ROWS: list[dict[str, Any]] = [
    {"id": number, "name": f"n{number}", "share": number / 3, "rest": [None, True, {}]}
    for number in range(4_000)
]
LARGE = {
    "text": ToolResult((Text(LINE * 100_000), Text(""))),
    "rows": ToolResult((Text("ok"),), {"rows": ROWS}),
    "list": ToolResult((Text("x" * LARGE_BYTES),), {"result": [1, LINE]}),
    "picture": ToolResult((Image(bytes(range(256)) * 4_000), Text(LINE))),
    "error": ToolResult((Text(LINE * 100_000),), is_error=True),
}


def toolbox() -> Toolbox:
    """Tools that give much."""
    tools = Toolbox()

    @tools.tool
    async def give(name: str) -> ToolResult:
        """Give something large."""
        return LARGE[name]

    @tools.tool
    async def repeat(text: str) -> ToolResult:
        """Give the text back."""
        return ToolResult((Text(text),))

    @tools.tool
    async def fill(size: int, what: str = "x") -> ToolResult:
        """Give so many letters, or whatever it is."""
        return ToolResult((Text(what * size),))

    assert all((give, repeat, fill))
    return tools


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_large_results_and_arguments_arrive_whole(far: str, near: str) -> None:
    with anyio.fail_after(60):
        async with (
            serving(toolbox()) as url,
            serving(MCPClient(url, revision=far)) as gateway,
            MCPClient(gateway, revision=near) as caller,
        ):
            for name, given in LARGE.items():
                assert await caller.call_tool(ToolCall("give", {"name": name}), CONTEXT) == given
            text = LINE * 100_000
            result = await caller.call_tool(ToolCall("repeat", {"text": text}), CONTEXT)
            assert result.text == text


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_a_result_beyond_the_limit_is_an_error_for_the_model(far: str, near: str) -> None:
    most = 300_000
    with anyio.fail_after(60):
        async with (
            serving(toolbox()) as url,
            serving(MCPClient(url, revision=far), answer_bytes=most) as gateway,
            MCPClient(gateway, revision=near) as caller,
        ):
            fits = await caller.call_tool(ToolCall("fill", {"size": most - 1_000}), CONTEXT)
            assert fits == ToolResult((Text("x" * (most - 1_000)),))
            refused = await caller.call_tool(ToolCall("fill", {"size": most}), CONTEXT)
            assert refused.is_error
            assert f"larger than {most} bytes" in refused.text


def unread(*texts: str, structured: Any = None) -> ToolResult:
    """A result as a server elsewhere says it, which nobody has looked into."""
    blocks = [{"type": "text", "text": text} for text in ("x" * LARGE_BYTES, *texts)]
    result = {"resultType": "complete", "content": blocks, "structuredContent": structured}
    message = {"jsonrpc": "2.0", "id": 7, "result": result}
    answer = plain_answer_in(bytearray(json.dumps(message, ensure_ascii=False).encode()))
    assert answer is not None
    assert answer.result.unread is not None
    return answer.result


@pytest.mark.parametrize("structured", [None, {"a": [1, "é"]}, [1]])
@pytest.mark.parametrize("end", [ending({"a": 1}), b""], ids=["modern", "legacy"])
def test_a_result_is_written_alike_read_or_unread(structured: Any, end: bytes) -> None:
    passed, read = unread(LINE, structured=structured), unread(LINE, structured=structured)
    assert read.content
    first, second = (call_response("a", each, end, MOST_BYTES) for each in (passed, read))
    assert first is not None
    assert second is not None
    assert passed.unread is not None
    assert json.loads(b"".join(first)) == json.loads(b"".join(second))


def test_a_result_is_not_passed_on_that_may_be_too_large() -> None:
    assert call_response(1, unread(), b"", 2 * LARGE_BYTES + 300) is not None
    assert call_response(1, unread(), b"", 2 * LARGE_BYTES) is None


def test_a_large_text_is_passed_on_without_a_copy() -> None:
    text = LINE * 100_000
    tracemalloc.start()
    try:
        result = unread(text)
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        pieces = call_response(1, result, ending({}), MOST_BYTES)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert pieces is not None
    assert sum(map(len, pieces)) > len(text)
    assert peak - before < len(text) / 8


@pytest.mark.skipif(sys.platform != "linux", reason="it reads memory from Linux")
async def test_a_gateway_needs_little_more_memory_than_a_result_has_bytes() -> None:
    count, port = 250_000, free_port()
    with anyio.fail_after(60):
        async with (
            serving(toolbox()) as url,
            gateway_process(url, ERAS[0], port) as gateway,
            MCPClient(url_of(port), revision=ERAS[0]) as caller,
        ):
            await caller.call_tool(ToolCall("fill", {"size": 10}), CONTEXT)
            before = peak_bytes(gateway.pid)
            lines = ToolCall("fill", {"size": count, "what": LINE})
            size = len((await caller.call_tool(lines, CONTEXT)).text.encode())
            assert size == count * len(LINE.encode())
            assert peak_bytes(gateway.pid) - before < 3 * size


def peak_bytes(pid: int) -> int:
    """The most memory that a process has had."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
