"""Several ways to an answer are tried, and the promising ones followed."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import Scored
from toolyard.llm.budget import BudgetLimits
from toolyard.llm.chat import ChatRequest
from toolyard.orchestration.deciding.judging import SCORE, VOTE
from toolyard.orchestration.engines.tree_search import ANSWER, THINK, THINK_ON
from toolyard.orchestration.presets.tree_of_thoughts import TreeOfThoughts
from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.orchestration.workflow_run import OnError
from toolyard.storage.journal.sqlite_journal import SqliteJournal

pytestmark = pytest.mark.anyio

ILL = ModelError("ill.")
TASK = "The task:\nSolve."


def thoughts(*texts: str) -> str:
    return json.dumps({"thoughts": texts})


def rating(score: float) -> str:
    return json.dumps({"reason": "so", "score": score})


def ballot(*best: int) -> str:
    return json.dumps({"reason": "so", "best": best})


def path(*texts: str) -> str:
    lines = "\n\n".join(f"{at}. {text}" for at, text in enumerate(texts, 1))
    return f'<said by="Tom">\n{lines}\n</said>'


class Tree:
    """A thinker who knows what follows on what, and an evaluator who knows what is good."""

    def __init__(
        self, follows: Mapping[str, Sequence[str]], scores: Mapping[str, float | Exception]
    ) -> None:
        self._follows = follows
        self._scores = scores
        self.followed = list[str]()
        """The last thought of each path that was followed."""
        self.judged = list[str]()

    def think(self, task: str) -> Any:
        last = self._path(task)[-1]
        if ANSWER in task:
            return f"answer after {last}"
        self.followed.append(last)
        return {"thoughts": [*self._follows[last]]}

    def judge(self, task: str) -> Any:
        last = self._path(task)[-1]
        self.judged.append(last)
        score = self._scores[last]
        if isinstance(score, Exception):
            raise score
        return {"reason": "so", "score": score}

    async def run(self, **options: Any) -> WorkflowResult[Any]:
        return await TreeOfThoughts(self.think, self.judge, at_once=1, **options).run("Solve.")

    @staticmethod
    def _path(task: str) -> list[str]:
        return ["", *re.findall(r"^\d+\. (.*)$", task, re.MULTILINE)]


async def test_each_hears_the_task_and_the_branch_at_hand_alone() -> None:
    ear = Ear()
    tom = Player("Tom", thoughts("a", "b"), thoughts("aa"), thoughts("ba"), "the answer")
    eve = Player("Eve", *map(rating, (0.8, 0.6, 0.5, 0.9)))

    result = await TreeOfThoughts(
        tom.agent, eve.agent, branching_factor=2, max_depth=2, at_once=1, on_event=ear.bus
    ).run("Solve.")

    think = THINK.format(count=2)
    assert tom.heard == [
        f"{TASK}\n\n{think}",
        f"{TASK}\n\n{path('a')}\n\n{THINK_ON} {think}",
        f"{TASK}\n\n{path('b')}\n\n{THINK_ON} {think}",
        f"{TASK}\n\n{path('b', 'ba')}\n\n{ANSWER}",
    ]
    assert eve.heard == [
        f"{TASK}\n\n{path('a')}\n\n{SCORE}",
        f"{TASK}\n\n{path('b')}\n\n{SCORE}",
        f"{TASK}\n\n{path('a', 'aa')}\n\n{SCORE}",
        f"{TASK}\n\n{path('b', 'ba')}\n\n{SCORE}",
    ]
    assert {len(request.messages) for request in tom.model.requests} == {2}
    assert (result.text, result.ended, result.status) == ("the answer", "max_depth", "complete")
    assert (result.score, result.rounds) == (0.9, 2)
    assert result.metadata == {"path": ("b", "ba")}
    assert [(each.subject, each.score, each.round) for each in ear.of(Scored)] == [
        ("thought 1", 0.8, 1),
        ("thought 2", 0.6, 1),
        ("thought 1.1", 0.5, 2),
        ("thought 2.1", 0.9, 2),
    ]
    assert [step.id for step in result.steps] == [
        "first thoughts",
        "score of 1",
        "score of 2",
        "after 1",
        "after 2",
        "score of 1.1",
        "score of 2.1",
        "answer",
    ]


FOLLOWS = {"": "abc", "a": ["aa"], "b": ["ba"], "c": ["ca"], "aa": ["aaa"], "ba": ["baa"]}
SCORES = {"a": 0.7, "b": 0.9, "c": 0.4, "ba": 0.5, "aa": 0.6, "aaa": 0.9, "baa": 0.8, "ca": 0.4}


@pytest.mark.parametrize(
    ("evaluation", "beam_width", "followed", "answer"),
    [
        ("score", 3, ["", "b", "a", "c", "aa", "ba", "ca"], "answer after aaa"),
        ("score", 2, ["", "b", "a", "aa", "ba"], "answer after aaa"),
        ("score", 1, ["", "b", "ba"], "answer after baa"),
        ("best_first", 3, ["", "b", "a", "aa"], "answer after aaa"),
    ],
)
async def test_the_best_of_a_level_are_followed_or_the_best_of_all(
    evaluation: Literal["score", "best_first"],
    beam_width: int,
    followed: Sequence[str],
    answer: str,
) -> None:
    tree = Tree({**FOLLOWS, "ca": ["caa"]}, {**SCORES, "caa": 0.4})

    result = await tree.run(evaluation=evaluation, beam_width=beam_width)

    assert tree.followed == followed
    assert (result.text, result.status) == (answer, "complete")


async def test_the_best_first_goes_back_only_so_often() -> None:
    follows = {"": "ab", "a": ["aa"], "b": ["ba"], "aa": ["x"], "ba": ["x"]}
    tree = Tree(follows, {"a": 0.9, "b": 0.8, "aa": 0.5, "ba": 0.6, "x": 0.4})

    result = await tree.run(evaluation="best_first", beam_width=1, max_depth=3)

    assert tree.followed == ["", "a", "b"]
    assert (result.ended, result.status, result.rounds) == ("max_rounds", "partial", 3)
    assert (result.text, result.score) == ("answer after ba", 0.6)


async def test_a_vote_compares_all_thoughts_of_a_level() -> None:
    tom = Player("Tom", thoughts("a", "b", "c"), thoughts("ca"), thoughts("aa"), "the answer")
    eve = Player("Eve", ballot(3, 3, 1), ballot(2))

    result = await TreeOfThoughts(
        tom.agent, eve.agent, evaluation="vote", beam_width=2, max_depth=2, at_once=1
    ).run("Solve.")

    def way(at: int, *texts: str) -> str:
        return path(*texts).replace("Tom", f"way {at}")

    vote = VOTE.format(count=2)
    assert eve.heard == [
        f"{TASK}\n\n{way(1, 'a')}\n\n{way(2, 'b')}\n\n{way(3, 'c')}\n\n{vote}",
        f"{TASK}\n\n{way(1, 'c', 'ca')}\n\n{way(2, 'a', 'aa')}\n\n{vote}",
    ]
    assert (result.metadata["path"], result.score) == (("a", "aa"), 1.0)


async def test_ballots_and_scores_are_counted_together() -> None:
    ear, eve = Ear(), Player("Eve", ballot(1, 2), ballot(2), ballot(2, 1))
    await TreeOfThoughts(
        Player("Tom", thoughts("a", "b", "c"), "the answer").agent,
        eve.agent,
        evaluation="vote",
        evaluations=3,
        beam_width=2,
        max_depth=1,
        on_event=ear.bus,
    ).run("Solve.")
    scores = [each.score for each in ear.of(Scored)]
    assert scores == [pytest.approx(0.5), pytest.approx(2.5 / 3), 0.0]

    ear, eve = Ear(), Player("Eve", rating(0.2), ILL, rating(0.6))
    result = await TreeOfThoughts(
        Player("Tom", thoughts("a"), "the answer").agent,
        eve.agent,
        evaluations=3,
        max_depth=1,
        on_event=ear.bus,
    ).run("Solve.")
    assert (result.score, [each.score for each in ear.of(Scored)]) == (0.4, [0.4])


async def test_one_thought_alone_needs_no_vote() -> None:
    tom, eve = Player("Tom", thoughts("a"), "the answer"), Player("Eve")

    result = await TreeOfThoughts(tom.agent, eve.agent, evaluation="vote", max_depth=1).run(
        "Solve."
    )

    assert (eve.heard, result.score) == ([], 1.0)


async def test_a_vote_for_nothing_that_there_is_is_asked_for_again() -> None:
    tom, eve = Player("Tom", thoughts("a", "b"), "x"), Player("Eve", ballot(7), ballot(2))

    result = await TreeOfThoughts(tom.agent, eve.agent, evaluation="vote", max_depth=1).run(
        "Solve."
    )

    assert (len(eve.heard), result.metadata["path"]) == (2, ("b",))


async def test_when_all_are_dropped_the_deepest_that_was_not_is_given() -> None:
    tree = Tree({"": "ab", "a": ["aa"], "b": ["ba"]}, {"a": 0.5, "b": 0.6, "aa": 0.2, "ba": 0.1})
    result = await tree.run()
    assert (result.text, result.score) == ("answer after b", 0.6)
    assert (result.ended, result.status, result.rounds) == ("all_pruned", "partial", 2)

    tree = Tree({"": "ab"}, {"a": 0.1, "b": 0.2})
    result = await tree.run()
    assert (result.text, result.ended, result.status) == ("answer after b", "all_pruned", "partial")

    tree = Tree({"": "ab"}, {"a": 0.1, "b": 0.2})
    result = await tree.run(prune_threshold=0.1, max_depth=1)
    assert (result.text, result.ended) == ("answer after b", "max_depth")


async def test_no_more_thoughts_are_had_than_may_be_and_none_twice() -> None:
    tree = Tree({"": ["a", " a ", " ", "b", "c", "d"]}, {"a": 0.5, "b": 0.9, "c": 0.4})

    result = await tree.run(max_depth=1)

    assert tree.judged == ["a", "b", "c"]
    assert result.text == "answer after b"


async def test_without_a_final_answer_the_thoughts_are_the_result() -> None:
    tree = Tree({"": "a", "a": ["aa"]}, {"a": 0.5, "aa": 0.5})

    result = await tree.run(final_answer=False, max_depth=2)

    assert (result.text, result.status) == ("1. a\n\n2. aa", "complete")


@pytest.mark.parametrize("on_error", ["skip", "show"])
async def test_a_thinker_that_fails_leaves_the_other_branches(on_error: OnError) -> None:
    tom = Player("Tom", thoughts("a", "b"), ILL, thoughts("ba"), ILL)
    eve = Player("Eve", rating(0.8), rating(0.6), rating(0.5))

    result = await TreeOfThoughts(
        tom.agent, eve.agent, max_depth=2, at_once=1, on_error=on_error
    ).run("Solve.")

    assert (result.text, result.ended, result.status) == ("1. b\n\n2. ba", "max_depth", "partial")


@pytest.mark.parametrize("on_error", ["skip", "show"])
async def test_a_thinker_without_thoughts_ends_it(on_error: OnError) -> None:
    def team(*lines: Any) -> TreeOfThoughts:
        return TreeOfThoughts(
            Player("Tom", *lines).agent, Player("Eve", rating(0.8)).agent, on_error=on_error
        )

    result = await team(thoughts("a"), ILL, "the answer").run("Solve.")
    assert (result.text, result.ended, result.status) == ("the answer", "no_thoughts", "partial")

    with pytest.raises(WorkflowError, match=r"Tom had no thoughts: ill\."):
        await team(ILL).run("Solve.")
    with pytest.raises(WorkflowError, match=r"Tom had no thoughts: It says nothing\."):
        await team(thoughts(" ")).run("Solve.")


@pytest.mark.parametrize("on_error", ["skip", "show"])
async def test_a_thought_that_nobody_judges_comes_after_those_that_are_good(
    on_error: OnError,
) -> None:
    tree = Tree({"": "abc"}, {"a": ILL, "b": 0.2, "c": 0.3})
    result = await tree.run(max_depth=1, on_error=on_error)
    assert (result.text, result.score, result.ended) == ("answer after a", None, "max_depth")

    tree = Tree({"": "abc"}, {"a": ILL, "b": 0.31, "c": ILL})
    result = await tree.run(max_depth=1, on_error=on_error)
    assert (result.text, result.score) == ("answer after b", 0.31)

    team = TreeOfThoughts(
        Player("Tom", thoughts("a", "b"), "the answer").agent,
        Player("Eve", ILL).agent,
        evaluation="vote",
        max_depth=1,
        on_error=on_error,
    )
    result = await team.run("Solve.")
    assert (result.metadata["path"], result.score) == (("a",), None)


async def test_a_failing_member_ends_the_run_if_that_is_wanted() -> None:
    for tom, eve in ((ILL, rating(1)), (thoughts("a"), ILL)):
        team = TreeOfThoughts(Player("T", tom).agent, Player("E", eve).agent, on_error="raise")
        with pytest.raises(ModelError, match=r"ill\."):
            await team.run("Solve.")


async def test_the_thinker_judges_its_own_thoughts_and_a_second_run_starts_clean() -> None:
    lines = [thoughts("a"), rating(0.7), "the answer"]
    tom = Player("Tom", *lines, *lines)
    team = TreeOfThoughts(tom.agent, max_depth=1)

    first, second = await team.run("Solve."), await team.run("Solve.")

    assert tom.heard[:3] == tom.heard[3:]
    assert (first.text, second.text, second.rounds) == ("the answer", "the answer", 1)


class Killed(BaseException):
    """The process is gone."""


class Cast:
    """A thinker and an evaluator who are killed once, when they are asked after so many times."""

    def __init__(self, killed_at: int) -> None:
        self.asked = list[str]()
        self._killed_at = killed_at
        self._tree = Tree(FOLLOWS, SCORES)

    def team(self, evaluation: str) -> TreeOfThoughts:
        lines = [self._answer] * 20
        options: dict[str, Any] = {"evaluation": evaluation, "beam_width": 2, "max_depth": 2}
        tom, eve = Player("Tom", *lines), Player("Eve", *lines)
        return TreeOfThoughts(tom.agent, eve.agent, at_once=1, **options)

    def _answer(self, request: ChatRequest) -> str:
        if len(self.asked) == self._killed_at:
            self._killed_at = -1
            raise Killed
        said = request.messages[-1].text
        self.asked.append(said)
        if "different ways" in said:
            return ballot(2, 1)
        given = self._tree.judge(said) if SCORE in said else self._tree.think(said)
        return given if isinstance(given, str) else json.dumps(given)


@pytest.mark.parametrize("evaluation", ["score", "vote", "best_first"])
async def test_a_search_that_is_gone_on_with_asks_for_nothing_twice(
    evaluation: str, tmp_path: Path
) -> None:
    whole = Cast(killed_at=-1)
    expected = await whole.team(evaluation).run("Solve.")

    async with SqliteJournal(tmp_path / "runs.db") as journal:
        for at in range(1, len(whole.asked), 3):
            cast = Cast(killed_at=at)
            team = cast.team(evaluation)
            with pytest.raises(Killed):
                await team.run("Solve.", durable=journal, run_id=f"r{at}")
            result = await team.resume(f"r{at}", durable=journal)

            assert cast.asked == whole.asked
            assert (result.text, result.score, result.metadata) == (
                expected.text,
                expected.score,
                expected.metadata,
            )


async def test_a_budget_that_is_spent_leaves_the_best_thoughts() -> None:
    tom, eve = Player("Tom", thoughts("a", "b")), Player("Eve", rating(0.4), rating(0.7))

    result = await TreeOfThoughts(tom.agent, eve.agent, budget=BudgetLimits(calls=3)).run("Solve.")

    assert (result.text, result.ended, result.status) == ("1. b", "budget", "partial")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"branching_factor": 0}, "branching_factor must be 1 or more, not 0"),
        ({"beam_width": 0}, "beam_width must be 1 or more, not 0"),
        ({"max_depth": 0}, "max_depth must be 1 or more, not 0"),
        ({"evaluations": 0}, "evaluations must be 1 or more, not 0"),
        ({"prune_threshold": 1.1}, "prune_threshold must be from 0 to 1, not 1.1"),
        ({"evaluation": "luck"}, "must be one of score, vote, best_first, not 'luck'"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        TreeOfThoughts(Player("Tom").agent, **options)
