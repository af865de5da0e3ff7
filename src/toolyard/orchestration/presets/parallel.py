"""Everybody does the task at once."""

from __future__ import annotations

from typing import Unpack

from toolyard.orchestration.engines.fan_out import FanOut
from toolyard.orchestration.member import Members, members_of
from toolyard.orchestration.workflow import Workflow, WorkflowOptions


class Parallel(Workflow):
    """All members do the task at once, knowing nothing of each other.

    The result's text is all answers under the names of the members; its output a list of answers
    for each of them, by id, one for each round.

    Args:
        members: Who does it. One may be among them several times, and begins anew each time.
        rounds: How often each does it, from the start, 1 or more.
        options: As of every workflow.
    """

    def __init__(
        self, members: Members, *, rounds: int = 1, **options: Unpack[WorkflowOptions]
    ) -> None:
        super().__init__(FanOut(members_of(members, may_repeat=True), rounds=rounds), options)
