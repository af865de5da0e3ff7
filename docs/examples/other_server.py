"""A server that is started as a process, called directly and served on beside tools of your own."""

import sys

import anyio

from toolyard import CallContext, MCPClient, ToolCall, ToolRegistry

COMMAND = [sys.executable, "-m", "toolyard", "serve", "calculator", "--stdio"]
"""Any MCP server that speaks over standard input and output, in any language."""


async def main() -> None:
    context = CallContext()
    async with MCPClient.stdio(COMMAND, env={"LANG": "C.UTF-8"}) as client:
        result = await client.call_tool(ToolCall("calculator", {"expression": "6 * 7"}), context)
        print(result.text)

    registry = ToolRegistry()
    async with registry:
        await registry.add("sums", MCPClient.stdio(COMMAND), prefix="sums")
        print([tool.name for tool in await registry.list_tools(context)])


if __name__ == "__main__":
    anyio.run(main)
