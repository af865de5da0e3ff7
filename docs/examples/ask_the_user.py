"""A tool that asks the user something in the middle of a call, in either protocol era."""

from collections.abc import Mapping
from typing import Any

import anyio

from toolyard import (
    CallContext,
    InputRequest,
    MCPClient,
    MCPServerBuilder,
    Toolbox,
    ToolCall,
    elicit,
)

tools = Toolbox()

SIZE = {
    "type": "object",
    "properties": {"size": {"type": "string", "enum": ["small", "large"]}},
    "required": ["size"],
}


@tools.tool
async def order_pizza(context: CallContext) -> str:
    """Order a pizza."""
    answer = await context.ask("size", elicit("Which size?", SIZE))
    if answer["action"] != "accept":
        return "No pizza then."
    return f"One {answer['content']['size']} pizza."


async def user(request: InputRequest) -> Mapping[str, Any]:
    print(request.params["message"])
    return {"action": "accept", "content": {"size": "large"}}


async def main() -> None:
    builder = MCPServerBuilder("pizza").with_protocol("tools", tools).with_port(0)
    async with builder.build() as server, MCPClient(server.url, answer=user) as client:
        print((await client.call_tool(ToolCall("order_pizza"), CallContext())).text)


if __name__ == "__main__":
    anyio.run(main)
