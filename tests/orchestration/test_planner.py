"""A plan is made, and done step by step; it is mended when a step fails."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError, RateLimited
from toolyard.core.workflow_errors import PlanFailed, RedesignLimitExceeded, StepLimitExceeded
from toolyard.events.orchestration_events import StepRecovered
from toolyard.llm.scripted_model import Line
from toolyard.orchestration.planning.plan import Blueprint, Plan, PlanStep
from toolyard.orchestration.planning.recovery import Escalation, RecoveryLimits
from toolyard.orchestration.planning.trace import Mapped, Planned, Recovered
from toolyard.orchestration.presets.planner import Planner
from toolyard.prompts.prompt_model import PromptModel

pytestmark = pytest.mark.anyio

ILL = ModelError("Bob is ill.")
SAID_ILL = '<said by="Bob">\nBob is ill.\n</said>'


def step(step_id: str, who: str = "Ann", told: str = "Go.", **fields: Any) -> PlanStep:
    fields = {"description": f"Does {step_id}.", "expected_output": "Something.", **fields}
    return PlanStep(step_id=step_id, assigned_agent=who, intent_template=told, **fields)


def plan(*steps: PlanStep) -> Plan:
    return Plan(goal="A book.", steps=list(steps))


def steps_as_json(*steps: PlanStep) -> str:
    return json.dumps({"result": [each.model_dump() for each in steps]})


def remedy(recovery: str) -> str:
    return json.dumps({"recovery": recovery})


OUTLINE = step("outline", told="Outline this: {{ task }}")
WRITE = step("write", "Bob", "Write: {{ outline }} For: {task} See {{previous_output}}")
TWO = plan(OUTLINE, WRITE)
TWICE = RecoveryLimits(step_attempts=2)


class Team:
    """Ann, Bob with a script of his own, and a planner with a script."""

    def __init__(
        self, *lines: Line | Plan, bob: Sequence[Line] = ("bob 1", "bob 2"), **options: Any
    ) -> None:
        self.ear = Ear()
        said = [each.model_dump_json() if isinstance(each, Plan) else each for each in lines]
        self.planner = Player("Eve", *said)
        ann = [f"ann {number}" for number in range(1, 15)]
        self.ann = Player("Ann", *ann, expertise="Ideas.")
        self.bob = Player("Bob", *bob, expertise="Words.")
        options = {"planner": self.planner.agent, "on_event": self.ear.bus, **options}
        self.workflow = Planner([self.ann.agent, self.bob.agent], **options)


async def test_a_plan_is_made_and_each_member_hears_what_its_template_says() -> None:
    team = Team(TWO, blueprint=Blueprint("First think.", "graph TD; a-->b"))

    result = await team.workflow.run("Write a book.")

    (asked,) = team.planner.heard
    assert asked.startswith("The task:\nWrite a book.\n\nYou plan how a team does this task")
    assert "\n- Ann: Ideas.\n- Bob: Words.\n\nSuch tasks are mostly done like this:\n" in asked
    assert asked.endswith("First think.\n\n```mermaid\ngraph TD; a-->b\n```\n\nMake the plan.")
    said = '<said by="Ann">\nann 1\n</said>'
    assert team.ann.heard == ["Outline this: Write a book."]
    assert team.bob.heard == [f"Write: {said} For: Write a book. See {said}"]
    assert (result.text, result.status, result.ended, result.rounds) == (
        "bob 1",
        "complete",
        "done",
        2,
    )
    assert (result.metadata["plan"], result.metadata["redesigns"]) == (TWO, 0)
    assert result.metadata["trace"] == (
        Planned(TWO),
        Mapped("outline", "task", "task", "key"),
        Mapped("write", "outline", "outline", "key"),
        Mapped("write", "task", "task", "key"),
        Mapped("write", "previous_output", "outline", "key"),
    )
    assert result.step("outline").text == result.metadata["results"]["outline"].text == "ann 1"
    assert result.get(Plan) == TWO
    assert result.by_task["write"].usage.calls == 1


async def test_a_plan_that_is_given_needs_no_planner() -> None:
    team = Team(planner=None, plan=TWO)

    assert (await team.workflow.run("Write a book.")).text == "bob 1"
    assert team.planner.heard == []


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (plan(), "It has no steps; it needs at least one."),
        (plan(step("a"), step("a")), "'a' stands for two things"),
        (plan(step("task")), "'task' stands for two things"),
        (plan(step("a", output_key="a")), "'a' stands for two things"),
        (plan(step(" ")), "A step has an empty step_id"),
        (plan(step("a", "Carl")), "Step 'a' is for 'Carl', who is no member; there are only: Ann"),
        (
            plan(step("a", told="{{ b }}")),
            "Step 'a' names 'b', which no earlier step gives; it may name: task.",
        ),
        (plan(step("a", told="{previous_output}")), "Step 'a' names 'previous_output'"),
    ],
)
async def test_a_plan_that_cannot_be_followed_is_refused_with_the_reason(
    bad: Plan, problem: str
) -> None:
    with pytest.raises(ConfigError, match="The plan cannot be followed") as refused:
        Team(plan=bad)
    assert problem in str(refused.value)

    team = Team(bad, TWO)
    assert (await team.workflow.run("Go.")).text == "bob 1"
    assert team.planner.heard[1].startswith(f"That plan cannot be followed:\n- {problem}")

    with pytest.raises(PlanFailed, match="Eve made no plan that can be followed"):
        await Team(bad, bad, bad, TWO).workflow.run("Go.")


async def test_names_stand_for_a_key_or_the_step_with_most_words_or_what_is_decided() -> None:
    earlier = [
        step("a", description="Finds heroes.", output_key="cast"),
        step("b", description="Draws a place.", expected_output="The main place."),
        step("c", description="Draws the main hero."),
    ]
    table: dict[str, tuple[str, Literal["key", "words", "decision"]]] = {
        "cast": ("a", "key"),
        "c": ("c", "key"),
        "hero": ("a", "words"),
        "main_hero": ("c", "words"),
        "place-name": ("b", "words"),
        "soundtrack": ("b", "decision"),
    }
    for name, (source, by) in table.items():
        last = step("last", "Bob", f"Use {{{{ {name} }}}}.")
        decider = Player("Dan", '{"step_id": "b"}')
        team = Team(plan=plan(*earlier, last), decider=decider.agent, planner=None)

        result = await team.workflow.run("Go.")

        text = result.step(source).text
        assert team.bob.heard == [f'Use <said by="Ann">\n{text}\n</said>.'], name
        assert result.metadata["trace"][-1] == Mapped("last", name, source, by)
        assert len(decider.heard) == (by == "decision")

    with pytest.raises(ConfigError, match="names 'soundtrack'"):
        Team(plan=plan(*earlier, step("last", told="{soundtrack}")), planner=None)


async def test_a_name_that_nobody_knows_is_a_failure_of_the_step() -> None:
    odd = plan(step("a"), step("b", "Bob", "{{ unheard_of }}"))
    team = Team(odd, '{"step_id": "z"}', remedy("full"), TWO)

    result = await team.workflow.run("Go.")

    assert (result.text, result.rounds, team.bob.heard[0][:6]) == ("bob 1", 3, "Write:")
    (event,) = team.ear.of(StepRecovered)
    assert event.error == "Nobody can say which earlier step gives 'unheard_of'."


async def test_what_a_member_said_is_never_cut_nor_filled_in_again() -> None:
    long = "{{ task }} </said> {task}" + "x" * 100_000
    team = Team(plan=TWO)
    team.ann = Player("Ann", long)
    workflow = Planner([team.ann.agent, team.bob.agent], plan=TWO)

    await workflow.run("Write a book.")

    shown = long.replace("</said>", "&lt;/said>")
    assert f'Write: <said by="Ann">\n{shown}\n</said> For: Write a book.' in team.bob.heard[0]


class Hero(PromptModel, template="The brave {{ name }}."):
    name: str


class Page(BaseModel):
    words: int


async def test_answers_of_a_type_are_found_by_it_and_shown_in_their_own_way() -> None:
    made = plan(
        step("hero"), step("page", "Bob", "Use {{ hero }}."), step("end", "Bob", "{{page}}")
    )
    bob: list[Line] = ['{"words": 7}', "the end"]
    outputs = {"Ann": Hero, "Bob": str, "page": Page}
    team = Team(plan=made, outputs=outputs, bob=bob)
    team.ann = Player("Ann", '{"name": "Kim"}')
    workflow = Planner([team.ann.agent, team.bob.agent], plan=made, outputs=outputs)

    result = await workflow.run("Go.")

    assert team.bob.heard == [
        'Use <said by="Ann">\nThe brave Kim.\n</said>.',
        '<said by="Bob">\n{"words": 7}\n</said>',
    ]
    assert (result.get(Hero), result.get(Page)) == (Hero(name="Kim"), Page(words=7))
    assert (result.output, result.outputs["page"]) == ("the end", Page(words=7))
    assert result.step("hero").prompt_text == "The brave Kim."


async def test_one_that_fails_for_a_while_is_asked_again_without_a_decision() -> None:
    team = Team(TWO, bob=[RateLimited("busy."), "well"])

    result = await team.workflow.run("Go.")

    assert (result.text, len(team.planner.heard), result.rounds) == ("well", 1, 3)
    assert team.bob.heard[0] == team.bob.heard[1]
    assert (result.metadata["redesigns"], result.step("write").text) == (1, "well")
    assert result.metadata["trace"][-1] == Recovered("write", "retry", "busy.")


async def test_the_planner_decides_to_do_a_failed_step_again() -> None:
    team = Team(TWO, remedy("retry"), bob=[ILL, "well"])

    result = await team.workflow.run("Go.")

    assert team.planner.heard[1] == (
        "The plan's goal is: A book.\nIts steps:\n- outline: Does outline.\n- write: Does write.\n"
        f"\nThis step failed: write\n{SAID_ILL}\n\nWhat is to be done?"
    )
    assert (result.text, len(team.ann.heard)) == ("well", 1)
    (event,) = team.ear.of(StepRecovered)
    assert (event.step_id, event.recovery, event.error) == ("write", "retry", "Bob is ill.")


async def test_failed_and_later_steps_are_planned_anew_and_results_kept() -> None:
    instead = step("draft", told="Draft: {{ outline }}"), step("end", told="End: {{ draft }}")
    lines = TWO, remedy("tactical"), steps_as_json(*instead)
    team = Team(*lines, bob=[ILL])

    result = await team.workflow.run("Go.")

    assert team.planner.heard[2].startswith('<said by="Ann, outline">\nann 1\n</said>\n\n')
    assert f"write\n{SAID_ILL}\n\nThese steps are done, and stay: outline." in team.planner.heard[2]
    assert team.ann.heard == [
        "Outline this: Go.",
        'Draft: <said by="Ann">\nann 1\n</said>',
        'End: <said by="Ann">\nann 2\n</said>',
    ]
    assert result.metadata["plan"] == plan(OUTLINE, *instead)
    assert list(result.metadata["results"]) == ["outline", "draft", "end"]
    assert (result.text, result.rounds) == ("ann 3", 4)


async def test_everything_is_planned_anew_and_no_result_kept() -> None:
    other = plan(step("idea"), step("text", told="{{ idea }}"))
    team = Team(TWO, remedy("full"), other, bob=[ILL])

    result = await team.workflow.run("Go.")

    assert team.planner.heard[2].startswith("The plan is given up")
    assert f"since this step failed: write\n{SAID_ILL}" in team.planner.heard[2]
    assert team.ann.heard[1:] == ["Go.", '<said by="Ann">\nann 2\n</said>']
    assert list(result.metadata["results"]) == ["idea", "text"]
    assert "outline" not in result.outputs
    assert "ann 1" not in result.get_all(str)


@pytest.mark.parametrize("said", [ModelError("gone."), "whatever"], ids=["failed", "unclear"])
async def test_without_a_decision_everything_is_planned_anew(said: Line) -> None:
    tries = 1 if isinstance(said, ModelError) else 3
    team = Team(TWO, *[said] * tries, TWO, bob=[ILL, "well"])

    result = await team.workflow.run("Go.")

    assert result.metadata["redesigns"] == 1
    assert result.metadata["trace"][-5] == Planned(TWO)
    assert (result.text, len(team.ann.heard)) == ("well", 2)


async def test_without_a_planner_a_step_can_only_be_done_again() -> None:
    decider = Player("Dan", remedy("full"))
    team = Team(plan=TWO, planner=None, decider=decider.agent, bob=[ILL, "well"])

    assert (await team.workflow.run("Go.")).text == "well"
    assert decider.heard == []


async def test_a_decider_decides_instead_of_the_planner() -> None:
    decider = Player("Dan", remedy("retry"))
    team = Team(TWO, decider=decider.agent, bob=[ILL, "well"])

    assert (await team.workflow.run("Go.")).text == "well"
    assert (len(team.planner.heard), len(decider.heard)) == (1, 1)


async def test_a_step_is_checked_and_done_better_if_it_does_not_pass() -> None:
    checked = step("write", "Bob", "Write.", expected_output="Fun.", requires_validation=True)
    critic = Player("Cyd", '{"passed": false, "reason": "Dull."}', '{"passed": true}')
    team = Team(plan(checked), remedy("retry"), validator=critic.agent)

    result = await team.workflow.run("Go.")

    assert critic.heard[0] == (
        "A member of a team has done this step of a plan: Does write.\n"
        "What must come of it: Fun.\nWhat came of it:\n\n"
        '<said by="Bob">\nbob 1\n</said>\n\nDoes it pass?'
    )
    refusal = '<said by="Cyd">\nIt did not pass: Dull.\n</said>'
    assert refusal in team.planner.heard[1]
    assert team.bob.heard[1] == (
        "Write.\n\nThis was done before, and refused. Do it better.\n\n"
        f'<said by="Bob">\nbob 1\n</said>\n\n{refusal}'
    )
    assert (result.text, result.step("write").text, result.turns) == ("bob 2", "bob 2", 6)
    assert "bob 1" not in result.outputs.values()


async def test_a_step_that_cannot_be_checked_has_failed() -> None:
    checked = step("write", "Bob", requires_validation=True)
    team = Team(plan(checked), ModelError("gone."), remedy("retry"), '{"passed": true}')

    result = await team.workflow.run("Go.")

    assert result.text == "bob 2"
    assert team.ear.of(StepRecovered)[0].error == "It could not be checked: gone."


async def test_a_step_that_fails_three_times_ends_the_run() -> None:
    team = Team(TWO, *[remedy("retry")] * 5, bob=[ILL] * 9)

    with pytest.raises(StepLimitExceeded, match=r"'write' failed 3 times.*Bob is ill\.") as ended:
        await team.workflow.run("Go.")

    error = ended.value
    assert (error.step, error.limit, error.executed, error.redesigns) == ("write", 3, 4, 2)
    assert len(team.bob.heard) == 3


async def test_failures_of_a_step_count_together_until_all_is_planned_anew() -> None:
    tactical = remedy("tactical"), steps_as_json(WRITE)
    team = Team(TWO, remedy("retry"), *tactical, remedy("retry"), bob=[ILL] * 9)
    with pytest.raises(StepLimitExceeded):
        await team.workflow.run("Go.")
    assert len(team.bob.heard) == 3

    lines = TWO, remedy("full"), TWO, remedy("retry")
    team = Team(*lines, bob=[ILL] * 9, limits=TWICE)
    with pytest.raises(StepLimitExceeded) as ended:
        await team.workflow.run("Go.")
    assert (len(team.bob.heard), ended.value.redesigns) == (3, 2)


async def test_a_plan_is_mended_ten_times_and_not_more() -> None:
    one = plan(step("write", "Bob"))
    team = Team(one, *[remedy("full"), one] * 20, bob=[ILL] * 20)

    with pytest.raises(RedesignLimitExceeded, match=r"mended 10 times.*Bob is ill\.") as ended:
        await team.workflow.run("Go.")

    error = ended.value
    assert (error.limit, error.executed, error.redesigns) == (10, 11, 10)
    assert len(team.bob.heard) == 11

    team = Team(one, remedy("retry"), bob=[ILL, "well"], limits=RecoveryLimits(redesigns=0))
    with pytest.raises(RedesignLimitExceeded):
        await team.workflow.run("Go.")


async def test_a_person_may_decide_before_it_is_given_up() -> None:
    told = list[Escalation]()

    async def person(escalation: Escalation) -> str | None:
        told.append(escalation)
        return "retry" if len(told) == 1 else None

    options: dict[str, Any] = {"limits": TWICE, "on_escalate": person}
    team = Team(TWO, *[remedy("retry")] * 5, bob=[ILL, ILL, "well"], **options)
    assert (await team.workflow.run("Go.")).text == "well"
    assert (told[0].step.step_id, told[0].executed, told[0].redesigns) == ("write", 3, 1)
    assert "'write' failed 2 times" in told[0].reason

    told.clear()
    team = Team(TWO, *[remedy("retry")] * 5, bob=[ILL] * 9, **options)
    with pytest.raises(StepLimitExceeded):
        await team.workflow.run("Go.")
    assert (len(told), len(team.bob.heard)) == (2, 4)

    def odd(escalation: Escalation) -> str:
        return f"again, {escalation.step.step_id}"

    team = Team(TWO, remedy("retry"), bob=[ILL] * 9, limits=TWICE, on_escalate=odd)
    with pytest.raises(ConfigError, match="must give retry, tactical, full or None, not 'again,"):
        await team.workflow.run("Go.")


async def test_who_decides_is_asked_each_time_once_a_plan_was_mended_too_often() -> None:
    told = list[Escalation]()

    def person(escalation: Escalation) -> str:
        told.append(escalation)
        return "retry"

    limits = RecoveryLimits(redesigns=0)
    team = Team(TWO, bob=[ILL, ILL, "well"], limits=limits, on_escalate=person)

    assert (await team.workflow.run("Go.")).text == "well"
    assert [each.redesigns for each in told] == [0, 1]


async def test_what_is_no_way_to_go_on_is_refused_in_a_kept_run_too(tmp_path: Path) -> None:
    def odd(escalation: Escalation) -> str:
        return f"again{escalation.redesigns}"

    team = Team(TWO, bob=[ILL], limits=RecoveryLimits(redesigns=0), on_escalate=odd)

    with pytest.raises(ConfigError, match="must give retry, tactical, full or None, not 'again0'"):
        await team.workflow.run("Go.", durable=f"sqlite:{tmp_path}/runs.db", run_id="r")


async def test_where_a_failure_is_to_end_the_run_it_does() -> None:
    team = Team(TWO, bob=[ILL, "well"], on_error="raise")
    with pytest.raises(ModelError, match=r"Bob is ill\."):
        await team.workflow.run("Go.")

    with pytest.raises(PlanFailed, match=r"Eve made no plan: gone\."):
        await Team(ModelError("gone.")).workflow.run("Go.")


async def test_a_second_run_begins_from_the_start() -> None:
    limits = RecoveryLimits(step_attempts=2, redesigns=1)
    lines = TWO, remedy("retry")
    team = Team(*lines, *lines, bob=[ILL, "one", ILL, "two"], limits=limits)

    first = await team.workflow.run("Go.")
    second = await team.workflow.run("Go.")

    assert (first.text, second.text) == ("one", "two")
    assert team.planner.heard[0] == team.planner.heard[2]
    assert first.metadata["redesigns"] == second.metadata["redesigns"] == 1
    assert [len(each.messages) for each in team.ann.model.requests] == [2, 2]


async def test_a_durable_run_is_gone_through_again_without_asking_anybody(tmp_path: Path) -> None:
    told = list[Escalation]()

    def person(escalation: Escalation) -> str:
        told.append(escalation)
        return "tactical"

    bob = [RateLimited("busy."), ILL, "well"]
    team = Team(TWO, steps_as_json(WRITE), bob=bob, on_escalate=person, limits=TWICE)
    place = f"sqlite:{tmp_path}/runs.db"

    first = await team.workflow.run("Go.", durable=place, run_id="r")
    again = await team.workflow.run("Go.", durable=place, run_id="r")

    assert first.text == again.text == "well"
    assert first.metadata["trace"] == again.metadata["trace"]
    heard = team.planner.heard, team.ann.heard, team.bob.heard, told
    assert [len(each) for each in heard] == [2, 1, 3, 1]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Team(planner=None), "needs a planner, or a plan"),
        (lambda: Team(planner=None, plan=TWO, blueprint=Blueprint("x")), "blueprint is for a plan"),
        (lambda: Team(planner=None, plan=TWO, outputs={"x": str}), "neither a member nor a step x"),
        (lambda: Team(outputs={"Ann": Ear}), "outputs: 'Ann' must be a type"),
        (
            lambda: Team(planner=None, plan=plan(step("a", requires_validation=True))),
            "give it a validator",
        ),
        (lambda: RecoveryLimits(step_attempts=0), "step_attempts must be 1 or more, not 0"),
        (lambda: RecoveryLimits(redesigns=-1), "redesigns must be 0 or more, not -1"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        make()
