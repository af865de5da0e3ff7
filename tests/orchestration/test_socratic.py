"""One asks and the other answers."""

from typing import Literal

import pytest
from tests.support.teams import Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.orchestration.hub import TASK
from toolyard.orchestration.presets.socratic import MODES, SYNTHESIZE, Socratic
from toolyard.orchestration.texts.quoted import quoted

pytestmark = pytest.mark.anyio

GO = TASK + "Go."
ASK, ANSWER = MODES["peer"]


def told(*parts: str) -> str:
    return "\n\n".join(parts)


@pytest.mark.parametrize("mode", ["peer", "teacher_student"])
async def test_each_hears_the_other_and_the_responder_sums_up(
    mode: Literal["peer", "teacher_student"],
) -> None:
    ask, answer = MODES[mode]
    quinn, rob = Player("Quinn", "q1?", "q2?"), Player("Rob", "r1", "r2", "all")

    result = await Socratic(quinn.agent, rob.agent, max_exchanges=2, mode=mode).run("Go.")

    assert quinn.heard == [told(GO, ask), told(quoted("Rob", "r1"), ask)]
    assert rob.heard == [
        told(GO, quoted("Quinn", "q1?"), answer),
        told(quoted("Quinn", "q2?"), answer),
        SYNTHESIZE,
    ]
    assert (result.text, result.status, result.ended) == ("all", "complete", "max_rounds")
    assert result.rounds == 2
    assert MODES["peer"] != MODES["teacher_student"]


async def test_without_synthesis_it_is_the_transcript() -> None:
    quinn, rob = Player("Quinn", "q1?"), Player("Rob", "r1")

    team = Socratic(quinn.agent, rob.agent, max_exchanges=1, synthesis=False)

    assert (await team.run("Go.")).text == "Quinn:\nq1?\n\nRob:\nr1"


async def test_nobody_answers_where_nothing_was_asked() -> None:
    quinn, rob = Player("Quinn", ModelError("Quinn is ill."), "q2?"), Player("Rob", "r2")

    team = Socratic(quinn.agent, rob.agent, max_exchanges=2, synthesis=False)
    result = await team.run("Go.")

    assert quinn.heard == [told(GO, ASK)] * 2
    assert rob.heard == [told(GO, quoted("Quinn", "q2?"), ANSWER)]
    assert (result.text, result.rounds) == ("Quinn:\nq2?\n\nRob:\nr2", 2)


async def test_an_answer_that_fails_is_skipped_or_shown_or_ends_the_run() -> None:
    quinn = Player("Quinn", "q1?", "q2?", "q3?", "q4?", "q5?")
    rob = Player("Rob", ModelError("Rob is ill."), "r2", "all")
    result = await Socratic(quinn.agent, rob.agent, max_exchanges=2).run("Go.")
    assert quinn.heard[1] == ASK
    assert rob.heard[1] == told(GO, quoted("Quinn", "q1?"), quoted("Quinn", "q2?"), ANSWER)
    assert result.text == "all"

    rob = Player("Rob", ModelError("Rob is ill."), "r2", "all")
    await Socratic(quinn.agent, rob.agent, max_exchanges=2, on_error="show").run("Go.")
    assert quinn.heard[3] == told(quoted("Rob", "(Rob failed: Rob is ill.)"), ASK)

    ill = Player("Rob", ModelError("Rob is ill.")).agent
    with pytest.raises(ModelError, match=r"Rob is ill\."):
        await Socratic(quinn.agent, ill, on_error="raise").run("Go.")


async def test_questions_alone_are_no_result() -> None:
    quinn, rob = Player("Quinn", "q1?"), Player("Rob", ModelError("Rob is ill."))

    with pytest.raises(WorkflowError, match=r"Nobody answered: Rob: Rob is ill\."):
        await Socratic(quinn.agent, rob.agent, max_exchanges=1, synthesis=False).run("Go.")


async def test_a_second_run_starts_clean() -> None:
    quinn, rob = Player("Quinn", "q1?", "q2?"), Player("Rob", "r1", "all", "r2", "all")
    team = Socratic(quinn.agent, rob.agent, max_exchanges=1)

    await team.run("Go.")
    await team.run("Again.")

    assert quinn.heard[1] == told(TASK + "Again.", ASK)
    assert rob.heard[2] == told(TASK + "Again.", quoted("Quinn", "q2?"), ANSWER)


def test_options_out_of_their_range_are_refused() -> None:
    quinn, rob = Player("Quinn").agent, Player("Rob").agent
    with pytest.raises(ConfigError, match=r"max_exchanges must be 1 or more, not 0\."):
        Socratic(quinn, rob, max_exchanges=0)
    with pytest.raises(ConfigError, match="mode must be one of peer, teacher_student, not 'war'"):
        Socratic(quinn, rob, mode="war")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigError, match="not the same one"):
        Socratic(quinn, quinn)
