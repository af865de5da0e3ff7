"""A small server on standard input and output; `python stdio_tools.py 1 2` serves it.

Told to end, it gives calls a second, and then its answers two to be written.
"""

import os
import subprocess
import sys

import anyio

from toolyard import CallContext, MCPServerBuilder, Text, Toolbox, ToolResult
from toolyard.servers import stdio

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
async def mumble() -> None:
    """Print what is not written before something makes it."""
    print("half a word", end="")


@tools.tool
async def grow() -> None:
    """Offer one more tool."""
    tools.add(add, name="grown")


@tools.tool
async def odd(context: CallContext) -> ToolResult:
    """Say what UTF-8 cannot hold, everywhere."""
    name = os.fsdecode(b"caf\xe9.txt")
    await context.log("info", {name: name})
    await context.progress(1, message=name)
    return ToolResult((Text(name),), structured={name: name}, meta={"x": name})


@tools.tool
async def impossible() -> ToolResult:
    """Give what JSON cannot hold."""
    return ToolResult(structured={"a": 10**5000})


@tools.tool
async def finish(context: CallContext) -> str:
    """Say that it began, and finish a little later."""
    await context.progress(1)
    await anyio.sleep(0.5)
    return "finished"


if __name__ == "__main__":
    drain_s, stdio.LAST_WORDS_S = map(float, sys.argv[1:])
    server = MCPServerBuilder("small").with_protocol("tools", tools).with_drain(drain_s)
    anyio.run(server.build().serve_stdio)
