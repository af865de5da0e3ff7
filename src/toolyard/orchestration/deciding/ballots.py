"""Of several answers, the one that most are for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field, create_model

from toolyard.events.orchestration_events import Scored
from toolyard.orchestration.engines.fan_out import collected
from toolyard.orchestration.hub import TASK
from toolyard.orchestration.member import Member
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import Ask, WorkflowRun

VOTE = "Which of these answers does the task best? Vote for it by its number."
NUMBER = "The number of the answer."


class Ballot(BaseModel):
    """What a member votes for."""

    answer: int = Field(description=NUMBER)


class ByVote:
    """The answer that most gave; if several were given as often, that which most vote for.

    Answers are the same if their words are, whatever the case. Those who answered vote, on the
    answers given most often, not knowing whose they are. It ended by `majority`, or as `voted`;
    or `tied`, which leaves a partial result: the first of those with most votes.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        """As described; `members` are those who may have answered."""
        self._members = {each.id: each for each in members}

    async def __call__(self, run: WorkflowRun, steps: Sequence[Step]) -> WorkflowResult[Any]:
        """As `Combine`."""
        given = [each for each in steps if each.result is not None]
        if not given:
            return (await collected(run, steps)).partial("no_answer")
        first, answers = dict[str, Step](), dict[str, str]()
        for each in given:
            words = " ".join(each.text.casefold().split())
            answers[each.member_id] = first.setdefault(words, each).id
        leading, score = _leading(answers)
        ended = "majority"
        if len(leading) > 1:
            candidates = [each for each in first.values() if each.id in leading]
            answers = await self._votes(run, candidates, [each.member_id for each in given])
            leading, score = _leading(answers) if answers else (leading, 0.0)
            ended = "voted" if len(leading) == 1 else "tied"
        winner = next(each for each in first.values() if each.id in leading)
        run.tell(Scored, subject=f"the answer of {winner.member_name}", score=score)
        return run.result(
            winner.text,
            output=winner.output,
            is_complete=ended != "tied",
            ended=ended,
            score=score,
            winner=winner.id,
            votes=answers,
        )

    async def _votes(
        self, run: WorkflowRun, candidates: Sequence[Step], voters: Sequence[str]
    ) -> Mapping[str, str]:
        """The ids of the steps that were voted for, by the ids of those who did."""
        number = Field(ge=1, le=len(candidates), description=NUMBER)
        output = create_model("Ballot", __base__=Ballot, answer=(int, number))
        shown = (quoted(f"answer {at}", each.text) for at, each in enumerate(candidates, 1))
        prompt = "\n\n".join([TASK + run.task, *shown, VOTE])
        asks = [Ask(run.seat(self._members[each]), prompt, output) for each in voters]
        steps = await run.ask_all(asks, reason="votes")
        ids = {at: each.id for at, each in enumerate(candidates, 1)}
        return {
            each.member_id: ids[each.output.answer]
            for each in steps
            if isinstance(each.output, Ballot)
        }


def _leading(answers: Mapping[str, str]) -> tuple[set[str], float]:
    """What most are for, and which share of them."""
    counts = Counter(answers.values())
    most = max(counts.values())
    return {each for each, count in counts.items() if count == most}, most / counts.total()
