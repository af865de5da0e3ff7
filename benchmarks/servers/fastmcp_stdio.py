"""The tool behind FastMCP on standard input and output."""

from __future__ import annotations

import anyio
from fastmcp import FastMCP

from benchmarks.servers.options import adders


async def run() -> None:
    server = FastMCP("bench")
    for add in adders(1):
        server.tool(add)
    await server.run_stdio_async(show_banner=False)


if __name__ == "__main__":
    anyio.run(run)
