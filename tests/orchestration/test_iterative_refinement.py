"""A producer writes, critics say what to mend, until it is good enough."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import AgentFailed, ConvergenceChecked, Scored
from toolyard.llm.budget import BudgetLimits
from toolyard.orchestration.presets.iterative_refinement import (
    CRITICISE,
    REVISE,
    Critic,
    IterativeRefinement,
)
from toolyard.orchestration.workflow_run import OnError

pytestmark = pytest.mark.anyio

ILL = ModelError("ill.")
STYLE = CRITICISE.format(specialty="style", goal=" What you want to see: short words.")
FACTS = CRITICISE.format(specialty="facts", goal="")


def critique(score: float, feedback: str = "meh") -> str:
    return json.dumps({"feedback": feedback, "score": score})


def said(name: str, text: str) -> str:
    return f'<said by="{name}">\n{text}\n</said>'


async def test_each_hears_what_is_new_to_it_and_the_last_draft_is_not_judged() -> None:
    ann = Player("Ann", "one", "two", "three")
    sam, flo = Player("Sam", "too long", "still long"), Player("Flo", "wrong", "right")
    critics = [Critic(sam.agent, "style", "short words"), Critic(flo.agent, "facts")]

    result = await IterativeRefinement(ann.agent, critics).run("Write.")

    assert ann.heard == [
        "The task:\nWrite.",
        f"{said('style', 'too long')}\n\n{said('facts', 'wrong')}\n\n{REVISE}",
        f"{said('style', 'still long')}\n\n{said('facts', 'right')}\n\n{REVISE}",
    ]
    assert sam.heard == [
        f"The task:\nWrite.\n\n{said('Ann', 'one')}\n\n{STYLE}",
        f"{said('Ann', 'two')}\n\n{STYLE}",
    ]
    assert flo.heard == [
        f"The task:\nWrite.\n\n{said('Ann', 'one')}\n\n{FACTS}",
        f"{said('Ann', 'two')}\n\n{FACTS}",
    ]
    assert [step.id for step in result.steps] == [
        "draft 1",
        "Sam on draft 1",
        "Flo on draft 1",
        "draft 2",
        "Sam on draft 2",
        "Flo on draft 2",
        "draft 3",
    ]
    assert (result.text, result.ended, result.status) == ("three", "max_rounds", "complete")
    assert (result.rounds, result.score) == (3, None)


async def test_one_who_remembers_nothing_hears_all_of_it_each_time() -> None:
    heard = list[str]()

    def write(task: str) -> str:
        heard.append(task)
        return f"draft {len(heard)}"

    await IterativeRefinement(write, [Player("Sam", "bad").agent], max_iterations=2).run("Write.")

    assert heard[1] == (
        f"The task:\nWrite.\n\n{said('write (you)', 'draft 1')}\n\n{said('Sam', 'bad')}\n\n{REVISE}"
    )


async def test_the_weighted_scores_of_the_critics_decide_also_on_the_last_draft() -> None:
    def team(ear: Ear, enough: float) -> IterativeRefinement:
        critics = [
            Critic(Player("Sam", critique(0.2), critique(0.8)).agent, "style", weight=3),
            Critic(Player("Flo", critique(1.0, "fine"), critique(0.4)).agent, "facts"),
        ]
        writer = Player("Ann", "one", "two").agent
        return IterativeRefinement(
            writer, critics, max_iterations=2, min_quality_score=enough, on_event=ear.bus
        )

    ear = Ear()
    result = await team(ear, 0.7).run("Write.")
    assert (result.text, result.ended, result.status) == ("two", "accepted", "complete")
    assert result.score == pytest.approx(0.7)
    scored = [(each.subject, each.score, each.round) for each in ear.of(Scored)]
    assert scored == [("draft 1", pytest.approx(0.4), 1), ("draft 2", pytest.approx(0.7), 2)]

    result = await team(Ear(), 0.4).run("Write.")
    assert (result.text, result.ended, result.rounds) == ("one", "accepted", 1)

    result = await team(Ear(), 0.9).run("Write.")
    assert (result.text, result.ended, result.status) == ("two", "max_rounds", "partial")


async def test_without_an_accepted_draft_the_best_is_given() -> None:
    critic = Player("Sam", critique(0.6), critique(0.5), critique(0.6))
    writer = Player("Ann", "one", "two", "three")

    result = await IterativeRefinement(writer.agent, [critic.agent], min_quality_score=0.9).run("W")

    assert (result.text, result.score) == ("three", 0.6)
    assert writer.heard[1] == f"{said('Sam', 'meh')}\n\n{REVISE}"


async def test_an_evaluator_gives_the_score_from_the_draft_and_the_feedback() -> None:
    seen = list[tuple[str, Mapping[str, str]]]()

    async def evaluate(text: str, feedback: Mapping[str, str]) -> float:
        seen.append((text, feedback))
        return len(seen) / 2

    result = await IterativeRefinement(
        Player("Ann", "one", "two").agent,
        [Critic(Player("Sam", "bad", "better").agent, "style")],
        min_quality_score=1,
        evaluator=evaluate,
    ).run("Write.")

    assert seen == [("one", {"style": "bad"}), ("two", {"style": "better"})]
    assert (result.text, result.score, result.ended) == ("two", 1.0, "accepted")


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (ValueError("secret"), "It ran into an unexpected ValueError."),
        (ModelError("No key."), "No key."),
        (2.0, "The evaluator must give a number from 0 to 1, not 2.0."),
        (float("nan"), "The evaluator must give a number from 0 to 1, not nan."),
        (True, "The evaluator must give a number from 0 to 1, not True."),
    ],
)
async def test_an_evaluator_that_fails_is_told_of_or_ends_the_run(
    broken: Exception | float, error: str
) -> None:
    def evaluate(text: str, feedback: Mapping[str, str]) -> float:
        if isinstance(broken, Exception):
            raise broken
        return broken

    def team(writer: Player, on_error: OnError, ear: Ear) -> IterativeRefinement:
        critics = [Player("Sam", "bad", "bad", "bad", "bad").agent]
        return IterativeRefinement(
            writer.agent,
            critics,
            max_iterations=2,
            min_quality_score=0.5,
            evaluator=evaluate,
            on_error=on_error,
            on_event=ear.bus,
        )

    ear, ann = Ear(), Player("Ann", "one", "two")
    result = await team(ann, "skip", ear).run("Write.")
    assert (result.text, result.status, result.score) == ("two", "partial", None)
    assert result.metadata["errors"] == [error, error]
    assert [(each.agent_id, each.error) for each in ear.of(AgentFailed)] == [
        ("evaluator", error)
    ] * 2
    assert "evaluator" not in ann.heard[1]

    ann = Player("Ann", "one", "two")
    await team(ann, "show", Ear()).run("Write.")
    assert said("evaluator", f"(It failed: {error})") in ann.heard[1]

    expected = type(broken) if isinstance(broken, Exception) else WorkflowError
    with pytest.raises(expected):
        await team(Player("Ann", "one"), "raise", Ear()).run("Write.")


async def test_drafts_that_are_alike_end_it() -> None:
    ear, sam = Ear(), Player("Sam", "bad", "bad")
    ann = Player("Ann", "red green blue", "red green cyan", "red green cyan!")

    result = await IterativeRefinement(
        ann.agent, [sam.agent], max_iterations=9, convergence_threshold=0.6, on_event=ear.bus
    ).run("Write.")

    assert (result.ended, result.status, result.rounds) == ("converged", "complete", 3)
    assert len(sam.heard) == 2
    assert [(each.round, each.score, each.converged) for each in ear.of(ConvergenceChecked)] == [
        (2, 0.5, False),
        (3, 1.0, True),
    ]


async def test_drafts_that_are_alike_but_not_good_enough_are_partial() -> None:
    def team(*scores: float) -> IterativeRefinement:
        sam = Player("Sam", *map(critique, scores))
        return IterativeRefinement(
            Player("Ann", "the same", "the same").agent,
            [sam.agent],
            min_quality_score=0.9,
            convergence_threshold=1,
        )

    result = await team(0.1, 0.2).run("Write.")
    assert (result.ended, result.status, result.score) == ("converged", "partial", 0.2)

    result = await team(0.1, 0.9).run("Write.")
    assert (result.ended, result.status) == ("accepted", "complete")


@pytest.mark.parametrize(
    ("on_error", "shown"), [("skip", ""), ("show", said("facts", "(Flo failed: ill.)") + "\n\n")]
)
async def test_a_critic_that_fails_is_left_out_or_shown_and_hears_it_all_later(
    on_error: OnError, shown: str
) -> None:
    ann = Player("Ann", "one", "two", "three")
    sam, flo = Player("Sam", "bad", "bad"), Player("Flo", ILL, "good")
    critics = [Critic(sam.agent, "style", "short words"), Critic(flo.agent, "facts")]

    result = await IterativeRefinement(ann.agent, critics, on_error=on_error).run("Write.")

    assert ann.heard[1] == f"{said('style', 'bad')}\n\n{shown}{REVISE}"
    assert flo.heard[1] == f"The task:\nWrite.\n\n{said('Ann', 'two')}\n\n{FACTS}"
    assert result.text == "three"


async def test_the_scores_of_critics_that_fail_do_not_count() -> None:
    critics = [
        Critic(Player("Sam", critique(0.5)).agent, "style"),
        Critic(Player("Flo", ILL).agent, "facts", weight=9),
    ]
    result = await IterativeRefinement(
        Player("Ann", "one").agent, critics, max_iterations=1, min_quality_score=0.5
    ).run("Write.")

    assert (result.ended, result.score) == ("accepted", 0.5)


@pytest.mark.parametrize("on_error", ["skip", "show"])
async def test_a_draft_that_nobody_judges_stands_and_is_judged_again(on_error: OnError) -> None:
    ann, sam = Player("Ann", "one", "two"), Player("Sam", ILL, "bad")

    result = await IterativeRefinement(ann.agent, [sam.agent], on_error=on_error).run("Write.")

    assert len(ann.heard) == 2
    assert [step.id for step in result.steps] == [
        "draft 1",
        "Sam on draft 1",
        "Sam on draft 1#2",
        "draft 2",
    ]
    assert (result.text, result.rounds) == ("two", 3)


@pytest.mark.parametrize("on_error", ["skip", "show"])
async def test_a_producer_that_fails_is_asked_again_and_hears_it_all_again(
    on_error: OnError,
) -> None:
    ann = Player("Ann", ILL, "one", ModelError("ill again."), "two")
    sam = Player("Sam", "bad", "worse")

    result = await IterativeRefinement(
        ann.agent, [sam.agent], max_iterations=4, on_error=on_error
    ).run("Write.")

    assert ann.heard[0] == ann.heard[1] == "The task:\nWrite."
    assert ann.heard[2] == ann.heard[3] == f"{said('Sam', 'bad')}\n\n{REVISE}"
    assert (result.text, result.rounds, len(sam.heard)) == ("two", 4, 1)


async def test_a_producer_that_never_writes_or_may_not_fail_ends_the_run() -> None:
    def team(on_error: OnError, *lines: Any) -> IterativeRefinement:
        critics = [Player("Sam", "bad", "bad").agent]
        return IterativeRefinement(
            Player("Ann", *lines).agent, critics, max_iterations=2, on_error=on_error
        )

    for on_error in ("skip", "show"):
        with pytest.raises(WorkflowError, match=r"Ann wrote no draft: ill\."):
            await team(on_error, ILL, ILL).run("Write.")
    with pytest.raises(ModelError, match=r"ill\."):
        await team("raise", "one", ILL).run("Write.")


@pytest.mark.parametrize(("calls", "text"), [(2, "one"), (3, "two")])
async def test_a_budget_that_is_spent_leaves_the_draft_and_not_what_is_said_of_it(
    calls: int, text: str
) -> None:
    ann, sam = Player("Ann", "one", "two"), Player("Sam", "bad")
    team = IterativeRefinement(ann.agent, [sam.agent], budget=BudgetLimits(calls=calls))
    result = await team.run("Write.")

    assert (result.text, result.ended, result.status) == (text, "budget", "partial")


async def test_a_run_that_is_gone_on_with_knows_which_scores_failed(tmp_path: Path) -> None:
    calls = list[str]()

    class Killed(BaseException):
        pass

    async def evaluate(text: str, feedback: Mapping[str, str]) -> float:
        calls.append(text)
        if len(calls) < 3:
            raise ValueError if len(calls) == 1 else Killed
        return 1.0

    ann, sam = Player("Ann", "one", "two"), Player("Sam", "bad", "good")
    team = IterativeRefinement(
        ann.agent, [sam.agent], min_quality_score=0.5, evaluator=evaluate, id="team"
    )
    place = f"sqlite:{tmp_path}/runs.db"
    with pytest.raises(Killed):
        await team.run("Write.", durable=place, run_id="r")

    result = await team.resume("r", durable=place)

    assert calls == ["one", "two", "two"]
    assert (len(ann.heard), len(sam.heard)) == (2, 2)
    assert (result.text, result.score, result.ended) == ("two", 1.0, "accepted")
    assert result.metadata["errors"] == ["It ran into an unexpected ValueError."]


async def test_a_second_run_knows_nothing_of_the_first() -> None:
    ann = Player("Ann", "one", "two", "three", "four")
    team = IterativeRefinement(ann.agent, [Player("Sam", "bad", "bad").agent], max_iterations=2)

    await team.run("Write.")
    result = await team.run("Paint.")

    assert (result.text, result.rounds, len(result.steps)) == ("four", 2, 3)
    assert ann.heard[2] == "The task:\nPaint."
    assert len(ann.model.requests[2].messages) == 2


def test_wrong_options_are_refused() -> None:
    ann, sam = Player("Ann").agent, Player("Sam", expertise="style").agent

    def refused(match: str, *critics: Any, **options: Any) -> None:
        with pytest.raises(ConfigError, match=match):
            IterativeRefinement(ann, critics or [sam], **options)

    refused("max_iterations must be 1 or more, not 0", max_iterations=0)
    refused("min_quality_score must be from 0 to 1, not 7", min_quality_score=7)
    refused("convergence_threshold must be from 0 to 1, not -1", convergence_threshold=-1)
    refused("evaluator is of no use without min_quality_score", evaluator=len)
    refused("'style'", sam, Critic(ann, "style"))
    with pytest.raises(ConfigError, match="critics must be one or more"):
        IterativeRefinement(ann, [])
    with pytest.raises(ConfigError, match="weight must be a number over 0, not 0"):
        Critic(sam, "style", weight=0)
    with pytest.raises(ConfigError, match="specialty"):
        Critic(sam, "")
