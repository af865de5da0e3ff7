"""Thoughts that lead on from each other: the promising ones are followed, the others dropped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, Field

from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import Scored
from toolyard.orchestration.hub import TASK
from toolyard.orchestration.member import Member
from toolyard.orchestration.refusals import refuse_less, refuse_no_share
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.orchestration.workflow_run import Ask, WorkflowRun

THINK = (
    "Think of {count} next steps towards the answer that differ from each other. Each must be one "
    "thought that others can judge by itself, in a few sentences. Do not answer the task yet."
)
THINK_ON = "These thoughts lead up to here. Go on from the last of them."
ANSWER = "Follow these thoughts to the end and write the answer to the task. Give the answer alone."


class Thoughts(BaseModel):
    """What the thinker thinks of."""

    thoughts: list[str] = Field(min_length=1, description="The thoughts, one in each text.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """A thought, with those that led to it."""

    number: str
    """Such as `2.1`, the first that was had after the second; empty for the task itself."""
    path: Sequence[str] = ()
    """All of them, itself as the last."""
    score: float | None = None
    """From 0 to 1; `None` if nobody gave one."""

    def shown(self, name: str) -> str:
        """It for others, as thought by `name`."""
        return quoted(name, self.text)

    @property
    def text(self) -> str:
        """All of them, a paragraph each, in their order."""
        return "\n\n".join(f"{at}. {each}" for at, each in enumerate(self.path, 1))


Judge = Callable[[WorkflowRun, Sequence[Thought]], Awaitable[Sequence[float | None]]]
"""How good each of some thoughts is, from 0 to 1; `None` for one of which that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far the search goes.

    Raises:
        ConfigError: A number is out of its range.
    """

    branching_factor: int = 3
    """So many thoughts may follow on each, 1 or more."""
    beam_width: int = 3
    """So many thoughts are followed in a round, 1 or more; in a search for the best first, so
    many for each level, wherever they are."""
    max_depth: int = 3
    """So many thoughts lead to an answer, 1 or more."""
    prune_threshold: float = 0.3
    """A thought with a lower score is dropped, from 0 to 1."""

    def __post_init__(self) -> None:
        refuse_less(
            1,
            branching_factor=self.branching_factor,
            beam_width=self.beam_width,
            max_depth=self.max_depth,
        )
        refuse_no_share(prune_threshold=self.prune_threshold)


class TreeSearch:
    """The thinker has thoughts that go on from others, a judge scores them, the best go on.

    In a round either the best thoughts of the last one are followed, at once; or the best of all
    that have not been followed yet is. Nobody hears of other branches than the one at hand. A
    thought of which it is not known how good it is counts as if it had just not been dropped.

    It ended by `max_depth`; or, partial, by `all_pruned` if all thoughts were dropped, by
    `no_thoughts` if the thinker had none, by `max_rounds` if the best came first for too long.
    The result is what the thinker answers by the best thought that is deep enough, or else by the
    deepest that was not dropped; or else the thoughts themselves, which is partial if the
    thinker failed.
    """

    def __init__(
        self,
        thinker: Member,
        *,
        judge: Judge,
        judges: Sequence[Member],
        reach: Reach,
        is_best_first: bool = False,
        writes_answer: bool = True,
    ) -> None:
        """As described.

        Args:
            thinker: Who has thoughts.
            judge: How good they are.
            judges: Who is asked by it.
            reach: How far it goes.
            is_best_first: Whether the best thought of all is followed next.
            writes_answer: Whether the thinker is asked for an answer at the end.
        """
        self.members = (thinker, *judges)
        self._thinker = thinker
        self._judge = judge
        self._reach = reach
        self._is_best_first = is_best_first
        self._writes_answer = writes_answer

    async def work(self, run: WorkflowRun) -> WorkflowResult[Any]:
        """As `Engine.work`."""
        front: Sequence[Thought] = [Thought(number="")]
        best, ended, failure = front[0], "", ""
        while not ended:
            with run.round() as number:
                now, later = (front[:1], front[1:]) if self._is_best_first else (front, ())
                thoughts, failure = await self._think(run, now)
                thoughts = await self._scored(run, thoughts)
                best = max([best, *thoughts], key=self._goodness)
                run.so_far = best.text
                front = self._front([*later, *thoughts])
            ended = self._end(front, number, has_thoughts=bool(thoughts))
        if not best.path:
            raise WorkflowError(f"{self._thinker.name} had no thoughts: {failure}")
        answer = await self._answer(run, best) if self._writes_answer else best.text
        return run.result(
            answer or best.text,
            is_complete=ended == "max_depth" and bool(answer),
            ended=ended,
            score=best.score,
            path=tuple(best.path),
        )

    def _end(self, front: Sequence[Thought], round_number: int, *, has_thoughts: bool) -> str:
        """Why it is over now; empty if it is not."""
        reach = self._reach
        if not front:
            return "all_pruned" if has_thoughts else "no_thoughts"
        if len(front[0].path) == reach.max_depth:
            return "max_depth"
        return "max_rounds" if round_number == reach.max_depth * reach.beam_width else ""

    def _front(self, thoughts: Sequence[Thought]) -> Sequence[Thought]:
        """Those that may be followed, the best first, of equals the deeper or the earlier one."""
        left = [each for each in thoughts if self._rank(each) >= self._reach.prune_threshold]
        left.sort(key=lambda each: (-self._rank(each), -len(each.path)))
        return left if self._is_best_first else left[: self._reach.beam_width]

    def _rank(self, thought: Thought) -> float:
        return self._reach.prune_threshold if thought.score is None else thought.score

    def _goodness(self, thought: Thought) -> tuple[int, float]:
        """By what the best so far is chosen: those that were dropped come last."""
        rank = self._rank(thought)
        depth = len(thought.path)
        if depth and rank < self._reach.prune_threshold:
            return 0, rank
        return (depth, rank) if depth else (-1, 0)

    async def _think(
        self, run: WorkflowRun, thoughts: Sequence[Thought]
    ) -> tuple[Sequence[Thought], str]:
        """What follows on each of `thoughts`, in their order; why there is nothing, if so."""
        asks = [
            Ask(
                run.seat(self._thinker),
                self._question(run.task, each),
                Thoughts,
                f"after {each.number}" if each.number else "first thoughts",
            )
            for each in thoughts
        ]
        steps = await run.ask_all(asks, reason="thinks on")
        found = list[Thought]()
        for before, step in zip(thoughts, steps, strict=True):
            if step.result is not None:
                found += self._following(before, step.output)
        return found, next((each.error for each in steps if each.error), "It says nothing.")

    def _question(self, task: str, thought: Thought) -> str:
        question = THINK.format(count=self._reach.branching_factor)
        if not thought.path:
            return f"{TASK}{task}\n\n{question}"
        shown = thought.shown(self._thinker.name)
        return f"{TASK}{task}\n\n{shown}\n\n{THINK_ON} {question}"

    def _following(self, before: Thought, answer: Thoughts) -> Sequence[Thought]:
        texts = dict.fromkeys(each.strip() for each in answer.thoughts if each.strip())
        return [
            Thought(
                number=f"{before.number}.{at}" if before.number else f"{at}",
                path=(*before.path, text),
            )
            for at, text in enumerate([*texts][: self._reach.branching_factor], 1)
        ]

    async def _scored(self, run: WorkflowRun, thoughts: Sequence[Thought]) -> Sequence[Thought]:
        if not thoughts:
            return thoughts
        scores = await self._judge(run, thoughts)
        for thought, score in zip(thoughts, scores, strict=True):
            if score is not None:
                subject = f"thought {thought.number}"
                run.tell(Scored, subject=subject, score=score, round=run.rounds)
        return [replace(each, score=score) for each, score in zip(thoughts, scores, strict=True)]

    async def _answer(self, run: WorkflowRun, thought: Thought) -> str:
        """The answer by that thought; nothing if the thinker fails."""
        prompt = f"{TASK}{run.task}\n\n{thought.shown(self._thinker.name)}\n\n{ANSWER}"
        seat = run.seat(self._thinker)
        step = await run.ask(seat, prompt, reason="writes the answer", step_id="answer")
        return "" if step.result is None else step.text
