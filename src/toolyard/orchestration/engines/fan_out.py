"""Several at once: some of the members, each with all of the task or with a piece of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from toolyard.core.errors import ConfigError
from toolyard.orchestration.member import Member
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import Ask, WorkflowRun

Choose = Callable[[WorkflowRun, Sequence[Member]], Awaitable[Sequence[Member]]]
"""Which of the members are asked."""

Split = Callable[[str], Sequence[str]]
"""The task in pieces; each of them is for every member that is asked."""

Combine = Callable[[WorkflowRun, Sequence[Step]], Awaitable[WorkflowResult[Any]]]
"""What comes of all answers; they are in the order of the pieces, then of the members."""


async def everyone(run: WorkflowRun, members: Sequence[Member]) -> Sequence[Member]:
    """All members are asked."""
    del run
    return members


def whole(task: str) -> Sequence[str]:
    """The task in one piece."""
    return [task]


async def collected(run: WorkflowRun, steps: Sequence[Step]) -> WorkflowResult[Any]:
    """All answers, each under the name of who gave it; as a value, those of each by its id."""
    output = dict[str, list[Any]]()
    for each in steps:
        output.setdefault(each.member_id, []).append(each.output)
    text = "\n\n".join(f"{each.member_name}:\n{each.text}" for each in steps)
    return run.result(text, output=output)


class FanOut:
    """Asks the chosen members at once, each with every piece, and combines what they answer.

    Nobody hears of anybody else; with several rounds, nobody hears of the round before either.
    """

    def __init__(
        self,
        members: Sequence[Member],
        *,
        rounds: int = 1,
        choose: Choose = everyone,
        split: Split = whole,
        combine: Combine = collected,
        others: Sequence[Member] = (),
    ) -> None:
        """As described.

        Args:
            members: Who may be chosen.
            rounds: How often they are asked, 1 or more.
            choose: Who is.
            split: The task in pieces.
            combine: What comes of the answers.
            others: Who is asked by `choose` or by `combine`.

        Raises:
            ConfigError: There is to be no round.
        """
        if rounds < 1:
            raise ConfigError(f"rounds must be 1 or more, not {rounds}.")
        self.members = (*members, *others)
        self._members = members
        self._rounds = rounds
        self._choose = choose
        self._split = split
        self._combine = combine

    async def work(self, run: WorkflowRun) -> WorkflowResult[Any]:
        """As `Engine.work`."""
        chosen = await self._choose(run, self._members)
        pieces = self._split(run.task)
        steps = list[Step]()
        for _ in range(self._rounds):
            with run.round():
                asks = [
                    Ask(run.seat(member), piece, task_id=f"piece {at}" if len(pieces) > 1 else "")
                    for at, piece in enumerate(pieces, 1)
                    for member in chosen
                ]
                steps += await run.ask_all(asks, reason="asked in parallel")
        return await self._combine(run, run.require(steps))
