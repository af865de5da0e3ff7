"""The tool behind the SDK's `MCPServer` on standard input and output."""

from __future__ import annotations

import anyio
from mcp.server.mcpserver import MCPServer

from benchmarks.servers.options import adders


def main() -> None:
    server = MCPServer("bench", log_level="WARNING")
    for add in adders(1):
        server.add_tool(add)
    anyio.run(server.run_stdio_async)


if __name__ == "__main__":
    main()
