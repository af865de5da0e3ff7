"""A coordinator has others work: it decides who does what, once or again and again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from toolyard.orchestration.member import Member
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import Ask, WorkflowRun

Moves = AsyncGenerator[Sequence[Ask] | WorkflowResult[Any], Sequence[Step]]
"""What is to be done, by as many as are asked, at once; then, when it is known what came of it,
what is to be done next; at last the result."""

Strategy = Callable[[WorkflowRun], Moves]
"""How it is decided what is done in a run."""


class Delegate:
    """Has the work done that a strategy decides on, and tells it what came of it, to the end.

    Each time that work is given out is a round.
    """

    def __init__(self, members: Sequence[Member], strategy: Strategy) -> None:
        """As described.

        Args:
            members: Everybody whom the strategy may ask, itself or by giving work to them.
            strategy: What it decides by.
        """
        self.members = members
        self._strategy = strategy

    async def work(self, run: WorkflowRun) -> WorkflowResult[Any]:
        """As `Engine.work`."""
        async with aclosing(self._strategy(run)) as moves:
            move = await anext(moves)
            while not isinstance(move, WorkflowResult):
                with run.round():
                    steps = await run.ask_all(move)
                answers = [each.text for each in steps if each.result is not None]
                run.so_far = answers[-1] if answers else run.so_far
                move = await moves.asend(steps)
            return move
