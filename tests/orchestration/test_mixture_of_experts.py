"""Those who know most about a task do it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import AgentSelected, Scored
from toolyard.llm.scripted_model import Line
from toolyard.orchestration.deciding.ballots import VOTE
from toolyard.orchestration.presets.mixture_of_experts import (
    BEST,
    FITTING,
    SYNTHESIZE,
    MixtureOfExperts,
)
from toolyard.orchestration.workflow_run import OnError

pytestmark = pytest.mark.anyio

TASK = "Why does my SELECT rain?"
ROSTER = "- Ann: Databases\n- Bob: Weather\n- Cyd: Law"
KEYWORDS = {"Ann": ["select", "join"], "Bob": ["rain", "why does"], "Cyd": ["law", "in", "ra"]}


def experts(
    ann: Sequence[Line] = ("a",), bob: Sequence[Line] = ("b",), cyd: Sequence[Line] = ("c",)
) -> list[Player]:
    return [
        Player("Ann", *ann, expertise="Databases"),
        Player("Bob", *bob, expertise="Weather"),
        Player("Cyd", *cyd, expertise="Law"),
    ]


def chose(*members: str) -> str:
    return json.dumps({"members": members})


def vote(answer: int) -> str:
    return json.dumps({"answer": answer})


def near(*directions: tuple[float, float]) -> Any:
    """Embeds the task, and then each expert."""

    async def embed(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        assert texts == [TASK, "Ann: Databases", "Bob: Weather", "Cyd: Law"]
        return directions

    return embed


async def asked_by(**options: Any) -> Mapping[str, str]:
    """Who was asked, in their order, and why."""
    players, ear = experts(), Ear()
    agents = [each.agent for each in players]
    result = await MixtureOfExperts(
        agents, combine="concatenate", on_event=ear.bus, **options
    ).run(TASK)  # fmt: skip
    chosen = {
        each.agent_id: each.reason for each in ear.of(AgentSelected) if each.agent_id != "Zed"
    }
    assert [each.agent.name for each in players if each.heard] == sorted(chosen)
    assert all(each.heard in ([], [TASK]) for each in players)
    assert set(result.outputs) - {"Zed"} == set(chosen)
    return chosen


NEAREST = near((1, 0), (0, 1), (2, 0), (1, 1))
EQUAL = near((1, 0), (3, 0), (0, 0), (1, 0))
CHOICES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "all": ({"routing": "all"}, dict.fromkeys(["Ann", "Bob", "Cyd"], "all experts are asked")),
    "by keywords, as whole words in any case": (
        {"routing": "keyword", "keywords": KEYWORDS},
        {"Ann": "the task says select", "Bob": "the task says rain, why does"},
    ),
    "all, for no keyword is there": (
        {"routing": "keyword", "keywords": {"Cyd": ["in", "ra"]}},
        dict.fromkeys(["Ann", "Bob", "Cyd"], "no keyword is in the task"),
    ),
    "the nearest first": (
        {"embed": NEAREST},
        {"Bob": "1.00 near the task", "Cyd": "0.71 near the task"},
    ),
    "the nearest one": ({"embed": NEAREST, "top_k": 1}, {"Bob": "1.00 near the task"}),
    "the first of those as near": ({"embed": EQUAL, "top_k": 1}, {"Ann": "1.00 near the task"}),
    "three at most": (
        {"embed": EQUAL, "top_k": 9},
        {"Ann": "1.00 near the task", "Cyd": "1.00 near the task", "Bob": "0.00 near the task"},
    ),
}


@pytest.mark.parametrize(("options", "chosen"), CHOICES.values(), ids=list(CHOICES))
async def test_those_who_fit_are_asked_the_task_and_nothing_else(
    options: dict[str, Any], chosen: dict[str, str]
) -> None:
    found = await asked_by(**options)

    assert list(found.items()) == list(chosen.items())


NAMED: dict[str, tuple[Line, list[str]]] = {
    "in its order": (chose("Cyd", "Ann"), ["Cyd", "Ann"]),
    "fewer": (chose("Bob"), ["Bob"]),
    "too many, and twice": (chose("Bob", "bob", "Cyd", "Ann"), ["Bob", "Cyd"]),
    "one whom nobody knows": (chose("Eve", "Cyd"), ["Cyd"]),
    "nobody": (chose("Eve"), ["Ann", "Bob", "Cyd"]),
    "it fails": (ModelError("ill."), ["Ann", "Bob", "Cyd"]),
}


@pytest.mark.parametrize(("line", "chosen"), NAMED.values(), ids=list(NAMED))
async def test_a_router_chooses_by_what_the_experts_know(line: Line, chosen: list[str]) -> None:
    zed = Player("Zed", line)

    found = await asked_by(routing="top_k", router=zed.agent)

    assert list(found) == chosen
    asked = BEST.format(most=2)
    known = f"Those who can work on the task, by their ids:\n{ROSTER}\n\n{asked}"
    assert zed.heard[0].startswith(f"The task:\n{TASK}\n\n{known}")
    reason = "the router chose nobody" if len(chosen) == 3 else "chosen by the router"
    assert set(found.values()) == {reason}


async def test_a_router_need_not_choose_as_many_as_it_may_and_is_not_asked_if_all_are_best() -> (
    None
):
    zed = Player("Zed", chose("Bob"))

    await asked_by(routing="top_k", router=zed.agent, top_k=3)
    assert zed.heard == []

    assert list(await asked_by(router=zed.agent, top_k=3)) == ["Bob"]
    assert FITTING.format(most=3) in zed.heard[0]


async def test_the_combiner_hears_the_task_and_all_answers_and_says_the_result() -> None:
    players, zed = experts(), Player("Zed", "all in one")
    team = MixtureOfExperts(
        [each.agent for each in players],
        routing="keyword",
        keywords=KEYWORDS,
        combiner=zed.agent,
    )

    result = await team.run(TASK)

    a, b = '<said by="Ann">\na\n</said>', '<said by="Bob">\nb\n</said>'
    assert zed.heard == [f"The task:\n{TASK}\n\n{a}\n\n{b}\n\n{SYNTHESIZE}"]
    assert (result.text, result.output, result.status) == ("all in one", "all in one", "complete")
    assert [each.id for each in result.steps] == ["Ann", "Bob", "Zed"]
    assert [each.id for each in team.members] == ["Ann", "Bob", "Cyd", "Zed"]


@pytest.mark.parametrize("combine", ["synthesize", "concatenate", "vote"])
async def test_one_answer_is_not_combined(combine: Any) -> None:
    zed = Player("Zed")
    result = await MixtureOfExperts(
        [each.agent for each in experts()],
        routing="keyword",
        keywords={"Bob": ["rain"]},
        combine=combine,
        combiner=zed.agent if combine == "synthesize" else None,
    ).run(TASK)

    assert (result.text, result.output, result.status) == ("b", "b", "complete")
    assert zed.heard == []


async def test_several_are_put_under_their_names() -> None:
    result = await MixtureOfExperts(
        [each.agent for each in experts()], routing="all", combine="concatenate"
    ).run(TASK)

    assert result.text == "Ann:\na\n\nBob:\nb\n\nCyd:\nc"
    assert result.output == {"Ann": ["a"], "Bob": ["b"], "Cyd": ["c"]}


async def test_a_combiner_that_fails_leaves_all_answers() -> None:
    agents = [each.agent for each in experts()]
    zed = Player("Zed", ModelError("ill."))

    result = await MixtureOfExperts(agents, routing="all", combiner=zed.agent).run(TASK)

    assert (result.text, result.status, result.ended) == ("a\n\nb\n\nc", "partial", "not_combined")


async def voted(*lines: Sequence[Line]) -> tuple[str, str, float | None, Mapping[str, Any]]:
    agents = [each.agent for each in experts(*lines)]
    ear = Ear()
    result = await MixtureOfExperts(
        agents, routing="all", combine="vote", on_event=ear.bus
    ).run(TASK)  # fmt: skip
    assert (result.status == "partial") == (result.ended == "tied")
    assert [each.score for each in ear.of(Scored)] == [result.score]
    return result.text, result.ended, result.score, result.metadata


async def test_the_answer_that_most_gave_is_the_result_without_a_vote() -> None:
    text, ended, score, known = await voted(["Yes. "], ["no"], ["yes."])

    assert (text, ended, score) == ("Yes. ", "majority", 2 / 3)
    assert known == {"winner": "Ann", "votes": {"Ann": "Ann", "Bob": "Bob", "Cyd": "Ann"}}


async def test_if_answers_differ_those_who_gave_them_vote_without_knowing_whose_they_are() -> None:
    players = experts(["a", vote(3)], ["b", vote(2)], ["c", vote(3)])
    team = MixtureOfExperts([each.agent for each in players], routing="all", combine="vote")

    result = await team.run(TASK)

    shown = "\n\n".join(
        f'<said by="answer {at}">\n{text}\n</said>' for at, text in enumerate("abc", 1)
    )
    for each in players:
        assert each.heard[1].startswith(f"The task:\n{TASK}\n\n{shown}\n\n{VOTE}")
    assert (result.text, result.ended, result.score) == ("c", "voted", 2 / 3)
    assert result.metadata == {
        "winner": "Cyd",
        "votes": {"Ann": "Cyd", "Bob": "Bob", "Cyd": "Cyd"},
    }


TIES: dict[str, tuple[list[Sequence[Line]], tuple[str, str, float]]] = {
    "as many for each": ([["a", vote(2)], ["b", vote(1)], ["c", vote(3)]], ("a", "tied", 1 / 3)),
    "nobody votes": ([["a"], ["b"], ["c"]], ("a", "tied", 0.0)),
    "one cannot vote": ([["a", vote(2)], ["b", vote(2)], ["c"]], ("b", "voted", 1.0)),
    "one has failed": (
        [[ModelError("ill.")], ["b", vote(2)], ["c", vote(2)]],
        ("c", "voted", 1.0),
    ),
}


@pytest.mark.parametrize(("lines", "outcome"), TIES.values(), ids=list(TIES))
async def test_votes_are_counted_of_those_who_vote(
    lines: list[Sequence[Line]], outcome: tuple[str, str, float]
) -> None:
    assert (await voted(*lines))[:3] == outcome


COMBINER_HEARS: dict[OnError, str] = {
    "skip": '<said by="Ann">\na\n</said>\n\n<said by="Cyd">',
    "show": '</said>\n\n<said by="Bob">\n(Bob failed: ill.)\n</said>\n\n<said by="Cyd">',
}


@pytest.mark.parametrize(("on_error", "heard"), COMBINER_HEARS.items())
async def test_an_expert_that_fails_is_left_out_or_shown_and_is_asked_in_the_next_run(
    on_error: OnError, heard: str
) -> None:
    players = experts(["a", "a"], [ModelError("ill."), "b"], ["c", "c"])
    zed = Player("Zed", "one", "two")
    team = MixtureOfExperts(
        [each.agent for each in players], routing="all", combiner=zed.agent, on_error=on_error
    )

    first, second = await team.run(TASK), await team.run(TASK)

    assert heard in zed.heard[0]
    assert '<said by="Bob">\nb\n</said>' in zed.heard[1]
    assert (first.text, first.status, second.text, len(second.steps)) == (
        "one",
        "complete",
        "two",
        4,
    )


async def test_a_run_fails_with_an_expert_or_router_or_if_nobody_answers() -> None:
    agents = [each.agent for each in experts(bob=[ModelError("ill.")])]
    zed = Player("Zed", ModelError("dizzy."))
    options: dict[str, Any] = {"combine": "concatenate", "on_error": "raise"}

    with pytest.raises(ModelError, match=r"ill\."):
        await MixtureOfExperts(agents, routing="all", **options).run(TASK)
    with pytest.raises(ModelError, match=r"dizzy\."):
        await MixtureOfExperts(agents, router=zed.agent, **options).run(TASK)
    with pytest.raises(WorkflowError, match=r"Nobody answered: Bob: The script ended"):
        await MixtureOfExperts(agents[1:2], routing="all", combine="concatenate").run(TASK)


@pytest.mark.parametrize(
    "vectors", [[(1.0, 0.0)], [(1.0, 0.0)] * 3 + [(1.0,)], [(1.0, float("nan"))] * 4]
)
async def test_vectors_that_cannot_be_compared_are_a_mistake_that_is_told(vectors: Any) -> None:
    with pytest.raises(WorkflowError, match="finite numbers for each of the 4 texts"):
        await asked_by(embed=near(*vectors))


async def test_a_kept_run_goes_on_where_it_was(tmp_path: Path) -> None:
    calls = list[int]()

    def embed(texts: Sequence[str]) -> Sequence[Sequence[int]]:
        calls.append(len(texts))
        return [[1, at] for at in range(len(texts))]

    players = experts(["a", vote(2)], ["b", ModelError("ill."), vote(2)])
    team = MixtureOfExperts(
        [each.agent for each in players], embed=embed, combine="vote", on_error="raise", at_once=1
    )
    place = f"sqlite:{tmp_path / 'runs.db'}"

    with pytest.raises(ModelError):
        await team.run(TASK, durable=place, run_id="r")
    result = await team.resume("r", durable=place)
    again = await team.run(TASK, durable=place, run_id="r")

    assert calls == [4]
    assert [len(each.heard) for each in players] == [2, 3, 0]
    assert (result.text, result.ended, result.score) == ("b", "voted", 1.0)
    assert (again.text, again.metadata) == (result.text, result.metadata)


WRONG: dict[str, dict[str, Any]] = {
    "routing must be one of semantic, keyword, all, top_k, not 'best'": {"routing": "best"},
    "combine must be one of synthesize, concatenate, vote, not 'mix'": {"combine": "mix"},
    "top_k must be 1 or more, not 0": {"top_k": 0},
    "routing='semantic' needs a router or embed": {},
    "routing='top_k' needs a router": {"routing": "top_k"},
    "combine='synthesize' needs a combiner": {"routing": "all"},
    "routing='keyword' needs keywords": {"routing": "keyword"},
    "router is of no use while routing is 'all'": {"routing": "all", "router": str},
    "embed is of no use while routing is 'top_k'": {"routing": "top_k", "embed": len},
    "keywords is of no use while routing is 'all'": {"routing": "all", "keywords": {"Ann": ["x"]}},
    "combiner is of no use while combine is 'vote'": {
        "routing": "all",
        "combine": "vote",
        "combiner": str,
    },
    "keywords must be for experts (Ann, Bob, Cyd), not for 'Eve'": {
        "routing": "keyword",
        "keywords": {"Eve": ["x"]},
    },
    "keywords of 'Ann' must be a list of words, not 'sql'": {
        "routing": "keyword",
        "keywords": {"Ann": "sql"},
    },
    "keywords of 'Ann' must be a list of words, not ['sql', '']": {
        "routing": "keyword",
        "keywords": {"Ann": ["sql", ""]},
    },
}


@pytest.mark.parametrize(("message", "options"), WRONG.items())
def test_what_cannot_be_is_refused(message: str, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as refused:
        MixtureOfExperts([each.agent for each in experts()], **options)

    assert message in str(refused.value)
