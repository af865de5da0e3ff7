"""One splits the task, the others do the parts, and it puts them together."""

import json
from typing import Any

import pytest
from tests.support.teams import Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.llm.scripted_model import Line
from toolyard.orchestration.presets.manager_workers import ManagerWorkers

pytestmark = pytest.mark.anyio

SPLIT = "Which subtasks are there, and who does each?"
ASKED = f"""The task:
Make a trip.

You manage a team that does this task: you split it into at most 5 subtasks, and say who does \
each. Whoever does one is told nothing else, so write down all that is needed. If nobody is fit \
for it, or there is nothing to split, there are no subtasks, and you do the task yourself. The \
members:
- Ann: Places.
- Bob: Trains.

{SPLIT}"""
SUMMARIZE = "All subtasks are done. Answer the task with what matters of the results, in short."
RESULTS = '<said by="Ann">\nRome\n</said>\n\n<said by="Bob">\nat nine\n</said>'


def subtasks(*parts: tuple[str, str]) -> str:
    return json.dumps({"result": [{"member": who, "task": task} for who, task in parts]})


TWO = subtasks(("Ann", "Find a place."), ("Bob", "Find a train."))


class Team:
    """Ann, Bob, and a manager with a script."""

    def __init__(self, *lines: Line, ann: Line = "Rome", **options: Any) -> None:
        self.manager = Player("Eve", *lines)
        self.ann = Player("Ann", ann, "Oslo", expertise="Places.")
        self.bob = Player("Bob", "at nine", "at ten", expertise="Trains.")
        agents = [self.ann.agent, self.bob.agent]
        self.workflow = ManagerWorkers(agents, manager=self.manager.agent, **options)


async def test_each_hears_its_part_alone_and_the_manager_all_results() -> None:
    team = Team(TWO, "Rome at nine")

    result = await team.workflow.run("Make a trip.")

    assert team.manager.heard == [ASKED, f"{RESULTS}\n\n{SUMMARIZE}"]
    assert (team.ann.heard, team.bob.heard) == (["Find a place."], ["Find a train."])
    assert (result.text, result.status, result.ended, result.rounds) == (
        "Rome at nine",
        "complete",
        "synthesized",
        1,
    )
    assert [(each.id, each.task_id) for each in result.steps[1:3]] == [
        ("Ann", "subtask 1"),
        ("Bob", "subtask 2"),
    ]
    assert result.metadata["subtasks"] == [
        {"member": "Ann", "task": "Find a place."},
        {"member": "Bob", "task": "Find a train."},
    ]


async def test_one_may_have_several_parts_which_know_nothing_of_each_other() -> None:
    team = Team(subtasks(("Ann", "One."), ("Ann", "Two.")), "both")

    await team.workflow.run("Go.")

    assert sorted(team.ann.heard) == ["One.", "Two."]
    assert [len(each.messages) for each in team.ann.model.requests] == [2, 2]


async def test_one_after_the_other_each_is_told_what_came_before() -> None:
    team = Team(TWO, "Rome at nine", parallel=False)

    result = await team.workflow.run("Make a trip.")

    assert "told only that, and what came of the subtasks before it" in team.manager.heard[0]
    assert team.ann.heard == ["Find a place."]
    assert team.bob.heard == [
        'Find a train.\n\nThis was done before:\n\n<said by="Ann">\nRome\n</said>'
    ]
    assert (result.rounds, [each.task_id for each in result.steps]) == (
        2,
        ["", "subtask 1", "subtask 2", ""],
    )


async def test_the_results_are_worked_into_one_text_or_stand_side_by_side() -> None:
    team = Team(TWO, "all of it", synthesis="merge")
    assert (await team.workflow.run("Go.")).text == "all of it"
    assert team.manager.heard[1] == (
        f"{RESULTS}\n\nAll subtasks are done. Answer the task with one text that all results are "
        "worked into, with nothing left out and nothing said twice."
    )

    team = Team(TWO, synthesis="concatenate")
    result = await team.workflow.run("Go.")
    assert (result.text, result.ended) == ("Ann:\nRome\n\nBob:\nat nine", "synthesized")
    assert len(team.manager.heard) == 1


@pytest.mark.parametrize("lines", [(subtasks(),), (ModelError("busy."),)], ids=["none", "failed"])
async def test_without_subtasks_the_manager_does_the_task_itself(lines: tuple[Line, ...]) -> None:
    team = Team(*lines, "my trip")

    result = await team.workflow.run("Make a trip.")

    assert team.manager.heard[1].endswith("Do the task yourself, and answer with the result.")
    assert (result.text, result.ended, result.status, result.metadata["subtasks"]) == (
        "my trip",
        "alone",
        "complete",
        [],
    )
    assert team.ann.heard == team.bob.heard == []
    with pytest.raises(WorkflowError, match=r"Nobody answered: Eve: gone\."):
        await Team(*lines, ModelError("gone.")).workflow.run("Go.")


async def test_more_subtasks_than_may_be_are_refused() -> None:
    team = Team(TWO, subtasks(("Ann", "Find a place.")), "Rome", max_subtasks=1)

    result = await team.workflow.run("Go.")

    assert "at most 1 subtasks" in team.manager.heard[0]
    assert "That cannot be used" in team.manager.heard[1]
    assert (len(result.metadata["subtasks"]), team.bob.heard) == (1, [])


async def test_a_part_for_nobody_is_asked_about_then_done_by_the_manager() -> None:
    odd = subtasks(("Carl", "Pack."), ("Ann", "Find a place."))
    told = f"There is no member called 'Carl', only: Ann, Bob. {SPLIT}"

    team = Team(odd, TWO, "fine")
    await team.workflow.run("Go.")
    assert team.manager.heard[1] == told
    assert (team.ann.heard, len(team.bob.heard)) == (["Find a place."], 1)

    team = Team(odd, odd, "packed", "fine")
    result = await team.workflow.run("Go.")
    assert team.manager.heard[2] == "Pack."
    assert team.manager.heard[3].startswith('<said by="Eve">\npacked\n</said>')
    assert result.metadata["subtasks"][0] == {"member": "Eve", "task": "Pack."}
    assert (result.text, team.bob.heard) == ("fine", [])


async def test_one_that_fails_is_left_out_or_shown_or_ends_the_run() -> None:
    ill = ModelError("Ann is ill.")
    team = Team(TWO, "at nine", ann=ill)
    result = await team.workflow.run("Go.")
    assert team.manager.heard[1] == f'<said by="Bob">\nat nine\n</said>\n\n{SUMMARIZE}'
    assert (result.text, result.status, result.ended) == ("at nine", "partial", "synthesized")

    team = Team(TWO, ann=ill, on_error="show", synthesis="concatenate")
    shown = await team.workflow.run("Go.")
    assert shown.text == "Ann:\n(Ann failed: Ann is ill.)\n\nBob:\nat nine"
    assert shown.status == "partial"

    with pytest.raises(ModelError, match=r"Ann is ill\."):
        await Team(TWO, ann=ill, on_error="raise").workflow.run("Go.")

    with pytest.raises(WorkflowError, match=r"Nobody answered: Ann: Ann is ill\."):
        await Team(subtasks(("Ann", "Go.")), ann=ill).workflow.run("Go.")


async def test_a_manager_that_fails_at_the_end_leaves_the_results_side_by_side() -> None:
    result = await Team(TWO, ModelError("gone.")).workflow.run("Go.")

    assert (result.text, result.status, result.ended) == (
        "Ann:\nRome\n\nBob:\nat nine",
        "partial",
        "not_synthesized",
    )


async def test_a_second_run_begins_from_the_start() -> None:
    team = Team(TWO, "one", TWO, "two")

    await team.workflow.run("Make a trip.")
    result = await team.workflow.run("Make a trip.")

    assert team.manager.heard[0] == team.manager.heard[2] == ASKED
    assert (result.text, result.rounds, team.ann.heard[1]) == ("two", 1, "Find a place.")


def test_numbers_and_words_must_be_such_as_there_are() -> None:
    with pytest.raises(ConfigError, match="max_subtasks must be 1 or more, not 0"):
        Team(max_subtasks=0)
    with pytest.raises(ConfigError, match="one of summarize, concatenate, merge, not 'vote'"):
        Team(synthesis="vote")
