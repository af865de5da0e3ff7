"""Tools of an agent whose run is kept in a journal."""

import signal
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from anyio import move_on_after
from tests.agents import journaled
from tests.agents.journaled import work
from tests.support.process import ROOT, run

from toolyard import Text
from toolyard.agents.agent import Agent
from toolyard.agents.approval import ALLOW, AwaitPerson, Decision, Deny, Edit
from toolyard.agents.round_steps import IN_DOUBT
from toolyard.agents.run_result import RunResult
from toolyard.agents.tool_round import CHANGED
from toolyard.core.errors import RunPaused
from toolyard.core.tool import Tool
from toolyard.llm.message import ToolUse, ToolUseResult, assistant
from toolyard.llm.scripted_model import ScriptedModel
from toolyard.storage.journal.journal import StepRecord
from toolyard.storage.journal.sqlite_journal import SqliteJournal
from toolyard.storage.journal.steps import Steps


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def results(result: RunResult[str]) -> Sequence[ToolUseResult]:
    return [
        part
        for message in result.messages
        for part in message.parts
        if isinstance(part, ToolUseResult)
    ]


async def done(file: Path, **options: object) -> tuple[RunResult[str], Counter[str]]:
    """How the task ends now, and what was really done for it."""
    notes = Counter[str]()
    async with SqliteJournal(file) as journal, journal.open("r", "demo", None) as opened:
        result = await work(opened, lambda line: notes.update([line]), **options)  # type: ignore[arg-type]
    return result, notes


async def steps_of(file: Path) -> Sequence[StepRecord]:
    async with SqliteJournal(file) as journal:
        return await journal.steps("r")


async def test_nothing_is_done_twice(file: Path) -> None:
    first, notes = await done(file)
    assert notes == {"model 0": 1, "look 1": 1, "look 2": 1, "model 1": 1, "pay 5": 1, "model 2": 1}
    again, notes = await done(file)
    assert not notes
    assert (again.text, again.messages, again.usage) == (first.text, first.messages, first.usage)
    kept = {(each.path, each.name, each.n): each for each in await steps_of(file)}
    assert set(kept) == {
        (("Mai",), "model", 0),
        (("Mai", "turn 1"), "look", 0),
        (("Mai", "turn 1"), "look", 1),
        (("Mai",), "model", 1),
        (("Mai", "turn 2"), "pay", 0),
        (("Mai",), "model", 2),
    }
    second = kept[("Mai", "turn 1"), "look", 1]
    assert (second.kind, second.input) == ("tool", {"at": 2})
    assert second.output["structured"] == {"seen": 20}


def killed(file: Path, before: int) -> Counter[str]:
    """What was really done by a program that was killed before that change of the journal."""
    command = [sys.executable, "-m", "tests.agents.journaled", str(file), str(before)]
    finished = run(command, directory=ROOT, environment={"PYTHONPATH": f"{ROOT}/src:{ROOT}"})
    assert finished.code == -signal.SIGKILL, finished
    return Counter(finished.output.splitlines())


@pytest.mark.parametrize(
    ("before", "in_flight"),
    [
        (3, {"model 0"}),
        (6, {"look 1", "look 2"}),
        (8, set[str]()),
        (11, {"pay 5"}),
        (13, {"model 2"}),
        (14, set[str]()),
    ],
)
async def test_a_killed_run_goes_on_where_it_was(
    file: Path, before: int, in_flight: set[str]
) -> None:
    """Nothing is repeated but what was in flight, and that is flagged, and never what may not."""
    whole, once = await done(file.with_name("whole.db"))
    notes = killed(file, before)
    result, more = await done(file)
    is_in_doubt = "pay 5" in in_flight
    repeated = in_flight - {"pay 5"}
    assert notes + more == once + Counter(repeated)
    assert len([each for each in await steps_of(file) if each.is_flagged]) == len(in_flight)
    if is_in_doubt:
        assert results(result)[2] == ToolUseResult("3", "pay", (Text(IN_DOUBT),), is_error=True)
        assert result.text == whole.text
    else:
        assert (result.text, result.messages) == (whole.text, whole.messages)


async def test_what_was_decided_is_not_asked_again(file: Path) -> None:
    asked = list[str]()

    async def approve(use: ToolUse, tool: Tool) -> Decision:
        del tool
        asked.append(use.id)
        return {"1": ALLOW, "2": Deny("Not there."), "3": Edit({"amount": 4})}[use.id]

    first, notes = await done(file, approve=approve)
    assert sorted(asked) == ["1", "2", "3"]
    assert notes["pay 4"] == 1
    again, notes = await done(file, approve=approve)
    assert sorted(asked) == ["1", "2", "3"]
    assert not notes
    assert again.messages == first.messages
    assert [each.is_error for each in results(first)] == [False, True, False]


async def stopped_at_the_first_decision(file: Path) -> None:
    """A run that is paused when it was decided that its tools may run."""
    async with SqliteJournal(file) as journal:

        async def pause(use: ToolUse, tool: Tool) -> Decision:
            del use, tool
            await journal.pause("r")
            return ALLOW

        with pytest.raises(RunPaused):
            async with journal.open("r", "demo", None) as opened:
                await work(opened, lambda line: None, pause)
        assert (await journal.run("r")).state == "paused"
        await journal.resume("r")


async def allow(use: ToolUse, tool: Tool) -> Decision:
    del use, tool
    return ALLOW


async def test_a_paused_run_ends_before_its_tools_and_goes_on(file: Path) -> None:
    await stopped_at_the_first_decision(file)
    result, notes = await done(file, approve=allow)
    assert result.text == "Done"
    assert notes == {"look 1": 1, "look 2": 1, "model 1": 1, "pay 5": 1, "model 2": 1}


async def test_a_tool_that_was_changed_since_it_was_decided_about_is_not_run(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stopped_at_the_first_decision(file)
    monkeypatch.setattr(journaled, "LOOK", "Look, and tell everybody.")
    result, notes = await done(file, approve=allow)
    assert notes["look 1"] == 0 or notes["look 2"] == 0
    assert Text(CHANGED) in {part for each in results(result) for part in each.content}


async def test_a_second_task_has_steps_of_its_own(file: Path) -> None:
    ran = list[int]()

    def look() -> int:
        """Look."""
        ran.append(1)
        return len(ran)

    ask = assistant(ToolUse("1", "look", {}))
    for _ in range(2):
        async with (
            SqliteJournal(file) as journal,
            journal.open("r", "demo", None) as opened,
            Agent("Mai", ScriptedModel(ask, "a", ask, "b"), tools=[look]) as agent,
        ):
            access = replace(agent.recipe.tools, steps=Steps(opened))
            member = agent.fork(replace(agent.recipe, tools=access))
            told = [results(await member.run("Go"))[0].content for _ in range(2)]
            assert told == [(Text("1"),), (Text("2"),)]
    assert len(ran) == 2


async def test_a_fork_may_have_another_recipe(file: Path) -> None:
    del file
    other = ScriptedModel("other")
    agent = Agent("Mai", ScriptedModel("own"))
    fork = agent.fork(replace(agent.recipe, model=other, system_prompt="Be brief."))
    assert (await fork.send("Hi")).text == "other"
    assert other.requests[0].messages[0].text.endswith("Be brief.")
    assert (await agent.send("Hi")).text == "own"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("allow", "paid 5"),
        ({"deny": "Too dear."}, "The tool was not run: Too dear."),
        ({"edit": {"amount": 1}}, "paid 1"),
        ("perhaps", "The tool was not run: It is not allowed."),
    ],
    ids=["allow", "deny", "edit", "neither"],
)
async def test_a_person_decides_whenever_it_is(file: Path, answer: object, told: str) -> None:
    with move_on_after(0.3):
        await done(file, approve=AwaitPerson())
    (asked,) = [each for each in await steps_of(file) if each.state == "waiting"]
    assert asked.input == {"tool": "pay", "arguments": {"amount": 5}}

    async with SqliteJournal(file) as journal:
        await journal.answer("r", asked.path, asked.name, asked.n, answer)
    result, notes = await done(file, approve=AwaitPerson())

    *_, paid = results(result)
    assert told in "".join(part.text for part in paid.content if isinstance(part, Text))
    assert notes["look 1"] == notes["model 0"] == 0


async def test_a_person_cannot_decide_about_a_tool_that_was_swapped_meanwhile(file: Path) -> None:
    with move_on_after(0.3):
        await done(file, approve=AwaitPerson())
    (asked,) = [each for each in await steps_of(file) if each.state == "waiting"]
    async with SqliteJournal(file) as journal:
        await journal.answer("r", asked.path, asked.name, asked.n, "allow")

    result, notes = await done(file, approve=AwaitPerson(), pay_does="Pay much more.")

    *_, paid = results(result)
    assert [part.text for part in paid.content if isinstance(part, Text)] == [CHANGED]
    assert not any(note.startswith("pay") for note in notes)


async def test_without_a_journal_nobody_decides() -> None:
    decide, tool = AwaitPerson(always=["look"]), Tool("pay", "Pay.", {"type": "object"})
    assert isinstance(await decide(ToolUse("1", "pay", {}), tool), Deny)
    assert await decide(ToolUse("1", "look", {}), replace(tool, name="look")) == ALLOW
