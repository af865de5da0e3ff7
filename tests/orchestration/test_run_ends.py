"""What is told and counted of a run, however it ends."""

import asyncio
from collections import Counter
from contextlib import suppress

import anyio
import pytest
from anyio.lowlevel import checkpoint
from tests.orchestration.moody import TASK, TEAMS, MoodyTeam
from tests.support.teams import Ear, Player

from toolyard.agents.agent import Agent
from toolyard.core.content import Image
from toolyard.core.errors import BudgetSpent, ModelError
from toolyard.core.toolbox import Toolbox
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import AgentFailed, AgentResponded, AgentSelected
from toolyard.llm.budget import BudgetLimits
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.message import ToolUse
from toolyard.llm.scripted_model import ScriptedModel
from toolyard.orchestration.presets.agent_team import AgentTeam
from toolyard.orchestration.presets.parallel import Parallel
from toolyard.orchestration.presets.pipeline import Pipeline
from toolyard.orchestration.presets.round_robin import RoundRobin
from toolyard.orchestration.work.item import WorkItem

pytestmark = pytest.mark.anyio


async def wait(task: str) -> str:
    await anyio.sleep_forever()
    return task


async def test_whoever_was_asked_has_an_end_when_another_ends_the_run() -> None:
    ear = Ear()
    ann, bob = Player("Ann", "a"), Player("Bob", ModelError("gone."))
    team = Parallel(
        {"Ann": ann.agent, "waits": wait, "Bob": bob.agent}, on_error="raise", on_event=ear.bus
    )

    with pytest.raises(ModelError, match="gone"):
        await team.run("Go.")

    asked = {each.step_id for each in ear.of(AgentSelected)}
    answered = {each.step_id for each in ear.of(AgentResponded)}
    failed = {each.step_id: each.error for each in ear.of(AgentFailed)}
    assert asked == {"Ann", "waits", "Bob"} == answered | failed.keys()
    assert (failed["waits"], failed["Bob"]) == ("cancelled", "gone.")
    assert ear.names[-1] == "RunFailed"


async def test_whoever_was_asked_has_an_end_when_a_run_of_nested_teams_is_cancelled() -> None:
    ear = Ear()
    team = Parallel({"waits": wait}, name="t0", on_event=ear.bus)
    for at in range(1, 5):
        team = Parallel({"inner": team, "waits": wait}, name=f"t{at}", on_event=Ear().bus)

    with anyio.move_on_after(0.05) as scope:
        await team.run("Go.")

    assert scope.cancelled_caught
    assert ear.names == ["RunStarted", "RoundStarted", "AgentSelected", "AgentFailed", "RunFailed"]


async def test_what_a_step_took_that_ended_the_run_is_counted() -> None:
    toolbox = Toolbox()

    @toolbox.tool
    def look() -> int:  # pyright: ignore[reportUnusedFunction]
        """Looks."""
        return 1

    ann, bob = Player("Ann", "from Ann"), Player("Bob", *[ToolUse("1", "look", {})] * 3)
    async with ann.agent, bob.agent:
        await bob.agent.add_protocol("tools", toolbox)
        result = await Pipeline([ann.agent, bob.agent], budget=BudgetLimits(calls=3)).run("Go.")

    assert (result.ended, result.text) == ("budget", "from Ann")
    assert len(ann.model.requests) + len(bob.model.requests) == result.usage.calls == 3
    assert result.by_member["Bob"].usage.calls == 2


class Slow:
    """A model that answers after a while."""

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`."""
        for _ in range(20):
            await checkpoint()
        return await ScriptedModel("done").reply(request)


async def test_those_who_have_begun_when_a_budget_is_spent_may_finish() -> None:
    team = [Agent(name, Slow()) for name in ("Ann", "Bob", "Eve")]
    items = [WorkItem(name) for name in ("a", "b", "c")]
    two = BudgetLimits(calls=2)

    result = await Parallel(team, budget=two).run("Go.")
    shared = await AgentTeam("pool", items, team, budget=two).run("Go.")

    assert [each.text for each in result.steps] == ["done", "done", ""]
    assert (result.ended, result.usage.calls) == ("budget", 2)
    assert (shared.ended, shared.usage.calls) == ("budget", 2)


async def test_what_a_nested_team_took_is_counted_though_it_failed() -> None:
    bad = Player("Bad", ModelError("gone."))
    inner = Pipeline([Player("Good", "g").agent, bad.agent], name="inner", on_error="raise")
    middle = Parallel([inner], name="middle")

    result = await Parallel([middle, Player("Ann", "a").agent]).run("Go.")

    assert result.output == {"Ann": ["a"]}
    assert result.by_member["middle"].usage.calls == 1
    assert result.usage.calls == 2


async def test_one_that_failed_is_shown_the_pictures_again() -> None:
    ann, bob = Player("Ann", ModelError("busy."), "a"), Player("Bob", "b", "b")
    team = RoundRobin([ann.agent, bob.agent], rounds=2, synthesis=False)

    await team.run("What is it?", Image(b"png", "image/png"))

    shown = [
        [isinstance(part, Image) for part in request.messages[-1].parts].count(True)
        for request in (*ann.model.requests, *bob.model.requests)
    ]
    assert shown == [1, 1, 1, 0]


@pytest.mark.parametrize("name", TEAMS)
async def test_a_team_of_any_kind_that_is_cancelled_ends_all_that_it_began(name: str) -> None:
    at, was_cancelled, tasks = 0, True, asyncio.all_tasks()
    while was_cancelled:
        at += 1
        left, ear, scope = at, Ear(), anyio.CancelScope()

        def asked(scope: anyio.CancelScope = scope) -> None:
            nonlocal left
            left -= 1
            if not left:
                scope.cancel()

        team = Parallel([MoodyTeam(name, at, asked).workflow], on_event=ear.bus)
        with scope:
            await team.run(TASK)
        was_cancelled = scope.cancelled_caught
        assert asyncio.all_tasks() == tasks
        assert_all_ended(ear)
    assert at > 1


@pytest.mark.parametrize("name", TEAMS)
async def test_a_team_of_any_kind_ends_when_its_stream_is_closed(name: str) -> None:
    tasks = asyncio.all_tasks()
    for count in (1, 2, 5, 9):
        ear = Ear()
        stream = Parallel([MoodyTeam(name, count).workflow], on_event=ear.bus).stream(TASK)
        for _ in range(count):
            await anext(stream)
        await stream.aclose()
        assert asyncio.all_tasks() == tasks
        assert_all_ended(ear)


@pytest.mark.parametrize("name", TEAMS)
async def test_a_team_of_any_kind_never_makes_more_calls_than_it_may(name: str) -> None:
    for calls in (1, 2, 5):
        team, ear = MoodyTeam(name, calls), Ear()
        outer = Parallel(
            [team.workflow], budget=BudgetLimits(calls=calls), on_event=ear.bus, id="outer"
        )
        with suppress(BudgetSpent, WorkflowError):
            result = await outer.run(TASK)
            assert result.usage.calls == sum(each.answers for each in team.models)
        assert sum(len(each.heard) for each in team.models) <= calls
        assert_all_ended(ear)


def assert_all_ended(ear: Ear) -> None:
    told = Counter(ear.names)
    assert told["RunStarted"] == told["RunCompleted"] + told["RunFailed"]
    assert told["AgentSelected"] == told["AgentResponded"] + told["AgentFailed"]
