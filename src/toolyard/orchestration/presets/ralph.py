"""Members go on with a checklist in turn until all of it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from toolyard.orchestration.engines.task_board import TaskBoard
from toolyard.orchestration.member import Joining, Member, Members, members_of
from toolyard.orchestration.work.acceptance import Acceptance
from toolyard.orchestration.work.check import TIMEOUT_S
from toolyard.orchestration.work.item import Check, WorkItem
from toolyard.orchestration.workflow import Workflow, WorkflowOptions


class Ralph(Workflow):
    """All members are asked in turn to go on with a list of items, until all are done.

    Whoever has done an item says `[TASK_COMPLETE:id]`. That counts once, outside of code and of
    quotations, if what the item depends on is done and it passes its check; whoever marks
    something that does not count is told why at its next turn. The result's text is the answers
    by which items were completed, its output those answers by the ids of the items, its score the
    part that is done; `metadata["open"]` are the ids of what is not. It ended as `all_done`,
    complete, or as `max_iterations`, partial.

    Args:
        items: What is to be done, as listed; none at all is a run without a round.
        members: Who does it, in this order.
        max_iterations: How often each is asked at most, 1 or more.
        check: What items must pass that have no check of their own; nothing if not given.
        reviewer: Who looks at each item that is marked and has passed its check; nobody if not
            given. It does not count if it cannot be reviewed.
        check_timeout_s: How long a check may take before it does not pass, over 0.
        options: As of every workflow.
    """

    def __init__(
        self,
        items: Sequence[WorkItem],
        members: Members,
        *,
        max_iterations: int = 10,
        check: Check | None = None,
        reviewer: Joining | Member | None = None,
        check_timeout_s: float = TIMEOUT_S,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        acceptance = Acceptance(check=check, reviewer=reviewer, timeout_s=check_timeout_s)
        engine = TaskBoard(
            items, members_of(members), max_iterations=max_iterations, acceptance=acceptance
        )
        super().__init__(engine, options)
