"""Runs on DBOS, in one process."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import anyio
import pytest
from anyio.to_thread import run_sync
from pydantic import BaseModel
from tests.support.teams import Ear, Player

from toolyard.agents.agent import Agent
from toolyard.core.content import Text
from toolyard.core.errors import (
    ConfigError,
    ModelError,
    RunCancelled,
    RunDiverged,
    StoreUnavailable,
    UnknownName,
)
from toolyard.core.toolbox import Toolbox
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import AgentFailed, AgentResponded
from toolyard.llm.budget import BudgetLimits
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.message import Message, ToolUse, ToolUseResult
from toolyard.llm.scripted_model import ScriptedModel
from toolyard.orchestration.member import Member, member_of
from toolyard.orchestration.on_dbos.dbos_runs import DbosRuns
from toolyard.orchestration.person import Person
from toolyard.orchestration.presets.parallel import Parallel
from toolyard.orchestration.presets.round_robin import RoundRobin
from toolyard.orchestration.workflow import Workflow
from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.orchestration.workflow_run import WorkflowRun

pytestmark = pytest.mark.anyio


class Verdict(BaseModel):
    good: bool


class Judged:
    """An engine that wants values of types."""

    def __init__(self, member: Member) -> None:
        self.members = (member,)

    async def work(self, run: WorkflowRun) -> WorkflowResult[object]:
        class Local(BaseModel):
            """It is found nowhere."""

            size: Literal[1, 2]

        first = await run.ask(run.seat(self.members[0]), "Well?", output=Verdict)
        second = await run.ask(run.seat(self.members[0]), "Well?", output=Local)
        assert isinstance(first.output, Verdict), first
        assert isinstance(second.output, Local), second
        return run.result(f"{first.output.good} {second.output.size}")


async def steps_of(workflow_id: str) -> int:
    """How many steps DBOS has of a workflow."""
    from dbos import DBOS

    return len(await run_sync(DBOS.list_workflow_steps, workflow_id))


async def test_a_run_that_is_over_is_told_again_without_asking_anybody(sqlite_url: str) -> None:
    ann, bob = Player("Ann", "one", "two", "all"), Player("Bob", "three", "four")
    team = RoundRobin([ann.agent, bob.agent], rounds=2)

    async with DbosRuns([team], url=sqlite_url) as runs:
        first = await team.run("Go.", durable="dbos", run_id="r")
        again = await team.run("Go.", durable="dbos", run_id="r")
        resumed = await team.resume("r", durable="dbos")

        assert [each.text for each in first.steps] == ["one", "three", "two", "four", "all"]
        record = await runs.record("r")
        assert (record.name, record.state) == (team.id, "complete")
        assert record.result["text"] == first.text
        assert list(await runs.runs()) == list(await runs.runs("complete")) == [record]
        assert not await runs.runs("running")
        for each in (again, resumed):
            assert (each.text, each.usage, each.run_id) == (first.text, first.usage, "r")
        assert (len(ann.heard), len(bob.heard)) == (3, 2)
        own = [each.text for each in ann.model.requests[1].messages if each.role == "assistant"]
        assert own == ["one"]  # each remembers, and is told only what is new
        assert "three" in ann.heard[1]
        assert "one" not in ann.heard[1]

        with pytest.raises(RunDiverged):
            await team.run("Stop.", durable="dbos", run_id="r")


async def test_tools_of_one_turn_get_their_own_answers(sqlite_url: str) -> None:
    toolbox, runs = Toolbox(), list[int]()

    @toolbox.tool
    async def double(number: int) -> int:  # pyright: ignore[reportUnusedFunction]
        """Doubles it."""
        runs.append(number)
        await anyio.sleep(0.02 * (3 - number))
        return 2 * number

    uses = tuple(ToolUse(f"{at}", "double", {"number": at}) for at in range(3))
    model = ScriptedModel(Message("assistant", uses), "Done.")
    async with Agent("Ann", model, tools=[toolbox]) as ann:
        team = Parallel([ann])
        async with DbosRuns([team], url=sqlite_url):
            result = await team.run("Go.", durable="dbos", run_id="r")
            await team.run("Go.", durable="dbos", run_id="r")

    assert result.output == {"Ann": ["Done."]}
    assert sorted(runs) == [0, 1, 2]
    results = model.requests[-1].messages[-1].parts
    told = [each.content for each in results if isinstance(each, ToolUseResult)]
    assert told == [(Text("0"),), (Text("2"),), (Text("4"),)]


async def test_a_member_goes_on_in_the_middle_of_its_work(url: str) -> None:
    toolbox, runs, held = Toolbox(), list[int](), [True]

    @toolbox.tool(read_only=True)
    async def double(number: int) -> int:  # pyright: ignore[reportUnusedFunction]
        """Doubles it."""
        runs.append(number)
        if number == 1 and held[0]:
            await anyio.sleep_forever()
        return 2 * number

    def uses(*numbers: int) -> Message:
        return Message(
            "assistant", tuple(ToolUse(f"{at}", "double", {"number": at}) for at in numbers)
        )

    model = ScriptedModel(uses(7), uses(0, 1, 2), uses(8, 9), "Done.")
    async with Agent("Ann", model, tools=[toolbox]) as ann:
        team = Parallel([ann])
        async with DbosRuns([team], url=url), anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: team.run("Go.", durable="dbos", run_id="r"))
            while await steps_of("r/Ann/ask 0/ask#0") < 11:  # noqa: ASYNC110 - the others are kept
                await anyio.sleep(0.02)
            tasks.cancel_scope.cancel()
        before, held[0] = sorted(runs), False
        async with DbosRuns([team], url=url):
            result = await team.resume("r", durable="dbos")

    assert result.output == {"Ann": ["Done."]}
    assert (before, sorted(runs)) == ([0, 1, 2, 7], [0, 1, 1, 2, 7, 8, 9])
    assert len(model.requests) == 4  # none was made twice
    results = model.requests[-1].messages[-3].parts
    told = [each.content for each in results if isinstance(each, ToolUseResult)]
    assert told == [(Text("0"),), (Text("2"),), (Text("4"),)]


async def test_values_come_back_as_what_was_asked_for(sqlite_url: str) -> None:
    judge = Player("Judge", '{"good": true}', '{"size": 2}')
    team = Workflow(Judged(member_of(judge.agent)), {"id": "judged", "on_error": "raise"})

    async with DbosRuns([team], url=sqlite_url):
        assert (await team.run("Go.", durable="dbos")).text == "True 2"


async def test_failures_are_told_as_elsewhere(sqlite_url: str) -> None:
    ear = Ear()

    def broken(task: str) -> str:
        raise ValueError(task)

    some = Parallel(
        {"Ann": Player("Ann", "a").agent, "Bob": Player("Bob", ModelError("gone")).agent},
        name="some",
        on_event=ear.bus,
    )
    first = Parallel([Player("Cid", ModelError("gone")).agent], name="first", on_error="raise")
    none = Parallel({"broken": broken}, name="none")

    async with DbosRuns([some, first, none], url=sqlite_url) as runs:
        result = await some.run("Go.", durable="dbos")
        assert result.output == {"Ann": ["a"]}
        assert [each.error for each in ear.of(AgentFailed)] == ["gone"]
        assert [each.agent_id for each in ear.of(AgentResponded)] == ["Ann"]
        with pytest.raises(ModelError, match="gone"):
            await first.run("Go.", durable="dbos")
        with pytest.raises(WorkflowError, match="unexpected ValueError"):
            await none.run("Go.", durable="dbos")
        with pytest.raises(UnknownName):
            await runs.run("other", "Go.")


async def test_a_budget_is_of_all_members_together(sqlite_url: str) -> None:
    ann = Player("Ann", *["a"] * 9)
    team = RoundRobin([ann.agent], rounds=5, budget=BudgetLimits(calls=3))

    async with DbosRuns([team], url=sqlite_url):
        result = await team.run("Go.", durable="dbos")

    assert (result.status, result.ended) == ("partial", "budget")
    assert len(ann.heard) == 3


async def test_a_person_answers_while_the_run_waits(postgres_url: str) -> None:
    team = Parallel([Person("Boss"), Player("Ann", "a").agent])

    async with DbosRuns([team], url=postgres_url) as runs:
        with anyio.move_on_after(0.5):
            await team.run("May we?", durable="dbos", run_id="r")
        while not (asked := await runs.questions("r")):  # noqa: ASYNC110 - another thread asks
            await anyio.sleep(0.02)
        assert asked == {"Boss/person#0": {"to": "Boss", "said": "May we?"}}

    async with DbosRuns([team], url=postgres_url) as runs:  # it is waited for wherever the run is
        await runs.answer("r", ["Boss"], "person", 0, "You may.")
        result = await team.resume("r", durable="dbos")
        assert result.output == {"Boss": ["You may."], "Ann": ["a"]}
        with pytest.raises(UnknownName):
            await runs.answer("r", ["Boss"], "person", 1, "No.")


async def test_a_cancelled_run_ends_and_may_be_gone_on_with(sqlite_url: str) -> None:
    held, ended, called = anyio.Event(), anyio.Event(), anyio.Event()
    calls = list[str]()

    async def wait(task: str) -> str:
        calls.append(task)
        called.set()
        await held.wait()
        return "waited"

    waits = replace(member_of(wait), is_repeatable=True)
    team = Parallel([waits, Player("Ann", "a", "a").agent])  # it may be cancelled in flight
    async with DbosRuns([team], url=sqlite_url) as runs, anyio.create_task_group() as tasks:

        async def expect_end() -> None:
            with pytest.raises(RunCancelled):
                await team.run("Go.", durable="dbos", run_id="r")
            ended.set()

        tasks.start_soon(expect_end)
        await called.wait()
        await runs.cancel("r")
        held.set()
        await ended.wait()
        assert (await runs.record("r")).state == "paused"
        await runs.resume("r")
        result = await team.resume("r", durable="dbos")
        assert result.output == {"wait": ["waited"], "Ann": ["a"]}


async def test_what_is_in_doubt_is_reported_and_not_done_again(sqlite_url: str) -> None:
    calls, called, ear = list[str](), anyio.Event(), Ear()

    async def pay(task: str) -> str:
        calls.append(task)
        called.set()
        await anyio.sleep_forever()
        return "paid"

    team = Parallel({"pay": pay, "Ann": Player("Ann", "a", "a").agent}, on_event=ear.bus)
    async with DbosRuns([team], url=sqlite_url), anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: team.run("Go.", durable="dbos", run_id="r"))
        await called.wait()
        tasks.cancel_scope.cancel()

    async with DbosRuns([team], url=sqlite_url):
        result = await team.resume("r", durable="dbos")

    assert (calls, result.output) == (["Go."], {"Ann": ["a"]})
    assert "cannot be done twice" in ear.of(AgentFailed)[-1].error


async def test_a_request_that_was_in_flight_is_made_once_more_and_flagged(sqlite_url: str) -> None:
    asked, held = anyio.Event(), [True]

    class Slow:
        """Answers once it is held no longer."""

        async def reply(self, request: ChatRequest) -> Reply:
            """As `ChatModel.reply`."""
            del request
            asked.set()
            if held[0]:
                await anyio.sleep_forever()
            return Reply.of("from Bob")

    team = Parallel([Agent("Bob", Slow())])
    async with DbosRuns([team], url=sqlite_url), anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: team.run("Go.", durable="dbos", run_id="r"))
        await asked.wait()
        tasks.cancel_scope.cancel()

    held[0] = False
    async with DbosRuns([team], url=sqlite_url) as runs:
        result = await team.resume("r", durable="dbos")
        (flagged,) = await runs.flagged("r")

    assert result.output == {"Bob": ["from Bob"]}
    assert "Bob" in flagged
    assert "model" in flagged


async def test_it_is_said_what_is_missing() -> None:
    team = Parallel([Player("Ann", "a").agent])
    with pytest.raises(ConfigError, match="enter a DbosRuns"):
        await team.run("Go.", durable="dbos")
    with pytest.raises(ConfigError, match="sqlite:PATH"):
        DbosRuns([team], url="mysql://x")
    with pytest.raises(ConfigError, match="same id"):
        DbosRuns([team, team], url="sqlite:x")


async def test_there_is_one_in_a_process(sqlite_url: str) -> None:
    team = Parallel([Player("Ann", "a").agent])
    async with DbosRuns([team], url=sqlite_url):
        with pytest.raises(ConfigError, match="one DBOS"):
            async with DbosRuns([team], url=sqlite_url):
                raise AssertionError
        assert (await team.run("Go.", durable="dbos")).text


async def test_a_process_without_the_workflow_leaves_its_runs_to_others(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    called, held = anyio.Event(), [True]

    async def wait(task: str) -> str:
        called.set()
        if held[0]:
            await anyio.sleep_forever()
        return task

    team = Parallel([replace(member_of(wait), is_repeatable=True)], name="team")
    other = Parallel([Player("Ann", "a").agent], name="other")
    async with DbosRuns([team], url=sqlite_url), anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: team.run("Go.", durable="dbos", run_id="r"))
        await called.wait()
        tasks.cancel_scope.cancel()

    async with DbosRuns([other], url=sqlite_url) as runs:
        while caplog.text.count("the same workflows") < 2:  # noqa: ASYNC110 - DBOS recovers them
            await anyio.sleep(0.02)
        assert (await runs.record("r")).state == "running"

    held[0] = False
    async with DbosRuns([team], url=sqlite_url):
        assert (await team.resume("r", durable="dbos")).output == {"wait": ["Go."]}


async def test_a_database_that_is_not_there_is_said_so() -> None:
    team = Parallel([Player("Ann", "a").agent])
    with pytest.raises(StoreUnavailable):
        async with DbosRuns([team], url="sqlite:/nowhere/at/all/dbos.db"):
            raise AssertionError
    with pytest.raises(ConfigError, match="enter a DbosRuns"):
        await team.run("Go.", durable="dbos")
