"""One member is chosen, and does the task."""

from typing import Any

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import AgentSelected
from toolyard.llm.scripted_model import Line
from toolyard.orchestration.presets.router import Router

pytestmark = pytest.mark.anyio

ASKED = """The task:
Add 2 and 3.

You decide which member of a team does this task. It does all of it, and its answer is the result. \
The members:
- Ann: Numbers.
- Bob: Words.

Who does it? Name one as in the list."""


def route(member: str, reason: str = "it can") -> str:
    return f'{{"member": "{member}", "reason": "{reason}"}}'


class Team:
    """Ann, Bob, and a router with a script."""

    def __init__(self, *lines: Line, **options: Any) -> None:
        self.ear = Ear()
        self.router = Player("Eve", *lines)
        self.ann = Player("Ann", "five", "six", expertise="Numbers.")
        self.bob = Player("Bob", "a word", ModelError("Bob is ill."), expertise="Words.")
        agents = [self.ann.agent, self.bob.agent]
        options.setdefault("on_event", self.ear.bus)
        self.workflow = Router(agents, router=self.router.agent, **options)


async def test_the_chosen_one_hears_the_task_alone_and_its_answer_is_the_result() -> None:
    team = Team(route("Ann", "numbers"))

    result = await team.workflow.run("Add 2 and 3.")

    assert team.router.heard == [ASKED]
    assert (team.ann.heard, team.bob.heard) == (["Add 2 and 3."], [])
    assert (result.text, result.output, result.status, result.ended, result.rounds) == (
        "five",
        "five",
        "complete",
        "routed",
        1,
    )
    assert result.metadata == {"member": "Ann", "reason": "numbers"}
    selected = [(each.agent_id, each.reason) for each in team.ear.of(AgentSelected)]
    assert selected == [("Eve", "decides who does the task"), ("Ann", "numbers")]


@pytest.mark.parametrize("said", ["ann", " Ann ", "`Ann`"])
async def test_a_name_is_understood_if_it_is_not_quite_as_in_the_list(said: str) -> None:
    assert (await Team(route(said)).workflow.run("Go.")).text == "five"


@pytest.mark.parametrize(
    "lines",
    [(route("Carl"),), (route("An"),), (route(""),), ("no", "no", "no"), (ModelError("gone."),)],
    ids=["unknown", "a part of a name", "nobody", "no decision", "failed"],
)
async def test_whoever_names_nobody_leaves_it_to_the_fallback(lines: tuple[Line, ...]) -> None:
    team = Team(*lines, fallback="Bob")

    result = await team.workflow.run("Go.")

    assert (result.text, result.ended, team.ann.heard) == ("a word", "fallback", [])


async def test_without_a_fallback_it_is_asked_once_more_and_no_more() -> None:
    team = Team(route("Carl"), route("Ann"))
    assert (await team.workflow.run("Go.")).text == "five"
    assert team.router.heard[1] == (
        "There is no member called 'Carl', only: Ann, Bob. Who does it? Name one as in the list."
    )

    team = Team(route("Carl"), route("Dora"), route("Ann"))
    with pytest.raises(WorkflowError, match=r"Eve named no member.*'Dora', only: Ann, Bob"):
        await team.workflow.run("Go.")
    assert (team.ann.heard, team.bob.heard) == ([], [])

    team = Team(ModelError("gone."), route("Ann"))
    assert (await team.workflow.run("Go.")).text == "five"
    assert team.router.heard[0] == team.router.heard[1]


async def test_one_that_fails_is_shown_or_ends_the_run_and_nobody_stands_in() -> None:
    lines = route("Bob"), route("Bob")
    team = Team(*lines, fallback="Ann")
    assert (await team.workflow.run("Go.")).text == "a word"
    with pytest.raises(WorkflowError, match=r"Nobody answered: Bob: Bob is ill\."):
        await team.workflow.run("Go.")

    team = Team(*lines, on_error="show")
    await team.workflow.run("Go.")
    shown = await team.workflow.run("Go.")
    assert (shown.text, shown.status) == ("(Bob failed: Bob is ill.)", "partial")

    team = Team(*lines, on_error="raise")
    await team.workflow.run("Go.")
    with pytest.raises(ModelError, match=r"Bob is ill\."):
        await team.workflow.run("Go.")


async def test_a_second_run_begins_from_the_start() -> None:
    team = Team(route("Ann"), route("Ann"))

    await team.workflow.run("One.")
    result = await team.workflow.run("Two.")

    assert (result.text, team.ann.heard) == ("six", ["One.", "Two."])
    assert team.router.heard[1].startswith("The task:\nTwo.\n\n")
    assert [len(each.messages) for each in team.ann.model.requests] == [2, 2]


async def test_a_function_may_choose_among_workflows_and_functions() -> None:
    def choose(task: str) -> dict[str, str]:
        return {"member": "shout" if "loud" in task else "inner"}

    def shout(task: str) -> str:
        """Says it in capitals."""
        return task.upper()

    inner = Router({"shout": shout}, router=choose, name="inner", expertise="All else.")
    team = Router([shout, inner], router=choose, fallback="inner")

    assert (await team.run("Say it loud.")).text == "SAY IT LOUD."


def test_a_fallback_must_be_a_member() -> None:
    with pytest.raises(ConfigError, match=r"fallback must be the id.*\(Ann, Bob\), not 'Carl'"):
        Team(fallback="Carl")
