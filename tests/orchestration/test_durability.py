"""Runs that are kept, and gone on with."""

from pathlib import Path

import anyio
import pytest
from tests.support.teams import Ear, Player

from toolyard.agents.agent import Agent
from toolyard.core.errors import ConfigError, ModelError, RunDiverged, RunPaused
from toolyard.core.toolbox import Toolbox
from toolyard.events.orchestration_events import AgentFailed
from toolyard.llm.message import ToolUse, assistant
from toolyard.llm.scripted_model import ScriptedModel
from toolyard.orchestration.member import member_of
from toolyard.orchestration.person import Person
from toolyard.orchestration.presets.parallel import Parallel
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.storage.journal.sqlite_journal import SqliteJournal

pytestmark = pytest.mark.anyio


async def test_a_run_that_is_over_is_told_again_without_asking_anybody(tmp_path: Path) -> None:
    ann, calls = Player("Ann", "from Ann"), list[str]()

    def count(task: str) -> int:
        calls.append(task)
        return len(task)

    team = Parallel({"Ann": ann.agent, "count": count})
    place = f"sqlite:{tmp_path}/runs.db"

    first = await team.run("Hello.", durable=place, run_id="r1")
    again = await team.run("Hello.", durable=place, run_id="r1")
    resumed = await team.resume("r1", durable=place)

    assert first.output == again.output == resumed.output == {"Ann": ["from Ann"], "count": [6]}
    assert (first.usage, first.text) == (again.usage, again.text)
    assert first.run_id == resumed.run_id == "r1"
    assert len(ann.heard) == len(calls) == 1


async def test_a_run_that_failed_goes_on_where_it_was(tmp_path: Path) -> None:
    ann, bob = Player("Ann", "from Ann"), Player("Bob", ModelError("gone"), "from Bob")
    team = Parallel([ann.agent, bob.agent], on_error="raise", at_once=1)

    async with SqliteJournal(tmp_path / "runs.db") as journal:
        with pytest.raises(ModelError):
            await team.run("Go.", durable=journal, run_id="r")
        assert (await journal.run("r")).state == "failed"

        result = await team.resume("r", durable=journal)

        assert result.output == {"Ann": ["from Ann"], "Bob": ["from Bob"]}
        assert (len(ann.heard), len(bob.heard)) == (1, 2)
        record = await journal.run("r")
        assert (record.state, record.result["text"]) == ("complete", result.text)


async def test_each_of_several_that_work_at_once_gets_its_own_answers_back(tmp_path: Path) -> None:
    players = [Player(f"P{at}", f"one {at}", f"two {at}") for at in range(8)]
    team = Parallel([each.agent for each in players], rounds=2)

    async with SqliteJournal(tmp_path / "runs.db") as journal:
        first = await team.run("Go.", durable=journal, run_id="r")
        again = await team.run("Go.", durable=journal, run_id="r")

    assert first.output == again.output
    assert first.output == {f"P{at}": [f"one {at}", f"two {at}"] for at in range(8)}


async def test_tools_of_members_and_nested_teams_are_kept_too(tmp_path: Path) -> None:
    toolbox, runs = Toolbox(), list[int]()

    @toolbox.tool
    def double(number: int) -> int:  # pyright: ignore[reportUnusedFunction]
        """Doubles it."""
        runs.append(number)
        return 2 * number

    async with ToolRegistry(toolbox) as tools, SqliteJournal(tmp_path / "runs.db") as journal:
        model = ScriptedModel(ToolUse("1", "double", {"number": 4}), "It is 8.")
        inner = Parallel([Agent("Ann", model, tools=tools)], name="inner")
        team = Parallel([inner])

        first = await team.run("Go.", durable=journal, run_id="r")
        again = await team.run("Go.", durable=journal, run_id="r")

        assert first.output == again.output == {"inner": [{"Ann": ["It is 8."]}]}
        assert runs == [4]
        paths = {(step.path, step.name) for step in await journal.steps("r")}
        assert (("inner", "Ann", "turn 1"), "double") in paths


async def test_another_task_for_the_same_run_is_refused(tmp_path: Path) -> None:
    team, place = Parallel([Player("Ann", "a", "b").agent]), f"sqlite:{tmp_path}/runs.db"
    await team.run("Go.", durable=place, run_id="r")

    with pytest.raises(RunDiverged):
        await team.run("Stop.", durable=place, run_id="r")


async def test_a_run_that_is_paused_ends_whatever_members_failing_is_to_do(tmp_path: Path) -> None:
    async with SqliteJournal(tmp_path / "runs.db") as journal:

        async def pause(task: str) -> str:
            await journal.pause("r")
            return task

        ann = Player("Ann", "a")
        team = Parallel({"pause": pause, "Ann": ann.agent}, at_once=1)
        with pytest.raises(RunPaused):
            await team.run("Go.", durable=journal, run_id="r")
        assert not ann.heard

        await journal.resume("r")
        assert (await team.resume("r", durable=journal)).output == {"pause": ["Go."], "Ann": ["a"]}


async def test_a_call_in_doubt_is_reported_and_not_made_again(tmp_path: Path) -> None:
    calls = list[str]()

    async def pay(task: str) -> str:
        calls.append(task)
        await anyio.sleep_forever()
        return "paid"

    ear = Ear()
    async with SqliteJournal(tmp_path / "runs.db") as journal:
        team = Parallel({"pay": pay, "say": Player("Ann", "a").agent}, on_event=ear.bus, at_once=2)
        with anyio.move_on_after(0.2):
            await team.run("Go.", durable=journal, run_id="r")

        result = await team.resume("r", durable=journal)

        assert (calls, result.output) == (["Go."], {"say": ["a"]})
        cancelled, failed = ear.of(AgentFailed)
        assert cancelled.error == "cancelled"
        assert "cannot be done twice" in failed.error


async def test_a_member_that_may_be_called_twice_is(tmp_path: Path) -> None:
    calls = list[str]()

    async def look(task: str) -> str:
        calls.append(task)
        if len(calls) == 1:
            await anyio.sleep_forever()
        return "seen"

    async with SqliteJournal(tmp_path / "runs.db") as journal:
        member = member_of(look)
        team = Parallel([type(member)(member.id, member.name, look, is_repeatable=True)])
        with anyio.move_on_after(0.2):
            await team.run("Go.", durable=journal, run_id="r")

        assert (await team.resume("r", durable=journal)).output == {"look": ["seen"]}
        (step,) = await journal.steps("r")
        assert (len(calls), step.is_flagged, step.attempts) == (2, True, 2)


async def test_a_person_answers_in_a_durable_run_alone(tmp_path: Path) -> None:
    team = Parallel([Person("Boss"), Player("Ann", "a").agent])
    with pytest.raises(ConfigError, match="durable runs only"):
        await Parallel([Person("Boss")], on_error="raise").run("Go.")

    async with SqliteJournal(tmp_path / "runs.db") as journal:
        with anyio.move_on_after(0.2):
            await team.run("May we?", durable=journal, run_id="r")
        (asked,) = [step for step in await journal.steps("r") if step.state == "waiting"]
        assert asked.input == {"to": "Boss", "said": "May we?"}

        await journal.answer("r", asked.path, asked.name, asked.n, "You may.")

        assert (await team.resume("r", durable=journal)).output["Boss"] == ["You may."]


async def test_a_stream_of_a_durable_run_tells_what_is_recalled(tmp_path: Path) -> None:
    team, place = Parallel([Player("Ann", "one two").agent]), f"sqlite:{tmp_path}/runs.db"
    await team.run("Go.", durable=place, run_id="r")

    kinds = [type(each).__name__ async for each in team.stream("Go.", durable=place, run_id="r")]

    assert "LLMContentDelta" in kinds
    assert kinds[-1] == "WorkflowResult"


@pytest.mark.parametrize("name", ["x" * 5_000, "\ud800" * 5_000])
async def test_a_name_that_no_tool_has_is_only_told_to_the_model(tmp_path: Path, name: str) -> None:
    ann = Player("Ann", assistant(ToolUse("1", name, {}), ToolUse("2", name, {})), "from Ann")
    team = Parallel([ann.agent])
    place = f"sqlite:{tmp_path}/runs.db"

    first = await team.run("Go.", durable=place, run_id="r")
    again = await team.run("Go.", durable=place, run_id="r")

    assert first.output == again.output == {"Ann": ["from Ann"]}
    assert len(ann.heard) == 2


async def test_numbers_that_json_does_not_know_are_kept_as_words(tmp_path: Path) -> None:
    def measure(task: str) -> object:
        return {"task": task, "of": [float("nan"), float("-inf"), 1.5]}

    place = f"sqlite:{tmp_path}/runs.db"
    team = Parallel({"measure": measure})

    first = await team.run("Go.", durable=place, run_id="r")
    again = await team.run("Go.", durable=place, run_id="r")

    assert first.output == again.output
    assert first.output == {"measure": [{"task": "Go.", "of": ["nan", "-inf", 1.5]}]}
