"""Everybody proposes and all vote, until enough want the same."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.events.orchestration_events import AgentSelected, Scored
from toolyard.llm.scripted_model import Line
from toolyard.orchestration.deciding.voting import ABSTAIN, VOTE
from toolyard.orchestration.hub import TASK
from toolyard.orchestration.presets.consensus import AGAIN, PROPOSE, Consensus
from toolyard.orchestration.texts.quoted import quoted

pytestmark = pytest.mark.anyio

GO = TASK + "Go."
WEIGHTED = {"voting": "weighted"}
HALF = {"min_agreement_ratio": 0.5}
NAMES = ("Ann", "Bob", "Cy")


def told(*parts: str) -> str:
    return "\n\n".join(parts)


def vote(number: int) -> str:
    return json.dumps({"proposal": number})


def ballot(*lines: str) -> str:
    return VOTE.format(proposals="\n".join(lines))


def voting(*rounds: Sequence[int]) -> list[Player]:
    """Members who propose `NAME ROUND`, and vote in each round as given."""
    scripts = {name: list[Line]() for name in NAMES}
    for at, votes in enumerate(rounds, 1):
        for name, number in zip(NAMES, votes, strict=True):
            scripts[name] += [f"{name} {at}", vote(number)]
    return [Player(name, *lines) for name, lines in scripts.items()]


def agents(players: Sequence[Player]) -> list[Any]:
    return [each.agent for each in players]


async def test_all_hear_all_proposals_before_they_vote_and_how_it_went_after() -> None:
    ann, bob, cy = players = voting([1, 2, 2], [2, 2, 2])
    ear = Ear()

    result = await Consensus(agents(players), on_event=ear.bus).run("Go.")

    others = told(quoted("Bob", "Bob 1"), quoted("Cy", "Cy 1"))
    assert ann.heard == [
        told(GO, PROPOSE),
        told(others, ballot("1: Ann (you)", "2: Bob", "3: Cy")),
        AGAIN.format(votes="Ann: 33%\nBob: 67%\nCy: 0%"),
        told(others.replace(" 1", " 2"), ballot("1: Ann (you)", "2: Bob", "3: Cy")),
    ]
    heard = told(quoted("Ann", "Ann 1"), quoted("Cy", "Cy 1"))
    assert bob.heard[1] == told(heard, ballot("1: Ann", "2: Bob (you)", "3: Cy"))
    assert cy.heard[0] == told(GO, PROPOSE)
    assert (result.text, result.output) == ("Bob 2", "Bob 2")
    assert (result.status, result.ended, result.rounds) == ("complete", "agreed", 2)
    assert result.score == 1.0
    assert result.metadata == {
        "votes": [
            {"Ann": "Ann", "Bob": "Bob", "Cy": "Bob"},
            {"Ann": "Bob", "Bob": "Bob", "Cy": "Bob"},
        ],
        "shares": {"Ann": 0.0, "Bob": 1.0, "Cy": 0.0},
        "winner": "Bob",
        "proposal": "Bob#3",
    }
    assert result.step("Bob#3").text == result.text
    scored = [(each.subject, each.round, each.score) for each in ear.of(Scored)]
    assert scored[:2] == [
        ("the proposal of Ann", 1, pytest.approx(1 / 3)),
        ("the proposal of Bob", 1, pytest.approx(2 / 3)),
    ]
    assert len(scored) == 6
    reasons = [each.reason for each in ear.of(AgentSelected)]
    assert reasons[:6] == ["all speak together"] * 3 + ["votes"] * 3


@pytest.mark.parametrize(
    ("options", "votes", "ended", "text", "score"),
    [
        ({}, [1, 1, 2], "max_rounds", "Ann 1", 2 / 3),
        ({"min_agreement_ratio": 2 / 3}, [1, 1, 2], "agreed", "Ann 1", 2 / 3),
        ({"min_agreement_ratio": 0.3}, [3, 2, 1], "max_rounds", "Ann 1", 1 / 3),
        (
            {"voting": "unanimous", **HALF},
            [2, 2, 1],
            "max_rounds",
            "Bob 1",
            2 / 3,
        ),
        ({"voting": "unanimous", **HALF}, [2, 2, 2], "agreed", "Bob 1", 1.0),
        ({**WEIGHTED, "weights": {"Cy": 8}}, [1, 1, 3], "agreed", "Cy 1", 0.8),
        ({**WEIGHTED, "weights": {"Cy": 0.5}}, [1, 1, 3], "agreed", "Ann 1", 0.8),
        (
            {**WEIGHTED, "weights": {"Ann": 0.1, "Bob": 0.6, "Cy": 0.3}},
            [1, 1, 2],
            "agreed",
            "Ann 1",
            0.7,
        ),
        (
            {**WEIGHTED, "weights": {"Ann": 0.1, "Bob": 0.2, "Cy": 0.3}, **HALF},
            [1, 1, 3],
            "max_rounds",
            "Ann 1",
            0.5,
        ),
        ({"allow_abstention": True}, [0, 3, 0], "agreed", "Cy 1", 1.0),
    ],
)
async def test_the_votes_are_counted_as_wanted(
    options: Mapping[str, Any], votes: list[int], ended: str, text: str, score: float
) -> None:
    result = await Consensus(agents(voting(votes)), max_rounds=1, **options).run("Go.")

    assert (result.ended, result.text, result.rounds) == (ended, text, 1)
    assert result.score == pytest.approx(score)
    assert result.status == ("complete" if ended == "agreed" else "partial")


async def test_members_are_told_that_they_may_abstain_and_it_is_on_record() -> None:
    players = voting([0, 0, 0], [0, 2, 2])

    result = await Consensus(agents(players), allow_abstention=True).run("Go.")

    assert players[0].heard[1].endswith(f"3: Cy\n{VOTE.splitlines()[-1]} {ABSTAIN}")
    assert result.metadata["votes"] == [
        {"Ann": None, "Bob": None, "Cy": None},
        {"Ann": None, "Bob": "Bob", "Cy": "Bob"},
    ]
    assert (result.text, result.score) == ("Bob 2", 1.0)


async def test_if_nobody_ever_votes_it_is_the_transcript() -> None:
    players = voting([0, 0, 0])

    result = await Consensus(agents(players), max_rounds=1, allow_abstention=True).run("Go.")

    assert result.text == "Ann:\nAnn 1\n\nBob:\nBob 1\n\nCy:\nCy 1"
    assert (result.status, result.score, result.ended) == ("partial", None, "max_rounds")


async def test_a_vote_for_nothing_that_is_there_does_not_count() -> None:
    ann, bob = Player("Ann", "a", vote(2)), Player("Bob", "b", *[vote(0), vote(3), "Hm."])

    result = await Consensus([ann.agent, bob.agent], max_rounds=1).run("Go.")

    assert result.metadata["votes"] == [{"Ann": "Bob"}]
    assert (result.text, result.ended) == ("b", "agreed")


async def test_one_whose_proposal_fails_may_vote_for_others() -> None:
    def team(**options: Any) -> tuple[Player, Player, Consensus]:
        ann = Player("Ann", ModelError("Ann is ill."), vote(1))
        bob = Player("Bob", "b", vote(1))
        return ann, bob, Consensus([ann.agent, bob.agent], **options)

    ann, bob, skipping = team()
    result = await skipping.run("Go.")
    assert ann.heard[1] == told(GO, quoted("Bob", "b"), ballot("1: Bob"))
    assert bob.heard[1] == ballot("1: Bob (you)")
    assert (result.text, result.metadata["shares"]) == ("b", {"Bob": 1.0})

    _, bob, showing = team(on_error="show")
    await showing.run("Go.")
    failed = quoted("Ann", "(Ann failed: Ann is ill.)")
    assert bob.heard[1] == told(failed, ballot("1: Bob (you)"))

    with pytest.raises(ModelError, match=r"Ann is ill\."):
        await team(on_error="raise")[2].run("Go.")


async def test_a_round_in_which_nobody_proposes_is_passed_over() -> None:
    ill = ModelError("ill.")
    ann, bob = Player("Ann", ill, "a", vote(1)), Player("Bob", ill, "b", vote(1))

    result = await Consensus([ann.agent, bob.agent]).run("Go.")

    assert (result.text, result.rounds, len(result.metadata["votes"])) == ("a", 2, 1)
    assert ann.heard[1] == told(GO, PROPOSE)


async def test_a_second_run_starts_clean() -> None:
    players = voting([1, 1, 1], [2, 2, 2])
    team = Consensus(agents(players))

    await team.run("Go.")
    result = await team.run("Again.")

    assert players[0].heard[2] == told(TASK + "Again.", PROPOSE)
    assert (result.text, result.rounds, len(result.metadata["votes"])) == ("Bob 2", 1, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_agreement_ratio": 0}, "min_agreement_ratio must be more than 0"),
        ({"min_agreement_ratio": 1.1}, r"min_agreement_ratio must be from 0 to 1, not 1\.1"),
        ({"max_rounds": 0}, "max_rounds must be 1 or more, not 0"),
        ({"voting": "loud"}, "voting must be one of majority, unanimous, weighted, not 'loud'"),
        ({"voting": "weighted"}, "weights must be given"),
        ({"weights": {"Ann": 2}}, "weights must be given .* only then"),
        ({"voting": "weighted", "weights": {"Zed": 2}}, "'Zed', which is none of Ann, Bob, Cy"),
        ({"voting": "weighted", "weights": {"Ann": 0}}, r"weights\['Ann'\] must be more than 0"),
        ({"voting": "weighted", "weights": {"Ann": float("inf")}}, "more than 0, not inf"),
    ],
)
def test_options_out_of_their_range_are_refused(options: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Consensus(agents(voting()), **options)


def test_one_alone_cannot_agree() -> None:
    with pytest.raises(ConfigError, match=r"members must be 2 or more, not 1\."):
        Consensus([Player("Ann").agent])
