"""Durable runs that may use only so much."""

from pathlib import Path

import anyio
import pytest
from tests.orchestration.durable.crew import Audit, Crew

from toolyard.agents.agent import Agent
from toolyard.core.errors import BudgetSpent
from toolyard.core.toolbox import Toolbox
from toolyard.llm.budget import BudgetLimits
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.message import ToolUse, assistant
from toolyard.llm.usage import Usage
from toolyard.orchestration.presets.parallel import Parallel
from toolyard.orchestration.presets.pipeline import Pipeline
from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.storage.journal.recorded_journal import RecordedJournal
from toolyard.storage.journal.sqlite_journal import SqliteJournal

pytestmark = pytest.mark.anyio

TASK = "Build a bridge."


class Paced:
    """A model that looks something up `turns` times before it answers, each after a while."""

    def __init__(self, name: str, turns: int, pace_s: float) -> None:
        self.asked = 0
        self._name = name
        self._turns = turns
        self._pace_s = pace_s

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`."""
        self.asked += 1
        await anyio.sleep(self._pace_s)
        turn = sum(each.role == "assistant" for each in request.messages)
        usage = Usage(input_tokens=6, output_tokens=4)
        if turn < self._turns:
            return Reply(assistant(ToolUse(f"{turn}", "look", {})), usage, "tool_use")
        return Reply(assistant(f"{self._name} answers"), usage)


def look() -> str:
    """Looks."""
    return "seen"


def facts(result: WorkflowResult[object]) -> object:
    steps = [(each.id, each.text, each.error) for each in result.steps]
    return result.text, result.status, result.ended, result.rounds, result.usage, steps


@pytest.mark.parametrize("limits", [BudgetLimits(calls=5), BudgetLimits(tokens=50)])
async def test_a_run_whose_budget_was_spent_is_told_again_as_it_was(
    tmp_path: Path, limits: BudgetLimits
) -> None:
    """The slow one is the first when nothing is waited for, which must make no difference."""
    models = [Paced("Ann", 1, 0.2), Paced("Bob", 0, 0.01), Paced("Cy", 5, 0.01)]
    box = Toolbox()
    box.add(look, read_only=True)
    agents = [Agent(name, each, tools=[box]) for name, each in zip("abc", models, strict=True)]
    team = Parallel([*agents], budget=limits)
    async with SqliteJournal(tmp_path / "runs.db") as journal, agents[0], agents[1], agents[2]:
        first = await team.run(TASK, durable=journal, run_id="r")
        asked = [each.asked for each in models]
        again = await team.run(TASK, durable=journal, run_id="r")

        assert (first.ended, first.status, first.text) == ("budget", "partial", "Bob answers")
        assert facts(again) == facts(first)
        assert [each.asked for each in models] == asked
        assert not [each for each in await journal.steps("r") if each.state == "intent"]

        await journal.export("r", tmp_path / "run.jsonl")
        async with RecordedJournal(tmp_path / "run.jsonl") as recorded:
            assert facts(await team.run(TASK, durable=recorded, run_id="r")) == facts(first)


async def test_a_run_that_failed_for_its_budget_goes_on_with_a_larger_one(tmp_path: Path) -> None:
    async with SqliteJournal(tmp_path / "runs.db") as journal:
        for calls in (1, 3):
            crew = Crew(Audit(tmp_path / "audit"))
            members = [crew.agent("Ann"), crew.agent("Bob"), crew.agent("Cy")]
            team = Parallel(members, budget=BudgetLimits(calls=calls), on_error="raise", name="t")
            if calls == 1:
                with pytest.raises(BudgetSpent):
                    await team.run(TASK, durable=journal, run_id="r")
            else:
                result = await team.resume("r", durable=journal)
                assert (result.status, len(result.steps)) == ("complete", 3)
    assert len((tmp_path / "audit").read_text().splitlines()) == 3


async def test_the_budget_of_an_inner_team_ends_that_alone_each_time(tmp_path: Path) -> None:
    async with SqliteJournal(tmp_path / "runs.db") as journal:
        found = list[object]()
        for _ in range(2):
            crew = Crew(Audit(tmp_path / "audit"))
            inner = Pipeline(
                [crew.agent("Ann"), crew.agent("Bob")], budget=BudgetLimits(calls=1), name="inner"
            )
            team = Pipeline([inner, crew.agent("Cy")], budget=BudgetLimits(calls=9), name="outer")
            found.append(facts(await team.run(TASK, durable=journal, run_id="r")))
    assert found[0] == found[1]
    assert "Cy" in str(found[0])
