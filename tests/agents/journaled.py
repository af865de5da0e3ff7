"""An agent in a run that is kept in a journal; as a program, one that is killed at some point.

`python -m tests.agents.journaled FILE COUNT` ends itself by SIGKILL before the change of the
journal with the number COUNT; it says what its model and its tools are really asked.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio

from toolyard.agents.agent import Agent
from toolyard.agents.approval import Approve
from toolyard.agents.run_result import RunResult
from toolyard.core.toolbox import Toolbox
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.journaled_model import JournaledModel
from toolyard.llm.message import Message, ToolUse, assistant
from toolyard.llm.scripted_model import ScriptedModel
from toolyard.storage.journal.journal import OpenRun
from toolyard.storage.journal.sqlite_journal import SqliteJournal
from toolyard.storage.journal.steps import Steps

Note = Callable[[str], None]

LOOK = "Look."
TURNS: Sequence[Message] = (
    assistant(ToolUse("1", "look", {"at": 1}), ToolUse("2", "look", {"at": 2})),
    assistant("Now", ToolUse("3", "pay", {"amount": 5})),
    assistant("Done"),
)


def toolbox(note: Note, pay_does: str) -> Toolbox:
    """`look`, which may be repeated, and `pay`, which may not."""
    tools = Toolbox()

    async def look(at: int) -> dict[str, int]:
        note(f"look {at}")
        await anyio.sleep(0.002 * (3 - at))  # the second is faster
        return {"seen": at * 10}

    async def pay(amount: int) -> str:
        note(f"pay {amount}")
        return f"paid {amount}"

    tools.add(look, description=LOOK, read_only=True)
    tools.add(pay, description=pay_does)
    return tools


class Answering:
    """Answers by how much was said, as it may have been asked before it was killed."""

    def __init__(self, note: Note) -> None:
        self.note = note

    async def reply(self, request: ChatRequest) -> Reply:
        turn = sum(message.role == "assistant" for message in request.messages)
        self.note(f"model {turn}")
        return await ScriptedModel(TURNS[turn]).reply(request)


async def work(
    run: OpenRun, note: Note, approve: Approve | None = None, pay_does: str = "Pay."
) -> RunResult[str]:
    """The whole task, in whatever state the run is."""
    tools = toolbox(note, pay_does)
    async with Agent("Mai", Answering(note), tools=[tools], approve=approve) as agent:
        recipe, steps = agent.recipe, Steps(run).child("Mai")
        member = agent.fork(
            replace(
                recipe,
                model=JournaledModel(recipe.model, steps),
                tools=replace(recipe.tools, steps=steps),
            )
        )
        return await member.run("Look around and pay.")


class Killed(SqliteJournal):
    """A journal whose process ends before a change."""

    def __init__(self, path: Path, before: int) -> None:
        super().__init__(path)
        change, count = self._database.change, 0

        async def counted(do: Any) -> Any:
            nonlocal count
            count += 1
            if count == before:
                os.kill(os.getpid(), signal.SIGKILL)
            return await change(do)

        self._database.change = counted  # pyright: ignore[reportAttributeAccessIssue]


async def main(file: Path, before: int) -> None:
    """Work until the change with the number `before`."""
    async with Killed(file, before) as journal, journal.open("r", "demo", None) as run:
        result = await work(run, lambda line: print(line, flush=True))
        await run.complete(result.text)


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), int(sys.argv[2]))
