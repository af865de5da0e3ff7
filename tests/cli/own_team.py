"""A user's own file with teams; who is asked is noted beside it, in `asked.txt`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio

from toolyard import (
    Agent,
    ChatRequest,
    Orchestration,
    Person,
    Pipeline,
    Reply,
    ScriptedModel,
    Toolbox,
    ToolRegistry,
    ToolUse,
)

ASKED = Path(__file__).with_name("asked.txt")
box = Toolbox()


def note(name: str) -> None:
    with ASKED.open("a") as file:
        file.write(f"{name}\n")


@box.tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    note("add")
    return a + b


class Heard:
    """A model that says what it is told to, and notes that it was asked."""

    def __init__(self, name: str, *lines: str | ToolUse) -> None:
        self._name = name
        self._script = ScriptedModel(*lines)

    async def reply(self, request: ChatRequest) -> Reply:
        note(self._name)
        return await self._script.reply(request)


def drafts(task: str) -> str:
    note("drafts")
    return f"A draft of: {task}"


def prints(task: str) -> str:
    print(f"printing {task}")
    return f"Printed: {task}"


async def stalls(task: str) -> str:
    note("stalls")
    await anyio.sleep_forever()
    return task


sums = Agent("sums", Heard("sums", ToolUse("u1", "add", {"a": 1, "b": 2}), "It is 3."), tools=[box])
press = Pipeline([drafts, sums, prints], name="press")
stalled = Pipeline([drafts, stalls], name="stalled")
asks = Pipeline([drafts, Person("Boss"), prints], name="asks")

board = Orchestration("board", "The board")
board.add_agent(Agent("Ann", "echo"))
board.add_agent(Agent("Ben", "echo"))


@asynccontextmanager
async def opened() -> AsyncGenerator[Pipeline]:
    ann = Heard("Ann", ToolUse("u1", "add", {"a": 4, "b": 5}), "It is 9.")
    async with ToolRegistry(box) as tools:
        note("opened")
        yield Pipeline([Agent("Ann", ann, tools=tools)])
        note("closed")


def fails(task: str) -> str:
    raise ValueError(f"I cannot do {task}")
