"""An agent is served over MCP as a tool, and another agent asks it; both are watched."""

import sys
import tempfile
from pathlib import Path

import anyio

from toolyard import (
    Agent,
    Calculator,
    ConsoleSink,
    Delivery,
    EventBus,
    JsonLines,
    MCPClient,
    MCPServerBuilder,
    ScriptedModel,
    ToolUse,
    events_in,
)

CLERK = ScriptedModel(ToolUse("1", "calculator", {"expression": "37 * 89"}), "It is 3293.")
MANAGER = ScriptedModel(ToolUse("1", "clerk", {"task": "What is 37 * 89?"}), "We need 3293.")


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "run.jsonl"
        bus, shown = EventBus(), Delivery(ConsoleSink(sys.stdout))
        bus.add(shown)
        with JsonLines(record) as lines:
            bus.add(lines)
            async with Agent("clerk", CLERK, tools=[Calculator()], on_event=bus) as clerk:
                builder = MCPServerBuilder("office").with_port(0).with_bearer_token("s3cret")
                office = builder.with_protocol("clerk", clerk.as_tool()).build()
                async with office:
                    tools = [MCPClient(office.url, token="s3cret")]
                    async with Agent("manager", MANAGER, tools=tools, on_event=bus) as manager:
                        print((await manager.send("How many bolts do we need?")).text)
        await shown.settled(5)
        print([type(each.event).__name__ for each in events_in(record)])


if __name__ == "__main__":
    anyio.run(main)
