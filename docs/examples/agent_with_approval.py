"""A person decides about tools that may change something; the answer is of a type."""

import anyio
from pydantic import BaseModel

from toolyard import (
    Agent,
    AskPerson,
    Decision,
    Deny,
    Edit,
    Message,
    ScriptedModel,
    Tool,
    Toolbox,
    ToolUse,
)

tools = Toolbox()


@tools.tool(read_only=True)
def signals() -> list[str]:
    """The signals of the yard."""
    return ["S1", "S2"]


@tools.tool
def switch(signal: str, colour: str) -> str:
    """Switch a signal."""
    return f"{signal} is {colour} now."


class Report(BaseModel):
    """What was done."""

    switched: list[str]
    refused: list[str]


async def ask(use: ToolUse, tool: Tool) -> Decision:
    """In real life, somebody is asked here, and may take the time they need."""
    print("May it", tool.description, use.arguments)
    if use.arguments["signal"] == "S1":
        return Edit({**use.arguments, "colour": "amber"})
    return Deny("S2 belongs to the neighbours.")


model = ScriptedModel(
    ToolUse("1", "signals", {}),
    Message(
        "assistant",
        (
            ToolUse("2", "switch", {"signal": "S1", "colour": "green"}),
            ToolUse("3", "switch", {"signal": "S2", "colour": "green"}),
        ),
    ),
    '{"switched": ["S1"], "refused": ["S2"]}',
)


async def main() -> None:
    async with Agent("Mai", model, tools=[tools], approve=AskPerson(ask)) as agent:
        result = await agent.run("Switch all signals to green.", output=Report)
        print(result.output.switched, result.output.refused)
    for part in model.requests[-1].messages[-1].parts:
        print(part)


if __name__ == "__main__":
    anyio.run(main)
