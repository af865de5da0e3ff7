"""Ways to find out how good thoughts are: each by itself, or all beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from toolyard.orchestration.engines.tree_search import Judge, Thought
from toolyard.orchestration.hub import TASK
from toolyard.orchestration.member import Member
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.workflow_run import Ask, WorkflowRun

SCORE = "How likely do these thoughts lead to a right answer to the task? Judge by the last one."
VOTE = (
    "These are different ways to go about the task. Compare them, and name those that most likely "
    "lead to a right answer, the best first, {count} at most."
)


class Rating(BaseModel):
    """What an evaluator thinks of a thought."""

    reason: str = Field(description="Why, a sentence.")
    score: float = Field(ge=0, le=1, description="0 leads nowhere, 1 surely leads to the answer.")


def by_scores(evaluator: Member, name: str, times: int) -> Judge:
    """Each thought is judged by itself, knowing nothing of the others.

    Args:
        evaluator: Who judges.
        name: Who had the thoughts.
        times: How often each is judged; the scores' mean counts.
    """

    async def judge(run: WorkflowRun, thoughts: Sequence[Thought]) -> Sequence[float | None]:
        asks = [
            Ask(
                run.seat(evaluator),
                f"{TASK}{run.task}\n\n{each.shown(name)}\n\n{SCORE}",
                Rating,
                f"score of {each.number}",
            )
            for each in thoughts
            for _ in range(times)
        ]
        steps = await run.ask_all(asks, reason="scores a thought")
        found = [None if each.result is None else each.output.score for each in steps]
        return [_mean(found[at : at + times]) for at in range(0, len(found), times)]

    return judge


def by_votes(evaluator: Member, times: int, count: int) -> Judge:
    """All thoughts are compared with each other; the best are named, in order.

    The first of a ballot gets 1, and each that follows it 1/`count` less; one that is not named
    gets 0. A thought without others needs no vote and gets 1.

    Args:
        evaluator: Who votes.
        times: How many ballots it casts; their mean counts.
        count: How many thoughts there may be on a ballot.
    """

    async def judge(run: WorkflowRun, thoughts: Sequence[Thought]) -> Sequence[float | None]:
        if len(thoughts) == 1:
            return [1.0]
        ways = [quoted(f"way {at}", each.text) for at, each in enumerate(thoughts, 1)]
        shown = "\n\n".join(ways)
        prompt = f"{TASK}{run.task}\n\n{shown}\n\n{VOTE.format(count=count)}"
        kind = _ballot(len(thoughts))
        asks = [Ask(run.seat(evaluator), prompt, kind, f"vote {run.rounds}") for _ in range(times)]
        steps = await run.ask_all(asks, reason="votes on thoughts")
        ballots = [_points(each.output.best, count) for each in steps if each.result is not None]
        return [
            _mean([ballot.get(at, 0.0) for ballot in ballots]) for at in range(1, len(thoughts) + 1)
        ]

    return judge


def _ballot(candidates: int) -> type[BaseModel]:
    """The type of a vote on so many thoughts."""
    number = Annotated[int, Field(ge=1, le=candidates)]
    fields: dict[str, Any] = {
        "reason": (str, Field(description="Why these, in a sentence or two.")),
        "best": (
            list[number],
            Field(min_length=1, description="The numbers of the best ways, the best first."),
        ),
    }
    return create_model("Ballot", **fields)


def _points(best: Sequence[int], count: int) -> dict[int, float]:
    """What each of those that are named gets; who is named twice counts once."""
    named = [*dict.fromkeys(best)][:count]
    return {each: (count - at) / count for at, each in enumerate(named)}


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [each for each in scores if each is not None]
    return sum(known) / len(known) if known else None
