"""The remote server of an agent's tools is swapped for another one, while the agent works."""

import anyio

from toolyard import Agent, MCPClient, MCPServerBuilder, ScriptedModel, Toolbox, ToolUse


def depot(version: int) -> Toolbox:
    """The tools of a server; the second version has one more."""
    tools = Toolbox()

    @tools.tool
    async def where_is(train: str) -> str:
        """Where a train is."""
        return f"{train} is on track {version}."

    if version == 2:

        @tools.tool
        async def call_driver(train: str) -> str:
            """Call the driver of a train."""
            return f"The driver of {train} is on the way."

    return tools


model = ScriptedModel(
    ToolUse("1", "where_is", {"train": "IC 5"}),
    ToolUse("2", "change_depot", {}),  # in real life, somebody else does that meanwhile
    ToolUse("3", "where_is", {"train": "IC 5"}),
    ToolUse("4", "call_driver", {"train": "IC 5"}),
    "IC 5 has moved to track 2, and its driver is on the way.",
)


async def main() -> None:
    old = MCPServerBuilder("old").with_port(0).with_protocol("depot", depot(1)).build()
    new = MCPServerBuilder("new").with_port(0).with_protocol("depot", depot(2)).build()
    async with old, new:

        async def change_depot() -> str:
            """Ask the other server from now on."""
            await agent.registry.swap("depot", MCPClient(new.url))
            return "changed"

        tools = {"depot": MCPClient(old.url), "yard": change_depot}
        async with Agent("Mai", model, tools=tools) as agent:
            result = await agent.run("Where is IC 5, and who drives it?")

    for request in model.requests:
        print([tool.name for tool in request.tools])
    for message in result.messages:
        for part in message.parts:
            print(part)


if __name__ == "__main__":
    anyio.run(main)
