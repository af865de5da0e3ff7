"""Members that join a team of another process."""

from __future__ import annotations

from typing import Any, Unpack

from toolyard.orchestration.engines.pool_work import PoolRules, PoolWork
from toolyard.orchestration.member import Joining, Member, Members
from toolyard.orchestration.work.acceptance import Acceptance
from toolyard.orchestration.work.check import TIMEOUT_S
from toolyard.orchestration.work.item import Check
from toolyard.orchestration.work.pool_source import JoinedPool
from toolyard.orchestration.workflow import Workflow, WorkflowOptions
from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.storage.store import Store

NO_TASK = "Do the items of your team."


class TeamWorker(Workflow):
    """Members that work on the items of an `AgentTeam` which was started elsewhere.

    They go about it as those of the team do. The items are in the store, and so are their lease
    and how often they may be begun. A check is not: an item that has one is left to those who know
    it, unless `check` is given here. The result is as of `AgentTeam`, of the whole pool.

    Args:
        pool_id: The team's.
        members: Who joins it.
        store: The one of the team, entered by whoever made it.
        max_iterations: So many items each member begins at most, 1 or more; any number if `None`.
        remember: Whether a member remembers the items that it did before in the run. Then a run
            that is kept in a journal can be gone on with only if each claims what it did before.
        check: What each answer must pass; nothing if not given. It gets the item, with its id.
        reviewer: Who looks at each answer that has passed its check; nobody if not given.
        check_timeout_s: How long a check may take before it does not pass, over 0.
        wait_s: How long to wait for the pool to be filled, and a member for items that others
            have, 0 or more.
        rest_s: How long a member rests after it failed, as of `AgentTeam`.
        namespace: The team's.
        options: As of every workflow.
    """

    def __init__(
        self,
        pool_id: str,
        members: Members,
        *,
        store: Store,
        max_iterations: int | None = None,
        remember: bool = False,
        check: Check | None = None,
        reviewer: Joining | Member | None = None,
        check_timeout_s: float = TIMEOUT_S,
        wait_s: float = 3_600.0,
        rest_s: float = 1.0,
        namespace: str = "default",
        **options: Unpack[WorkflowOptions],
    ) -> None:
        rules = PoolRules(
            remember=remember, max_iterations=max_iterations, wait_s=wait_s, rest_s=rest_s
        )
        acceptance = Acceptance(check=check, reviewer=reviewer, timeout_s=check_timeout_s)
        self._source = JoinedPool(
            pool_id,
            store,
            wait_s=wait_s,
            checks_all=check is not None,
            namespace=namespace,
        )
        engine = PoolWork(self._source, members, acceptance=acceptance, rules=rules)
        super().__init__(engine, options)

    async def join(self) -> WorkflowResult[Any]:
        """Work on the pool, for the task that its team was given, until nothing is left to do.

        Raises:
            WorkflowError: The pool was not filled in time, or nobody answered.
        """
        return await self.run(await self._source.task() or NO_TASK)
