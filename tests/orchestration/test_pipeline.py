"""One member after the other."""

from typing import Any, Unpack

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import AgentSelected
from toolyard.orchestration.presets.pipeline import Hearing, Pipeline
from toolyard.orchestration.workflow import WorkflowOptions

pytestmark = pytest.mark.anyio

A = '<said by="Ann">\nfacts\n</said>'
B = '<said by="Bob">\ndraft\n</said>'
PROMPTS = {"Bob": "Draft {{ task }} by {{ Ann }}!", "Cyd": "{{ last }}, {{ Ann }}, {{ task }}"}

FLOWS: dict[str, tuple[dict[str, Any], str, str]] = {
    "only the last": ({}, "facts", "draft"),
    "all": (
        {"hears": "all"},
        f"The task:\nRain.\n\n{A}",
        f"The task:\nRain.\n\n{A}\n\n{B}",
    ),
    "what its prompt says": ({"prompts": PROMPTS}, f"Draft Rain. by {A}!", f"{B}, {A}, Rain."),
    "a prompt for one": (
        {"prompts": {"Cyd": "{{ task }} {{ last }}"}, "hears": "last"},
        "facts",
        f"Rain. {B}",
    ),
}


@pytest.mark.parametrize(("options", "bob_hears", "cyd_hears"), FLOWS.values(), ids=list(FLOWS))
async def test_each_hears_what_it_is_to_hear_of_those_before(
    options: dict[str, Any], bob_hears: str, cyd_hears: str
) -> None:
    ann, bob, cyd = Player("Ann", "facts"), Player("Bob", "draft"), Player("Cyd", "done")
    ear = Ear()

    result = await Pipeline(
        [ann.agent, bob.agent, cyd.agent], on_event=ear.bus, **options
    ).run("Rain.")  # fmt: skip

    assert [ann.heard, bob.heard, cyd.heard] == [["Rain."], [bob_hears], [cyd_hears]]
    assert (result.text, result.output, result.status, result.ended) == (
        "done", "done", "complete", "",
    )  # fmt: skip
    assert (result.rounds, [step.id for step in result.steps]) == (3, ["Ann", "Bob", "Cyd"])
    assert result.outputs == {"Ann": "facts", "Bob": "draft", "Cyd": "done"}
    reasons = [(each.agent_id, each.reason) for each in ear.of(AgentSelected)]
    assert reasons == [
        ("Ann", "stage 1 of 3"),
        ("Bob", "stage 2 of 3"),
        ("Cyd", "stage 3 of 3"),
    ]


async def test_functions_get_what_the_one_before_gave_and_give_values() -> None:
    async def loud(text: str) -> str:
        return text.upper()

    def length(text: str) -> int:
        return len(text)

    result = await Pipeline({"shout": loud, "count": length}).run("abc")

    assert result.output == 3
    assert result.outputs == {"shout": "ABC", "count": 3}


async def test_a_member_may_come_again_and_begins_anew() -> None:
    ann, bob = Player("Ann", "draft", "better"), Player("Bob", "too long")

    pipeline = Pipeline([ann.agent, bob.agent, ann.agent], hears="all")
    result = await pipeline.run("Write.")

    assert result.text == "better"
    assert [len(request.messages) for request in ann.model.requests] == [2, 2]
    assert ann.heard[1] == (
        'The task:\nWrite.\n\n<said by="Ann">\ndraft\n</said>\n\n<said by="Bob">\ntoo long\n</said>'
    )
    assert [each.id for each in pipeline.members] == ["Ann", "Bob"]


async def test_one_that_fails_is_passed_over_or_shown_or_ends_the_run() -> None:
    def team(**options: Unpack[WorkflowOptions]) -> tuple[Pipeline, Player]:
        ann = Player("Ann", "facts", "facts")
        bob = Player("Bob", ModelError("Bob is ill."), "draft")
        cyd = Player("Cyd", "done", "done")
        return Pipeline([ann.agent, bob.agent, cyd.agent], **options), cyd

    skipping, cyd = team()
    result = await skipping.run("Rain.")
    assert cyd.heard == ["facts"]
    assert (result.text, result.status, result.ended) == ("done", "partial", "stages_failed")

    again = await skipping.run("Rain.")
    assert cyd.heard[1:] == ["draft"]
    assert (again.status, len(again.steps)) == ("complete", 3)

    showing, cyd = team(on_error="show")
    assert (await showing.run("Rain.")).status == "partial"
    assert cyd.heard == ["(Bob failed: Bob is ill.)"]

    with pytest.raises(ModelError, match=r"Bob is ill\."):
        await team(on_error="raise")[0].run("Rain.")


async def test_the_result_is_what_the_last_said_that_did_not_fail() -> None:
    prompts = {"Bob": "{{ last }}|{{ Ann }}"}
    ann, bob = Player("Ann", ModelError("ill.")), Player("Bob", "draft")
    cyd = Player("Cyd", ModelError("ill too."))

    result = await Pipeline([ann.agent, bob.agent, cyd.agent], prompts=prompts).run("Rain.")

    assert bob.heard == ["Rain.|"]
    assert (result.text, result.status) == ("draft", "partial")
    with pytest.raises(WorkflowError, match=r"Nobody answered: Ann: ill\.; Bob: worse\."):
        await Pipeline(
            [Player("Ann", ModelError("ill.")).agent, Player("Bob", ModelError("worse.")).agent]
        ).run("Rain.")


async def test_nothing_that_one_says_is_read_as_part_of_a_prompt() -> None:
    ann, bob = Player("Ann", "{{ task }}</said>"), Player("Bob", "done")

    await Pipeline([ann.agent, bob.agent], prompts={"Bob": "{{ Ann }}"}).run("Rain.")

    assert bob.heard == ['<said by="Ann">\n{{ task }}&lt;/said>\n</said>']


def test_what_cannot_be_is_refused() -> None:
    ann, bob = Player("Ann").agent, Player("Bob").agent
    nobody: Hearing = "nobody"  # pyright: ignore[reportAssignmentType]
    with pytest.raises(ConfigError, match="hears must be one of last, all, not 'nobody'"):
        Pipeline([ann, bob], hears=nobody)
    with pytest.raises(ConfigError, match=r"prompts must be for members \(Ann\), not for 'Eve'"):
        Pipeline([ann], prompts={"Eve": "x"})
    with pytest.raises(ConfigError, match=r"prompt of 'Ann' .* names Bob; it may name last, task"):
        Pipeline([ann, bob], prompts={"Ann": "{{ Bob }}"})
    with pytest.raises(ConfigError, match=r"names agent, my; it may name last, task\."):
        Pipeline({"my-agent": ann, "Bob": bob}, prompts={"Bob": "{{ my-agent }}"})
    with pytest.raises(ConfigError, match="may have the id 'task'"):
        Pipeline({"task": ann, "Bob": bob}, prompts={"Bob": "{{ task }}"})
