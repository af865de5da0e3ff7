"""`python gated.py PLACE FILES`: a run `r` whose calls wait for files that are called as they are.

It prints how the run ended, and the names of the tasks that are left then.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import anyio
from tests.orchestration.durable.crashing import journal_of
from tests.orchestration.durable.crew import Audit, Stateless

from toolyard.agents.agent import Agent
from toolyard.core.errors import ToolyardError
from toolyard.core.toolbox import Toolbox
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.chat_model import ChatModel
from toolyard.orchestration.presets.parallel import Parallel
from toolyard.orchestration.workflow import Workflow

TASK = "Build a bridge."
WAIT_S = 20


async def opened(gate: Path) -> None:
    """Wait until there is such a file."""
    with anyio.fail_after(WAIT_S):
        while not gate.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
            await anyio.sleep(0.01)


class Gated:
    """A model that answers once its gate is open, each time."""

    def __init__(self, model: ChatModel, gate: Path) -> None:
        self._model = model
        self._gate = gate

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`."""
        await opened(self._gate)
        return await self._model.reply(request)


def team_of(files: Path) -> tuple[Workflow, Agent]:
    """A team, of which Ann pays by a tool that is not to be run twice; and Ann."""
    audit, box = Audit(files / "audit"), Toolbox()

    @box.tool
    async def pay(what: str) -> str:
        """Pays."""
        audit.note("pay", "Ann", what)
        await opened(files / "pay")
        return "paid"

    del pay

    def agent(name: str, tools: Sequence[Toolbox] = ()) -> Agent:
        return Agent(name, Gated(Stateless(name, audit, {}), files / name), tools=tools)

    ann = agent("Ann", [box])
    return Parallel([ann, agent("Bob"), agent("Cy")], rounds=2, on_error="raise"), ann


async def main(place: str, files: Path) -> None:
    team, ann = team_of(files)
    async with journal_of(place) as journal, ann:
        before = {each.id for each in anyio.get_running_tasks()}
        try:
            print((await team.run(TASK, durable=journal, run_id="r")).text)
        except ToolyardError as error:
            print(type(error).__name__)
        after = [each.name for each in anyio.get_running_tasks() if each.id not in before]
        print(after)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], Path(sys.argv[2]))
