"""Members claim items from a pool that any number of processes share, with no coordinator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from toolyard.orchestration.engines.pool_work import PoolRules, PoolWork
from toolyard.orchestration.member import Joining, Member, Members
from toolyard.orchestration.work.acceptance import Acceptance
from toolyard.orchestration.work.check import TIMEOUT_S
from toolyard.orchestration.work.item import Check, WorkItem
from toolyard.orchestration.work.pool_source import OwnPool
from toolyard.orchestration.workflow import Workflow, WorkflowOptions
from toolyard.storage.store import Store


class AgentTeam(Workflow):
    """Each member claims an item, does it, and claims the next, all at the same time.

    A member is told the task, its item, the results of the items that this one depends on, and
    why earlier attempts did not count. Its answer is the item's result, recorded once, if it
    passes the check. Whoever runs the same team with the same store works on the same items, and
    a `TeamWorker` joins them; what a dead one had is claimed again after its lease. A pool that is
    done stays so: a later run of the same team gives what is on record.

    The result's text is the results under the titles of the items, its output those by the ids of
    the items, its score the part that is completed; `metadata["failed"]` says why items have
    failed, `metadata["done_by"]` by whom each was completed. It ended as `all_done`, complete; or
    partial as `some_failed`, `max_iterations`, `waited`, or `unable`: those who were left could
    do nothing. Whoever's key is refused leaves at once, and after ten failures in a row; an item
    that was claimed by such a one, or whose worker was stopped, is as if it had not been begun.

    Args:
        pool_id: By which others find the items: 1 to 128 letters, digits, `.`, `_` and `-`.
        items: What is to be done. They may depend on some that are in the store already.
        members: Who does it.
        store: Where the items are, entered by whoever made it; in this process, anew in each run,
            if not given.
        lease_s: How long after it was heard of last an item of a dead worker can be claimed,
            0.1 or more.
        max_attempts: How often an item may be begun before it has failed, 1 or more.
        max_iterations: So many items each member begins at most, 1 or more; any number if `None`.
        remember: Whether a member remembers the items that it did before in the run. Then a run
            that is kept in a journal can be gone on with only if each claims what it did before.
        check: What items must pass that have no check of their own; nothing if not given.
        reviewer: Who looks at each answer that has passed its check; nobody if not given. One
            that cannot be reviewed does not count.
        check_timeout_s: How long a check may take before it does not pass, over 0.
        wait_s: How long a member waits for items that others have before it leaves, 0 or more.
        rest_s: How long a member rests after it failed, so that others take its item; twice as
            long each time that follows, up to a minute. 0 or more.
        namespace: Of the memory tool that can read the pool.
        options: As of every workflow.
    """

    def __init__(
        self,
        pool_id: str,
        items: Sequence[WorkItem],
        members: Members,
        *,
        store: Store | None = None,
        lease_s: float = 60.0,
        max_attempts: int = 3,
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
        source = OwnPool(
            pool_id,
            items,
            store,
            lease_s=lease_s,
            max_attempts=max_attempts,
            checks_all=check is not None,
            namespace=namespace,
        )
        engine = PoolWork(
            source,
            members,
            acceptance=Acceptance(check=check, reviewer=reviewer, timeout_s=check_timeout_s),
            rules=PoolRules(
                remember=remember, max_iterations=max_iterations, wait_s=wait_s, rest_s=rest_s
            ),
        )
        super().__init__(engine, options)
