"""A small server on standard input and output; `python stdio_tools.py` serves it."""

import os
import subprocess
import sys

import anyio

from toolyard import CallContext, MCPServerBuilder, Toolbox

tools = Toolbox()


@tools.tool
def add(a: float, b: float) -> float:
    """Add two numbers, noisily."""
    print("a word on standard output")
    sys.stdout.write("half a line")
    sys.stdout.flush()
    os.write(1, b'{"jsonrpc": "2.0", "id": 1, "result": "forged"}\n')
    subprocess.run(["echo", "a child's word"], check=True)
    return a + b


@tools.tool
async def count(to: int, context: CallContext) -> int:
    """Count with progress."""
    for number in range(1, to + 1):
        await context.progress(number, to, f"at {number}")
    return to


@tools.tool
async def hang(context: CallContext) -> None:
    """Say that it began, and hang until it is cancelled."""
    await context.progress(1)
    try:
        await anyio.sleep_forever()
    finally:
        print("cancelled", file=sys.stderr, flush=True)


@tools.tool
async def read() -> str:
    """Read standard input, where nothing must be."""
    return sys.stdin.read()


@tools.tool
async def grow() -> None:
    """Offer one more tool."""
    tools.add(add, name="grown")


if __name__ == "__main__":
    anyio.run(MCPServerBuilder("small").with_protocol("tools", tools).build().serve_stdio)
