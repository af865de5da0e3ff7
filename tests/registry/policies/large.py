"""Tools that give much, and a registry that cuts what they give."""

from typing import Any

from toolyard import (
    CallContext,
    Caller,
    Image,
    LargeResults,
    Resource,
    ResultReader,
    ResultShelf,
    Text,
    Toolbox,
    ToolCall,
    ToolRegistry,
    ToolResult,
)

MOST = 4_000
ANN, BOB = (CallContext(caller=Caller(name)) for name in ("ann", "bob"))
ROWS = [{"name": f"row {number}", "size": number} for number in range(1_000)]
TEXT = "\n".join(f"line {number}" for number in range(1, 2_001))


async def text(lines: int = 2_000) -> str:
    return "\n".join(f"line {number}" for number in range(1, lines + 1))


async def rows() -> list[dict[str, Any]]:
    return ROWS


async def plain() -> ToolResult:
    return ToolResult((Text(TEXT), Image(b"x" * 100_000)), meta={"k": 1})


async def failing() -> ToolResult:
    return ToolResult((Text(TEXT),), is_error=True)


async def many_keys() -> dict[str, int]:
    return {f"a rather long name {number}": number for number in range(5_000)}


async def data_alone() -> ToolResult:
    return ToolResult(structured={"a": "b" * 20_000})


async def one_line() -> ToolResult:
    return ToolResult((Text("a" * 1_000_000),))


async def document() -> ToolResult:
    return ToolResult((Resource("notes://a", TEXT), Resource("notes://b", blob=b"x" * 100_000)))


def cutting(clock: list[float]) -> ToolRegistry:
    """These tools, cut and with their reader."""
    tools = Toolbox()
    every = (text, rows, plain, failing, many_keys, data_alone, one_line, document)
    for function in every:
        tools.add(function, description="Give much.")
    shelf = ResultShelf(clock=lambda: clock[0])
    return ToolRegistry(
        LargeResults(tools, shelf, most_bytes=MOST), ResultReader(shelf, most_bytes=MOST)
    )


async def called(
    source: ToolRegistry, tool: str, context: CallContext = ANN, **arguments: Any
) -> ToolResult:
    return await source.call_tool(ToolCall(tool, arguments), context)


def handle_in(result: ToolResult) -> str:
    return result.text.partition('handle "')[2].partition('"')[0]


async def read(
    source: ToolRegistry, handle: Any, context: CallContext = ANN, **way: Any
) -> ToolResult:
    return await called(source, "result_read", context, handle=handle, **way)
