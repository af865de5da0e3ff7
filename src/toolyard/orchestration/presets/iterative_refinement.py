"""A producer writes, critics say what to mend, until it is good enough."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Unpack

from pydantic import BaseModel, Field

from toolyard.core.errors import ConfigError
from toolyard.orchestration.deciding.scoring import Score, score_by
from toolyard.orchestration.engines.refine import (
    Assessment,
    Assessor,
    Draft,
    Refine,
    Remark,
    Weigh,
    alike,
    never,
    revising,
)
from toolyard.orchestration.member import Joining, Member, member_of
from toolyard.orchestration.refusals import refuse_less, refuse_no_share, refuse_same_names
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.workflow import Workflow, WorkflowOptions
from toolyard.orchestration.workflow_result import Step
from toolyard.orchestration.workflow_run import WorkflowRun

CRITICISE = (
    "Judge this answer to the task as a critic of one thing only: {specialty}.{goal} Say what is "
    "wrong in that respect and how to mend it, and what is good enough as it is."
)
GOAL = " What you want to see: {goal}."
REVISE = (
    "Critics have said the above of your last answer. Write the whole answer anew, with what is "
    "wrong mended and what is good kept. Give the answer alone."
)

Evaluator = Callable[[str, Mapping[str, str]], float | Awaitable[float]]
"""How good a text is, from 0 to 1, given it and what critics say of it, by their specialties."""


@dataclass(frozen=True, slots=True)
class Critic:
    """One who judges drafts with an eye to one thing.

    Raises:
        ConfigError: The weight is not a number over 0, or there is no specialty.
    """

    who: Joining | Member
    specialty: str
    """Of what it is a critic, such as `style`; others know it by this."""
    goal: str = ""
    """What it wants to see."""
    weight: float = 1.0
    """How much its score counts beside those of others, over 0."""

    def __post_init__(self) -> None:
        if not 0 < self.weight < inf:
            raise ConfigError(f"weight must be a number over 0, not {self.weight}.")
        if not self.specialty:
            raise ConfigError("A critic needs a specialty: say of what it is a critic.")


class Critique(BaseModel):
    """What a critic says of a draft."""

    feedback: str = Field(description="What is wrong and how to mend it, and what is good enough.")
    score: float = Field(
        ge=0, le=1, description="How good it is in that respect: 0 is useless, 1 is perfect."
    )


class IterativeRefinement(Workflow):
    """The producer writes, all critics judge it at once, it writes anew with what they say.

    It ended by `accepted` if the score is reached, by `converged`, or by `max_rounds`, which is
    partial if there is a score to reach. The score is what the evaluator gives, or else the mean
    of what the critics give by their weights; those who fail do not count. The result is then
    the draft with the best score, otherwise the last one.

    If the evaluator fails, the run does if `on_error` is `raise`. Otherwise that is an event, the
    draft has no score, and the result's metadata tells of it under `errors`.

    Args:
        producer: Who writes.
        critics: Who judges, each with a specialty of its own. One who is no `Critic` is a critic
            of what it is an expert of, or else of what its name says.
        max_iterations: So many drafts at most, 1 or more.
        min_quality_score: The score that will do, from 0 to 1; none is given to drafts if not
            given.
        evaluator: Gives the score; the critics do if not given.
        convergence_threshold: Ends it with a draft that is as similar to the one before it, from
            0 to 1 by the words that both have; not looked at if not given.
        options: As of every workflow.

    Raises:
        ConfigError: A number is out of its range, two critics have the same specialty, or there
            is an evaluator without a score to reach.
    """

    def __init__(
        self,
        producer: Joining | Member,
        critics: Sequence[Critic | Joining | Member],
        *,
        max_iterations: int = 3,
        min_quality_score: float | None = None,
        evaluator: Evaluator | None = None,
        convergence_threshold: float | None = None,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_less(1, max_iterations=max_iterations)
        refuse_no_share(
            min_quality_score=min_quality_score, convergence_threshold=convergence_threshold
        )
        if evaluator is not None and min_quality_score is None:
            raise ConfigError("evaluator is of no use without min_quality_score: say what will do.")
        judges = [_critic_of(each) for each in critics]
        refuse_same_names("critics", [each.specialty for each in judges])
        is_scored = min_quality_score is not None
        output = Critique if is_scored and evaluator is None else None
        engine = Refine(
            member_of(producer),
            rounds=max_iterations,
            instruct=revising(REVISE),
            assessors=[_assessor(each, output) for each in judges],
            weigh=_weighing(judges, min_quality_score, evaluator),
            must_be_accepted=is_scored,
            is_settled=never if convergence_threshold is None else alike(convergence_threshold),
        )
        super().__init__(engine, options)


def _critic_of(critic: Critic | Joining | Member) -> Critic:
    if isinstance(critic, Critic):
        return critic
    member = member_of(critic)
    return Critic(member, member.expertise or member.name)


def _assessor(critic: Critic, output: type[Critique] | None) -> Assessor:
    goal = GOAL.format(goal=critic.goal.rstrip(".")) if critic.goal else ""
    question = CRITICISE.format(specialty=critic.specialty, goal=goal)

    def asks(draft: Draft) -> str:
        return f"{quoted(draft.name, draft.text)}\n\n{question}"

    return Assessor(member_of(critic.who), asks, output)


def _weighing(
    critics: Sequence[Critic], enough: float | None, evaluator: Evaluator | None
) -> Weigh:
    """How it is found out what the critics' answers come to."""

    async def weigh(run: WorkflowRun, draft: Draft, steps: Sequence[Step]) -> Assessment:
        answers = list(zip(critics, steps, strict=True))
        feedback = {critic.specialty: _feedback(step) for critic, step in answers if step.has_text}
        remarks = [Remark(name, text) for name, text in feedback.items()]
        if enough is None:
            return Assessment(remarks=remarks)
        if evaluator is None:
            score = Score(_mean(answers))
        else:
            score = await score_by(run, "evaluator", evaluator, draft.text, feedback)
        if score.error and run.facts.on_error == "show":
            remarks.append(Remark("evaluator", f"(It failed: {score.error})"))
        return Assessment(
            remarks=remarks,
            is_accepted=score.value is not None and score.value >= enough,
            score=score.value,
            error=score.error,
        )

    return weigh


def _feedback(step: Step) -> str:
    return step.output.feedback if isinstance(step.output, Critique) else step.text


def _mean(answers: Sequence[tuple[Critic, Step]]) -> float:
    """Of the scores, by the critics' weights; at least one has answered."""
    scores = [
        (critic.weight, step.output.score)
        for critic, step in answers
        if isinstance(step.output, Critique)
    ]
    return sum(weight * score for weight, score in scores) / sum(weight for weight, _ in scores)
