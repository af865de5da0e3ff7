"""Several at once: some of the members, each with all of the task or with a piece of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from toolyard.orchestration.member import Member
from toolyard.orchestration.refusals import refuse_less
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import Ask, WorkflowRun


class Chosen(NamedTuple):
    """One who is asked."""

    member: Member
    reason: str
    """Why, for those who watch."""


Choose = Callable[[WorkflowRun, Sequence[Member]], Awaitable[Sequence[Chosen]]]
"""Which of the members are asked."""

Split = Callable[[str], Sequence[str]]
"""The task in pieces; each of them is for every member that is asked."""

Combine = Callable[[WorkflowRun, Sequence[Step]], Awaitable[WorkflowResult[Any]]]
"""What comes of all answers; they are in the order of the pieces, then of the members."""


def everyone(reason: str) -> Choose:
    """All members are asked, for that reason."""

    async def choose(run: WorkflowRun, members: Sequence[Member]) -> Sequence[Chosen]:
        del run
        return [Chosen(each, reason) for each in members]

    return choose


def whole(task: str) -> Sequence[str]:
    """The task in one piece."""
    return [task]


async def one_or_all(run: WorkflowRun, steps: Sequence[Step]) -> WorkflowResult[Any]:
    """The only answer as it is, or all, `collected`."""
    if len(steps) > 1:
        return await collected(run, steps)
    return run.result(steps[0].text, output=steps[0].output)


async def collected(run: WorkflowRun, steps: Sequence[Step]) -> WorkflowResult[Any]:
    """All answers, each under the name of who gave it; as a value, those of each by its id."""
    output = dict[str, list[Any]]()
    for each in steps:
        output.setdefault(each.member_id, []).append(each.output)
    text = "\n\n".join(f"{each.member_name}:\n{each.text}" for each in steps)
    return run.result(text, output=output)


_ALL = everyone("asked in parallel")


class FanOut:
    """Asks the chosen members at once, each with every piece, and combines what they answer.

    Nobody hears of anybody else; with several rounds, nobody hears of the round before either.
    """

    def __init__(
        self,
        members: Sequence[Member],
        *,
        rounds: int = 1,
        at_once: int | None = None,
        choose: Choose = _ALL,
        split: Split = whole,
        combine: Combine = collected,
        others: Sequence[Member] = (),
    ) -> None:
        """As described.

        Args:
            members: Who may be chosen.
            rounds: How often they are asked, 1 or more.
            at_once: So many may be at work at the same time, 1 or more; as the run has it if not
                given.
            choose: Who is asked.
            split: The task in pieces.
            combine: What comes of the answers.
            others: Who is asked by `choose` or by `combine`.

        Raises:
            ConfigError: A number is out of its range.
        """
        refuse_less(1, rounds=rounds, at_once=at_once)
        self.members = (*members, *others)
        self._members = members
        self._rounds = rounds
        self._at_once = at_once
        self._choose = choose
        self._split = split
        self._combine = combine

    async def work(self, run: WorkflowRun) -> WorkflowResult[Any]:
        """As `Engine.work`."""
        return await self._combine(run, run.require(await self.answers(run, run.task)))

    async def answers(self, run: WorkflowRun, task: str, output: Any = None) -> Sequence[Step]:
        """What came of asking each of the chosen members, also of those that failed.

        Args:
            run: In which they are asked.
            task: What they are asked.
            output: Of which type their answers must be; any text if not given.
        """
        chosen = await self._choose(run, self._members)
        pieces = self._split(task)
        steps = list[Step]()
        for _ in range(self._rounds):
            with run.round():
                asks = [
                    Ask(
                        run.seat(member),
                        piece,
                        output,
                        task_id=f"piece {at}" if len(pieces) > 1 else "",
                        reason=reason,
                    )
                    for at, piece in enumerate(pieces, 1)
                    for member, reason in chosen
                ]
                steps += await run.ask_all(asks, at_once=self._at_once)
        return steps
