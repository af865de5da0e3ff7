"""One writes, looks at what it wrote, and writes it better."""

from typing import Any

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.events.orchestration_events import AgentFailed, ConvergenceChecked, Scored
from toolyard.orchestration.presets.reflection import REFLECT, REVISE, Reflection
from toolyard.orchestration.workflow_run import OnError

pytestmark = pytest.mark.anyio


def said(name: str, text: str) -> str:
    return f'<said by="{name}">\n{text}\n</said>'


def reflect(text: str) -> str:
    return REFLECT.format(current_output=said("Ann", text))


async def test_there_is_a_draft_and_a_revision_for_each_reflection() -> None:
    ann, rob = Player("Ann", "one", "two", "three"), Player("Rob", "too short", "too long")

    result = await Reflection(ann.agent, rob.agent, max_reflections=2).run("Write.")

    assert ann.heard == [
        "The task:\nWrite.",
        f"{said('Rob', 'too short')}\n\n{REVISE}",
        f"{said('Rob', 'too long')}\n\n{REVISE}",
    ]
    assert rob.heard == [f"The task:\nWrite.\n\n{reflect('one')}", reflect("two")]
    assert (result.text, result.ended, result.status) == ("three", "max_rounds", "complete")
    assert (result.rounds, result.score) == (3, None)


async def test_the_generator_reflects_in_a_conversation_of_its_own() -> None:
    ann = Player("Ann", "one", "not good", "two")
    team = Reflection(ann.agent, max_reflections=1)

    result = await team.run("Write.")

    assert ann.heard == [
        "The task:\nWrite.",
        f"The task:\nWrite.\n\n{reflect('one')}",
        f"{said('Ann', 'not good')}\n\n{REVISE}",
    ]
    assert [len(request.messages) for request in ann.model.requests] == [2, 2, 4]
    assert result.text == "two"


async def test_without_reflections_there_is_one_draft() -> None:
    result = await Reflection(Player("Ann", "one").agent, max_reflections=0).run("Write.")

    assert (result.text, result.rounds, len(result.steps)) == ("one", 1, 1)


async def test_a_template_gets_the_draft_and_the_one_before() -> None:
    rob = Player("Rob", "bad", "worse")

    await Reflection(
        Player("Ann", "one", "two {x}", "three").agent,
        rob.agent,
        max_reflections=2,
        reflection_prompt_template="From {previous_output} to {current_output}: {{better}}?",
    ).run("Write.")

    assert rob.heard[0].endswith(f"From {said('Ann', '')} to {said('Ann', 'one')}: {{better}}?")
    assert rob.heard[1] == f"From {said('Ann', 'one')} to {said('Ann', 'two {x}')}: {{better}}?"


async def test_revisions_that_change_little_end_it_however_long_they_are() -> None:
    ear, rob = Ear(), Player("Rob", "bad", "bad", "bad")
    ann = Player("Ann", "red green", "one two", "two one one two one two", "never asked for")

    result = await Reflection(
        ann.agent, rob.agent, max_reflections=9, min_improvement=0.1, on_event=ear.bus
    ).run("Write.")

    assert (result.ended, result.status, result.rounds) == ("converged", "complete", 3)
    assert result.text == "two one one two one two"
    assert [each.score for each in ear.of(ConvergenceChecked)] == [0.0, 1.0]
    assert len(rob.heard) == 2


async def test_with_a_scorer_too_little_improvement_ends_it_with_the_best_draft() -> None:
    scores = {"one": 0.2, "two": 0.5, "three": 0.4}
    ear = Ear()

    result = await Reflection(
        Player("Ann", *scores).agent,
        Player("Rob", "bad", "bad").agent,
        max_reflections=9,
        min_improvement=0.1,
        scorer=scores.__getitem__,
        on_event=ear.bus,
    ).run("Write.")

    assert (result.text, result.score, result.ended) == ("two", 0.5, "converged")
    assert [(each.subject, each.score) for each in ear.of(Scored)] == [
        ("draft 1", 0.2),
        ("draft 2", 0.5),
        ("draft 3", 0.4),
    ]


async def test_a_scorer_alone_chooses_the_best_draft() -> None:
    scores = {"one": 0.9, "two": 0.5}

    async def scorer(text: str) -> float:
        return scores[text]

    result = await Reflection(
        Player("Ann", "one", "two").agent,
        Player("Rob", "bad").agent,
        max_reflections=1,
        scorer=scorer,
    ).run("Write.")

    assert (result.text, result.score, result.ended) == ("one", 0.9, "max_rounds")


async def test_a_scorer_that_fails_is_told_of_or_ends_the_run() -> None:
    def scorer(text: str) -> float:
        raise ModelError("No key.")

    def team(on_error: OnError, ear: Ear) -> Reflection:
        return Reflection(
            Player("Ann", "one", "two").agent,
            Player("Rob", "bad").agent,
            max_reflections=1,
            min_improvement=0.5,
            scorer=scorer,
            on_error=on_error,
            on_event=ear.bus,
        )

    ear = Ear()
    result = await team("skip", ear).run("Write.")
    assert (result.text, result.ended, result.score) == ("two", "max_rounds", None)
    assert result.metadata == {"errors": ["No key.", "No key."]}
    assert [each.agent_id for each in ear.of(AgentFailed)] == ["scorer", "scorer"]

    with pytest.raises(ModelError, match="No key"):
        await team("raise", Ear()).run("Write.")


async def test_a_reflector_that_fails_reflects_again_and_the_next_run_starts_clean() -> None:
    ann = Player("Ann", "one", "two", "three", "four")
    rob = Player("Rob", ModelError("ill."), "bad", "bad")
    team = Reflection(ann.agent, rob.agent, max_reflections=2)

    result = await team.run("Write.")
    assert (result.text, result.rounds, len(ann.heard)) == ("two", 3, 2)

    await team.run("Paint.")
    assert ann.heard[2] == "The task:\nPaint."
    assert rob.heard[2] == f"The task:\nPaint.\n\n{reflect('three')}"


@pytest.mark.parametrize(
    ("template", "match"),
    [
        ("Better?", "must hold {current_output}"),
        ("{previous_output}", "must hold {current_output}"),
        ("{current_output} {task}", "may hold {current_output} and {previous_output} alone"),
        ("{current_output} {}", "alone"),
        ("{current_output!r}", "alone"),
        ("{current_output:>99}", "alone"),
        ("{current_output.__class__}", "alone"),
        ("{current_output} {", "cannot be read"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(template: str, match: str) -> None:
    with pytest.raises(ConfigError, match=f"reflection_prompt_template.*{match}"):
        Reflection(Player("Ann").agent, reflection_prompt_template=template)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"max_reflections": -1}, "max_reflections must be 0 or more, not -1"),
        ({"min_improvement": 1.5}, "min_improvement must be from 0 to 1, not 1.5"),
    ],
)
def test_numbers_out_of_range_are_refused(options: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        Reflection(Player("Ann").agent, **options)
