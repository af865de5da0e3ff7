"""Members hold against each other what they think, until they have come to think the same."""

from typing import Literal, cast

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.events.orchestration_events import ConvergenceChecked
from toolyard.llm.scripted_model import Line
from toolyard.orchestration.hub import LEFT_OUT, TASK
from toolyard.orchestration.presets.debate import ANSWER, JUDGE, OPEN, Debate
from toolyard.orchestration.texts.quoted import quoted

pytestmark = pytest.mark.anyio

GO = TASK + "Go."


def told(*parts: str) -> str:
    return "\n\n".join(parts)


def said(*names: str, round: int) -> str:
    return told(*(quoted(name, f"{name} says {round}") for name in names))


def talking(name: str) -> Player:
    return Player(name, *(f"{name} says {at}" for at in range(1, 4)))


async def test_everybody_hears_everybody_of_the_round_before() -> None:
    ann, bob, cy = players = [talking(name) for name in ("Ann", "Bob", "Cy")]

    team = Debate([each.agent for each in players], convergence_threshold=None)
    result = await team.run("Go.")

    assert ann.heard == [
        told(GO, OPEN),
        told(said("Bob", "Cy", round=1), ANSWER),
        told(said("Bob", "Cy", round=2), ANSWER),
    ]
    assert bob.heard[1:] == [
        told(said("Ann", "Cy", round=1), ANSWER),
        told(said("Ann", "Cy", round=2), ANSWER),
    ]
    assert cy.heard[2] == told(said("Ann", "Bob", round=2), ANSWER)
    assert result.text.startswith(
        "Ann:\nAnn says 1\n\nBob:\nBob says 1\n\nCy:\nCy says 1\n\nAnn:\n"
    )
    assert (result.status, result.ended, result.rounds) == ("complete", "max_rounds", 3)
    assert result.score is None


async def test_in_turn_each_hears_also_who_spoke_before_it() -> None:
    ann, bob, cy = players = [talking(name) for name in ("Ann", "Bob", "Cy")]

    await Debate([each.agent for each in players], max_rounds=2, speaking="in_turn").run("Go.")

    assert ann.heard == [told(GO, OPEN), told(said("Bob", "Cy", round=1), ANSWER)]
    assert bob.heard == [
        told(GO, said("Ann", round=1), OPEN),
        told(said("Cy", round=1), said("Ann", round=2), ANSWER),
    ]
    assert cy.heard == [
        told(GO, said("Ann", "Bob", round=1), OPEN),
        told(said("Ann", "Bob", round=2), ANSWER),
    ]


async def test_one_that_remembers_nothing_is_told_all_with_its_own_words() -> None:
    heard = list[str]()

    def bob(task: str) -> str:
        heard.append(task)
        return f"bob says {len(heard)}"

    await Debate([talking("Ann").agent, bob], max_rounds=2).run("Go.")

    own = quoted("bob (you)", "bob says 1")
    assert heard == [told(GO, OPEN), told(GO, said("Ann", round=1), own, ANSWER)]


@pytest.mark.parametrize(
    ("bob", "threshold", "scores"),
    [
        (["red and green", "Green, and RED!", "unheard"], 0.75, [1.0]),
        (["red and green", "Green, and RED!", "unheard"], 1.0, [1.0]),
        (["red blue", "red green", "red green"], 0.75, [2 / 3, 1.0]),
        (["red blue", "red green", "unheard"], 0.6, [2 / 3]),
        (["red blue", ModelError("ill."), "red blue"], 0.75, [1.0]),
        ([ModelError("ill."), "red blue", "red blue"], 0.99, [1.0]),
        (["red blue", "so so", "a b"], 0.99, [0.5, 1.0]),
    ],
)
async def test_it_ends_when_each_says_the_same_as_before(
    bob: list[Line], threshold: float, scores: list[float]
) -> None:
    ear = Ear()
    agents = [Player("Ann", *["same words"] * 3).agent, Player("Bob", *bob).agent]

    team = Debate(agents, convergence_threshold=threshold, on_event=ear.bus)
    result = await team.run("Go.")

    checked = ear.of(ConvergenceChecked)
    assert [each.score for each in checked] == pytest.approx(scores)
    assert [each.round for each in checked] == list(range(2, 2 + len(scores)))
    assert [each.converged for each in checked] == [score >= threshold for score in scores]
    assert {each.threshold for each in checked} == {threshold}
    assert result.score == pytest.approx(scores[-1])
    assert (result.ended, result.rounds) == ("converged", 1 + len(scores))


async def test_with_nobody_who_spoke_twice_in_a_row_nothing_is_compared() -> None:
    ann = Player("Ann", "same", ModelError("ill."), "same")
    bob = Player("Bob", ModelError("ill."), "same", ModelError("ill."))

    team = Debate([ann.agent, bob.agent], require_consensus=True)
    result = await team.run("Go.")

    assert (result.ended, result.status, result.score) == ("max_rounds", "partial", None)


@pytest.mark.parametrize(
    ("lines", "is_required", "status"),
    [
        (["red", "blue", "green"], False, "complete"),
        (["red", "blue", "green"], True, "partial"),
        (["red", "red"], True, "complete"),
    ],
)
async def test_without_the_consensus_that_is_required_it_is_partial(
    lines: list[str], is_required: bool, status: str
) -> None:
    team = Debate(
        [Player("Ann", *lines).agent, Player("Bob", *lines).agent], require_consensus=is_required
    )

    assert (await team.run("Go.")).status == status


async def test_the_judge_hears_all_and_decides() -> None:
    judge = Player("Jo", "Ann is right.")
    ann, *_ = players = [talking(name) for name in ("Ann", "Bob", "Cy")]

    team = Debate([each.agent for each in players], max_rounds=2, judge=judge.agent, last=1)
    result = await team.run("Go.")

    assert ann.heard[1] == told(LEFT_OUT.format(1), said("Cy", round=1), ANSWER)
    everything = told(said("Ann", "Bob", "Cy", round=1), said("Ann", "Bob", "Cy", round=2))
    assert judge.heard == [told(GO, everything, JUDGE)]
    assert result.text == "Ann is right."
    assert result.step("Jo").text == result.text


async def test_without_a_verdict_it_is_the_transcript() -> None:
    judge = Player("Jo", ModelError("Jo is ill."))
    players = [talking("Ann"), talking("Bob")]

    team = Debate([each.agent for each in players], max_rounds=1, judge=judge.agent)
    result = await team.run("Go.")

    assert (result.status, result.text) == ("partial", "Ann:\nAnn says 1\n\nBob:\nBob says 1")


async def test_one_that_fails_stays_and_is_shown_or_ends_the_run() -> None:
    def team(on_error: str) -> tuple[Player, Player, Debate]:
        ann, bob = talking("Ann"), Player("Bob", ModelError("Bob is ill."), "b2")
        agents = [ann.agent, bob.agent]
        how = cast("Literal['skip', 'show', 'raise']", on_error)
        return ann, bob, Debate(agents, max_rounds=2, on_error=how)

    ann, bob, skipping = team("skip")
    await skipping.run("Go.")
    assert ann.heard[1] == ANSWER
    assert bob.heard[1] == told(GO, said("Ann", round=1), ANSWER)

    ann, _, showing = team("show")
    await showing.run("Go.")
    assert ann.heard[1] == told(quoted("Bob", "(Bob failed: Bob is ill.)"), ANSWER)

    with pytest.raises(ModelError, match=r"Bob is ill\."):
        await team("raise")[2].run("Go.")


async def test_a_second_run_starts_clean() -> None:
    ann, bob = Player("Ann", *["red", "red"] * 2), Player("Bob", *["blue", "blue"] * 2)
    team = Debate([ann.agent, bob.agent])

    await team.run("Go.")
    result = await team.run("Again.")

    assert ann.heard[2:] == [told(TASK + "Again.", OPEN), told(quoted("Bob", "blue"), ANSWER)]
    assert (result.rounds, result.ended) == (2, "converged")


def test_options_out_of_their_range_are_refused() -> None:
    both = [Player("Ann").agent, Player("Bob").agent]
    with pytest.raises(ConfigError, match=r"members must be 2 or more, not 1\."):
        Debate(both[:1])
    with pytest.raises(ConfigError, match=r"max_rounds must be 1 or more, not 0\."):
        Debate(both, max_rounds=0)
    with pytest.raises(ConfigError, match=r"last must be 1 or more, not 0\."):
        Debate(both, last=0)
    with pytest.raises(ConfigError, match=r"convergence_threshold must be from 0 to 1, not 1\.5\."):
        Debate(both, convergence_threshold=1.5)
    with pytest.raises(ConfigError, match=r"convergence_threshold must be from 0 to 1, not nan\."):
        Debate(both, convergence_threshold=float("nan"))
    with pytest.raises(ConfigError, match="speaking must be one of together, in_turn, not 'loud'"):
        Debate(both, speaking="loud")  # pyright: ignore[reportArgumentType]
    for threshold, rounds in ((None, 3), (0.5, 1)):
        with pytest.raises(ConfigError, match="require_consensus needs"):
            Debate(
                both,
                require_consensus=True,
                convergence_threshold=threshold,
                max_rounds=rounds,
            )
