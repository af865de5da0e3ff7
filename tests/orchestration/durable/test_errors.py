"""What ends a run reaches whoever began it as it is, however many fail at the same time."""

from collections.abc import Callable, Sequence
from pathlib import Path

import anyio
import pytest

from toolyard.agents.agent import Agent
from toolyard.core.errors import ModelError, ModelUnreachable
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.orchestration.presets.agent_team import AgentTeam
from toolyard.orchestration.presets.layers import Layers
from toolyard.orchestration.presets.parallel import Parallel
from toolyard.orchestration.work.item import WorkItem
from toolyard.orchestration.workflow import Workflow
from toolyard.storage.journal.sqlite_journal import SqliteJournal

pytestmark = pytest.mark.anyio


class Failing:
    """Models that fail as soon as all of them are asked."""

    def __init__(self, count: int) -> None:
        self._left = count
        self._all = anyio.Event()

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`."""
        self._left -= 1
        if self._left <= 0:
            self._all.set()
        await self._all.wait()
        raise ModelUnreachable("It is down.")


def parallel(agents: Sequence[Agent]) -> Workflow:
    return Parallel(agents, on_error="raise")


def layers(agents: Sequence[Agent]) -> Workflow:
    return Layers([agents], on_error="raise")


def nested(agents: Sequence[Agent]) -> Workflow:
    inner = [Parallel([each], name=f"of {each.name}", on_error="raise") for each in agents]
    return Parallel(inner, on_error="raise")


def agent_team(agents: Sequence[Agent]) -> Workflow:
    return AgentTeam("pool", [WorkItem(name) for name in "abc"], agents, on_error="raise")


@pytest.mark.parametrize("make", [parallel, layers, nested, agent_team])
@pytest.mark.parametrize("is_durable", [True, False])
async def test_of_several_that_fail_at_once_one_error_is_raised(
    tmp_path: Path, make: Callable[[Sequence[Agent]], Workflow], is_durable: bool
) -> None:
    model = Failing(3)
    team = make([Agent(name, model) for name in ("Ann", "Bob", "Cy")])
    with anyio.fail_after(10):
        async with SqliteJournal(tmp_path / "runs.db") as journal:
            with pytest.raises(ModelError, match="It is down"):
                await team.run("Go.", durable=journal if is_durable else None)
            assert [each.state for each in await journal.runs()] == ["failed"] * is_durable
