"""Everybody does the task at once."""

from decimal import Decimal
from typing import Unpack

import anyio
import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import BudgetSpent, ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.agent_events import LLMContentDelta
from toolyard.events.orchestration_events import AgentFailed, RunCompleted
from toolyard.llm.budget import BudgetLimits
from toolyard.orchestration.presets.parallel import Parallel
from toolyard.orchestration.workflow import WorkflowOptions
from toolyard.orchestration.workflow_result import WorkflowResult

pytestmark = pytest.mark.anyio


async def test_all_hear_the_task_alone_and_their_answers_come_in_order() -> None:
    ann, bob = Player("Ann", "from Ann"), Player("Bob", "from Bob")

    result = await Parallel([ann.agent, bob.agent]).run("Say hello.")

    assert ann.heard == bob.heard == ["Say hello."]
    assert result.text == "Ann:\nfrom Ann\n\nBob:\nfrom Bob"
    assert result.output == {"Ann": ["from Ann"], "Bob": ["from Bob"]}
    assert [step.id for step in result.steps] == ["Ann", "Bob"]
    assert (result.status, result.rounds, result.turns) == ("complete", 1, 2)


async def test_a_later_round_begins_from_the_start() -> None:
    ann = Player("Ann", "one", "two")

    result = await Parallel([ann.agent], rounds=2).run("Go.")

    assert ann.heard == ["Go.", "Go."]
    assert [len(request.messages) for request in ann.model.requests] == [2, 2]
    assert result.output == {"Ann": ["one", "two"]}
    assert [step.id for step in result.steps] == ["Ann", "Ann#2"]


async def test_one_that_fails_is_left_out_or_shown_or_ends_the_run() -> None:
    def team(**options: Unpack[WorkflowOptions]) -> Parallel:
        bob = Player("Bob", ModelError("Bob is ill."), "well again")
        return Parallel([Player("Ann", "fine", "fine").agent, bob.agent], **options)

    skipping = team()
    ear = Ear()
    result = await team(on_event=ear.bus).run("Go.")
    assert result.text == "Ann:\nfine"
    assert [each.error for each in ear.of(AgentFailed)] == ["Bob is ill."]

    await skipping.run("Go.")
    assert (await skipping.run("Again.")).output == {"Ann": ["fine"], "Bob": ["well again"]}

    shown = await team(on_error="show").run("Go.")
    assert shown.text == "Ann:\nfine\n\nBob:\n(Bob failed: Bob is ill.)"

    with pytest.raises(ModelError, match=r"Bob is ill\."):
        await team(on_error="raise").run("Go.")


async def test_a_run_in_which_nobody_answers_says_why() -> None:
    ear = Ear()
    team = Parallel([Player("Ann", ModelError("gone.")).agent], on_event=ear.bus)

    with pytest.raises(WorkflowError, match=r"Nobody answered: Ann: gone\."):
        await team.run("Go.")

    assert ear.names[-1] == "RunFailed"


async def test_functions_and_workflows_are_members_too() -> None:
    async def loud(task: str) -> str:
        return task.upper()

    def count(task: str) -> int:
        return len(task)

    inner = Parallel({"x": loud}, name="inner")
    team = Parallel({"loud": loud, "count": count, "inner": inner})

    result = await team.run("abc")

    assert result.output == {"loud": ["ABC"], "count": [3], "inner": [{"x": ["ABC"]}]}
    inner_result = result.step("inner").result
    assert isinstance(inner_result, WorkflowResult)
    assert result.get(int) == 3


async def test_what_it_took_is_counted_for_all_and_for_each() -> None:
    ann, bob = Player("Ann", "a"), Player("Bob", "b")

    result = await Parallel([ann.agent, bob.agent]).run("Go.")

    assert result.usage.calls == 2
    assert result.cost_usd == Decimal(0)
    assert result.by_member["Ann"].usage.calls == 1
    spent = result.by_member["Ann"].usage + result.by_member["Bob"].usage
    assert spent == result.usage


async def test_a_budget_over_the_team_ends_it_with_what_there_is() -> None:
    ann, bob = Player("Ann", "a"), Player("Bob", "b")
    team = Parallel([ann.agent, bob.agent], budget=BudgetLimits(calls=1), at_once=1)

    result = await team.run("Go.")

    assert (result.status, result.ended, result.text) == ("partial", "budget", "a")
    with pytest.raises(BudgetSpent):
        await Parallel([ann.agent], budget=BudgetLimits(calls=0)).run("Go.")


async def test_no_more_are_at_work_than_may_be() -> None:
    at_work, most = 0, 0

    async def work(task: str) -> str:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await anyio.sleep(0.001)
        at_work -= 1
        return task

    await Parallel({f"m{at}": work for at in range(9)}, at_once=3).run("Go.")

    assert most == 3


async def test_its_events_come_in_order_with_its_id() -> None:
    ear = Ear()
    team = Parallel([Player("Ann", "a").agent], id="team-1", name="Team", on_event=ear.bus)

    result = await team.run("Go.")

    assert ear.names == [
        "RunStarted",
        "RoundStarted",
        "AgentSelected",
        "AgentResponded",
        "RoundCompleted",
        "RunCompleted",
    ]
    (end,) = ear.of(RunCompleted)
    assert (end.orchestration_id, end.orchestration_name) == ("team-1", "Team")
    assert (end.run_id, end.rounds, end.is_complete) == (result.run_id, 1, True)


async def test_a_stream_tells_of_all_members_by_name_with_the_result_as_the_last() -> None:
    team = Parallel([Player("Ann", "one two").agent, Player("Bob", "three four").agent])

    seen = [each async for each in team.stream("Go.")]

    words = [(each.agent_name, each.text) for each in seen if isinstance(each, LLMContentDelta)]
    assert sorted(words) == [("Ann", " two"), ("Ann", "one"), ("Bob", " four"), ("Bob", "three")]
    assert isinstance(seen[-1], WorkflowResult)
    assert seen[-1].text == "Ann:\none two\n\nBob:\nthree four"


async def test_closing_a_stream_ends_the_run() -> None:
    started, ended = anyio.Event(), anyio.Event()

    async def wait(task: str) -> str:
        started.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()
        return task

    stream = Parallel({"waits": wait}).stream("Go.")
    await anext(stream)
    with anyio.fail_after(5):
        await started.wait()
    await stream.aclose()

    assert ended.is_set()


def test_members_must_be_told_apart_and_have_names() -> None:
    ann = Player("Ann").agent
    with pytest.raises(ConfigError, match="at least one"):
        Parallel([])
    with pytest.raises(ConfigError, match="'Ann'"):
        Parallel([ann, Player("Ann").agent])
    with pytest.raises(ConfigError, match="without a name"):
        Parallel([lambda task: task])
    with pytest.raises(ConfigError, match="can be no member"):
        Parallel([3])  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigError, match="rounds"):
        Parallel([ann], rounds=0)
    with pytest.raises(ConfigError, match="at_once"):
        Parallel([ann], at_once=0)


async def test_no_task_is_an_error() -> None:
    with pytest.raises(ValueError, match="no task"):
        await Parallel([Player("Ann").agent]).run("")
