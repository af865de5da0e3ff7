"""A conversation that is kept in a file and gone on with, and a tool that the model asks for."""

import tempfile
from datetime import date

import anyio

from toolyard import (
    CallContext,
    FileSessions,
    LLMSession,
    ScriptedModel,
    Toolbox,
    ToolUse,
    ToolUseResult,
)

tools = Toolbox()


@tools.tool
def days_until(year: int, month: int, day: int) -> int:
    """Days from the first of January 2027 until a date."""
    return (date(year, month, day) - date(2027, 1, 1)).days


async def main() -> None:
    context = CallContext()
    asks = ToolUse("use-1", "days_until", {"year": 2027, "month": 12, "day": 24})
    model = ScriptedModel(asks, "It is 357 days away.", "You asked about Christmas Eve.")
    session = LLMSession(model, system_prompt="You count days.")

    async with tools:
        offered = await tools.list_tools(context)
        reply = await session.send("How long is it until Christmas Eve?", tools=offered)
        while reply.tool_uses:
            results = [
                ToolUseResult.of(use, await tools.call_tool(use.call, context))
                for use in reply.tool_uses
            ]
            reply = await session.send(*results, tools=offered)
    print(reply.text)

    with tempfile.TemporaryDirectory() as folder:
        sessions = FileSessions(folder)
        await sessions.save("mai", session)
        again = await sessions.load("mai", model)
        assert again is not None
        print((await again.send("What did I ask?")).text)
        print(f"{len(again.messages)} messages, {again.usage.calls} calls")


if __name__ == "__main__":
    anyio.run(main)
