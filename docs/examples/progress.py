"""A tool that reports progress and ends when its client goes away."""

import anyio

from toolyard import CallContext, MCPClient, MCPServerBuilder, Toolbox, ToolCall

tools = Toolbox()


@tools.tool
async def count_to(n: int, context: CallContext) -> int:
    """Count slowly.

    Args:
        n: How far.
    """
    for number in range(1, n + 1):
        await anyio.sleep(0.01)
        await context.progress(number, n, f"counted to {number}")
    return n


async def main() -> None:
    builder = MCPServerBuilder("counter").with_protocol("tools", tools).with_port(0)
    async with builder.build() as server, MCPClient(server.url) as client:
        result = await client.call_tool(ToolCall("count_to", {"n": 3}), CallContext())
        print(result.text)


if __name__ == "__main__":
    anyio.run(main)
