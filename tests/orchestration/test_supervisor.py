"""One leads the others, step by step, to the answer."""

import json
from typing import Any

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import AgentSelected
from toolyard.llm.budget import BudgetLimits
from toolyard.llm.scripted_model import Line
from toolyard.orchestration.presets.supervisor import Supervisor

pytestmark = pytest.mark.anyio

DECIDE = "What is next? Either have a member work, or finish with the answer to the task."
ASKED = f"""The task:
Write a poem.

You lead a team that does this task. You have its members do parts of it, one at a time, and hear \
what they answer; once you know the answer to the task, you give it. A member knows nothing but \
what you tell it. The members:
- Ann: Verse.
- Bob: Critique.

{DECIDE}"""


def delegate(member: str, instructions: str) -> str:
    return json.dumps({"action": "delegate", "member": member, "instructions": instructions})


def finish(answer: str) -> str:
    return json.dumps({"action": "finish", "answer": answer})


class Team:
    """Ann, Bob who fails the second time, and a supervisor with a script."""

    def __init__(self, *lines: Line, **options: Any) -> None:
        self.ear = Ear()
        self.lead = Player("Eve", *lines)
        self.ann = Player("Ann", "roses", "violets", "daisies", expertise="Verse.")
        self.bob = Player("Bob", "nice", ModelError("Bob is ill."), expertise="Critique.")
        agents = [self.ann.agent, self.bob.agent]
        self.workflow = Supervisor(
            agents, supervisor=self.lead.agent, on_event=self.ear.bus, **options
        )


async def test_members_hear_their_instructions_and_the_supervisor_what_they_answer() -> None:
    team = Team(
        delegate("Ann", "A line, please."),
        delegate("Bob", "Is 'roses' good?"),
        delegate("ann", "Another."),
        finish("roses, violets"),
    )

    result = await team.workflow.run("Write a poem.")

    assert team.lead.heard == [
        ASKED,
        f'<said by="Ann">\nroses\n</said>\n\n{DECIDE}',
        f'<said by="Bob">\nnice\n</said>\n\n{DECIDE}',
        f'<said by="Ann">\nviolets\n</said>\n\n{DECIDE}',
    ]
    assert team.ann.heard == ["A line, please.", "Another."]
    assert len(team.ann.model.requests[1].messages) == 4, "it remembers what it did before"
    assert team.bob.heard == ["Is 'roses' good?"]
    assert (result.text, result.status, result.ended, result.rounds) == (
        "roses, violets",
        "complete",
        "finished",
        3,
    )
    asked = [each.agent_id for each in team.ear.of(AgentSelected)]
    assert asked == ["Eve", "Ann", "Eve", "Bob", "Eve", "Ann", "Eve"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (delegate("Carl", "Go."), "There is no member called 'Carl', only: Ann, Bob."),
        (delegate("", ""), "There is no member called '', only: Ann, Bob."),
        (delegate("Ann", " "), "You did not say what Ann is to do."),
        (finish(" "), "You gave no answer to finish with."),
    ],
)
async def test_a_decision_that_says_nothing_is_made_again(line: str, told: str) -> None:
    team = Team(line, finish("done"))

    result = await team.workflow.run("Go.")

    assert team.lead.heard[1] == f"{told} {DECIDE}"
    assert (result.text, result.rounds, team.ann.heard) == ("done", 0, [])


async def test_when_its_decisions_are_used_up_it_gives_the_answer_that_it_has() -> None:
    lines = delegate("Ann", "One."), delegate("Carl", "?"), delegate("Ann", "Two.")
    team = Team(*lines, "by now: roses", max_steps=3)

    result = await team.workflow.run("Go.")

    assert team.lead.heard[0].endswith(f"\n\n{DECIDE}")
    assert team.lead.heard[1] == f'<said by="Ann">\nroses\n</said>\n\nDecisions left: 2. {DECIDE}'
    assert team.lead.heard[2].endswith(f"only: Ann, Bob. Decisions left: 1. {DECIDE}")
    assert team.lead.heard[3] == (
        '<said by="Ann">\nviolets\n</said>\n\n'
        "No decisions are left. Give the best answer to the task that you have by now."
    )
    assert (result.text, result.status, result.ended) == ("by now: roses", "partial", "max_steps")

    team = Team(*lines, ModelError("gone."), max_steps=3)
    assert (await team.workflow.run("Go.")).text == "violets"


async def test_ten_decisions_are_made_at_most_if_nothing_else_is_said() -> None:
    team = Team(*[delegate("Carl", "Go.")] * 11)

    result = await team.workflow.run("Go.")

    assert (len(team.lead.heard), result.ended) == (11, "max_steps")


async def test_the_supervisor_is_told_of_one_that_fails_who_may_be_asked_again() -> None:
    lines = delegate("Bob", "One."), delegate("Bob", "Two."), finish("done")
    silent = f'<said by="Bob">\n(No answer came.)\n</said>\n\n{DECIDE}'
    shown = f'<said by="Bob">\n(Bob failed: Bob is ill.)\n</said>\n\n{DECIDE}'

    team = Team(*lines)
    assert (await team.workflow.run("Go.")).text == "done"
    assert team.lead.heard[2] == silent

    team = Team(*lines, on_error="show")
    assert (await team.workflow.run("Go.")).text == "done"
    assert team.lead.heard[2] == shown

    with pytest.raises(ModelError, match=r"Bob is ill\."):
        await Team(*lines, on_error="raise").workflow.run("Go.")


async def test_a_supervisor_that_fails_leaves_what_was_answered_last() -> None:
    team = Team(delegate("Ann", "One."), ModelError("gone."))
    result = await team.workflow.run("Go.")
    assert (result.text, result.status, result.ended) == ("roses", "partial", "no_decision")

    with pytest.raises(WorkflowError, match=r"Eve came to no decision: gone\."):
        await Team(ModelError("gone.")).workflow.run("Go.")


async def test_when_a_budget_is_spent_the_last_answer_of_a_member_is_what_there_is() -> None:
    lines = delegate("Ann", "One."), delegate("Bob", "Two."), finish("done")
    team = Team(*lines, budget=BudgetLimits(calls=3))

    result = await team.workflow.run("Go.")

    assert (result.text, result.status, result.ended) == ("roses", "partial", "budget")


async def test_a_second_run_begins_from_the_start() -> None:
    lines = delegate("Ann", "One."), finish("done")
    team = Team(*lines, *lines)

    await team.workflow.run("Write a poem.")
    await team.workflow.run("Write a poem.")

    assert team.lead.heard[0] == team.lead.heard[2] == ASKED
    assert [len(each.messages) for each in team.ann.model.requests] == [2, 2]


async def test_one_that_remembers_nothing_is_told_everything_each_time() -> None:
    heard = list[str]()

    def lead(told: str) -> dict[str, str]:
        heard.append(told)
        if "ANN" in told:
            return {"action": "finish", "answer": "done"}
        return {"action": "delegate", "member": "shout", "instructions": "ann"}

    def shout(told: str) -> str:
        """Says it in capitals."""
        return told.upper()

    assert (await Supervisor([shout], supervisor=lead).run("Go.")).text == "done"
    assert heard[1].startswith("The task:\nGo.\n\nYou lead a team")
    assert heard[1].index('<said by="lead (you)">') < heard[1].index('<said by="shout">\nANN\n')


def test_there_must_be_a_decision_to_make() -> None:
    with pytest.raises(ConfigError, match="max_steps must be 1 or more, not 0"):
        Team(max_steps=0)
