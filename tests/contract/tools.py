"""The tools whose sources are compared; `python tools.py` serves them on standard input."""

import anyio

from toolyard import CallContext, MCPServerBuilder, Toolbox, ToolError

tools = Toolbox()


@tools.tool
async def add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b


@tools.tool
def upper(text: str, times: int | None = None) -> dict[str, list[str]]:
    """Repeat a text in capitals, in a thread.

    Args:
        text: Any text.
        times: How often.
    """
    return {"texts": [text.upper()] * (times or 1)}


@tools.tool
async def wait(seconds: float, context: CallContext) -> float:
    """Wait so long, saying when it begins."""
    await context.progress(0)
    await anyio.sleep(seconds)
    return seconds


@tools.tool
async def refuse() -> str:
    """Refuse."""
    raise ToolError("not today")


if __name__ == "__main__":
    anyio.run(MCPServerBuilder("contract").with_protocol("tools", tools).build().serve_stdio)
