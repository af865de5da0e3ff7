"""One layer of members after the other."""

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import AgentSelected
from toolyard.orchestration.presets.layers import Layers
from toolyard.orchestration.workflow_run import OnError

pytestmark = pytest.mark.anyio

A, B, C, D = (
    f'<said by="{name}">\n{text}\n</said>'
    for name, text in (("Ann", "a"), ("Bob", "b"), ("Cyd", "c"), ("Dan", "d"))
)
TASK = "The task:\nGo."


async def test_a_layer_hears_the_task_and_all_of_the_layer_before() -> None:
    ann, bob, cyd = Player("Ann", "a"), Player("Bob", "b"), Player("Cyd", "c")
    dan, eve = Player("Dan", "d"), Player("Eve", "e")
    ear = Ear()

    result = await Layers(
        [[ann.agent, bob.agent], [cyd.agent, dan.agent], [eve.agent]], on_event=ear.bus
    ).run("Go.")

    assert ann.heard == bob.heard == ["Go."]
    assert cyd.heard == dan.heard == [f"{TASK}\n\n{A}\n\n{B}"]
    assert eve.heard == [f"{TASK}\n\n{C}\n\n{D}"]
    assert (result.text, result.output, result.status) == ("e", "e", "complete")
    assert result.rounds == 3
    assert [(step.id, step.round) for step in result.steps] == [
        ("Ann", 1), ("Bob", 1), ("Cyd", 2), ("Dan", 2), ("Eve", 3),
    ]  # fmt: skip
    assert [each.reason for each in ear.of(AgentSelected)][1:3] == ["layer 1 of 3", "layer 2 of 3"]


async def test_several_in_the_last_layer_answer_under_their_names() -> None:
    ann, bob = Player("Ann", "a", "again"), Player("Bob", "b")

    result = await Layers([[ann.agent], {"Ann": ann.agent, "critic": bob.agent}]).run("Go.")

    assert ann.heard == ["Go.", f"{TASK}\n\n{A}"]
    assert [len(request.messages) for request in ann.model.requests] == [2, 2]
    assert result.output == {"Ann": ["again"], "critic": ["b"]}
    assert result.text == "Ann:\nagain\n\nBob:\nb"


SECOND_HEARS: dict[OnError, str] = {
    "skip": f"{TASK}\n\n{A}",
    "show": f'{TASK}\n\n{A}\n\n<said by="Bob">\n(Bob failed: ill.)\n</said>',
}


@pytest.mark.parametrize(("on_error", "heard"), SECOND_HEARS.items())
async def test_one_that_fails_is_left_out_or_shown_and_is_there_in_the_next_run(
    on_error: OnError, heard: str
) -> None:
    ann, bob = Player("Ann", "a", "a"), Player("Bob", ModelError("ill."), "b")
    cyd = Player("Cyd", "c", "c")
    team = Layers([[ann.agent, bob.agent], [cyd.agent]], on_error=on_error)

    first, second = await team.run("Go."), await team.run("Go.")

    assert cyd.heard == [heard, f"{TASK}\n\n{A}\n\n{B}"]
    assert (first.status, second.status, len(second.steps)) == ("complete", "complete", 3)


async def test_a_layer_in_which_nobody_answers_is_passed_over() -> None:
    ann, bob, cyd = Player("Ann", "a"), Player("Bob", ModelError("ill.")), Player("Cyd", "c")

    result = await Layers([[ann.agent], [bob.agent], [cyd.agent]]).run("Go.")

    assert cyd.heard == [f"{TASK}\n\n{A}"]
    assert (result.text, result.status, result.ended) == ("c", "partial", "stages_failed")
    with pytest.raises(WorkflowError, match=r"Nobody answered: Ann: ill\."):
        await Layers([[Player("Ann", ModelError("ill.")).agent]]).run("Go.")
    with pytest.raises(ModelError, match=r"ill\."):
        await Layers([[Player("Ann", ModelError("ill.")).agent]], on_error="raise").run("Go.")


def test_there_must_be_layers_with_members() -> None:
    with pytest.raises(ConfigError, match="layers must be one or more"):
        Layers([])
    with pytest.raises(ConfigError, match="at least one member"):
        Layers([[Player("Ann").agent], []])
    with pytest.raises(ConfigError, match="'Ann'"):
        Layers([[Player("Ann").agent], [Player("Ann").agent]])
