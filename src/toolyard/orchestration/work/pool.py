"""Work items in a store, shared by any number of workers in any number of processes.

An item is one key, `unclaimed`, until its outcome is filed. Everything is done in an order that
lets whoever comes next go on from wherever a worker was stopped:

* **Adding**: items after those they depend on, then `metadata`. Until that is there, nobody takes
  an empty list for the end of the work. Whoever adds the same again completes what was begun.
* **Claiming**: `claimed` is written if nothing is there, with a lease; then it is looked whether
  the item had just been ended by another; then the attempt is counted in `unclaimed`. Who stops
  here is a dead worker: the lease ends, and others claim the item. Who is told to stop gives the
  claim up.
* **Ending**: the claim is replaced by the outcome, without a lease, if it is still at its version.
  This one step decides: who has lost its claim is refused, and what was decided no crash takes
  back. Then the outcome is filed as `completed` or `failed`, then `unclaimed` goes, then
  `claimed`; all of that may be done twice, and anybody who finds an outcome there does it.
* **Releasing**: the reason is written to `unclaimed`, if that is as the claim left it, then
  `claimed` goes. Who stops in between is a dead worker again.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Iterable
from dataclasses import replace

import anyio

from toolyard.core.workflow_errors import ClaimLost
from toolyard.orchestration.refusals import refuse_less
from toolyard.orchestration.work.claim import WorkClaim
from toolyard.orchestration.work.claims import Claims
from toolyard.orchestration.work.endings import Endings
from toolyard.orchestration.work.item import WorkItem, check_name, in_order
from toolyard.orchestration.work.records import OpenItem, Outcome, PoolKeys, now, text_of
from toolyard.orchestration.work.statistics import Statistics
from toolyard.orchestration.work.status import PoolStatus, ids_at, outcome_of, status_of
from toolyard.orchestration.work.steady import Steady
from toolyard.storage.store import Store

_MOST_LETTERS = 4_000
"""Of a reason that is kept."""
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0


class WorkPool:
    """The items of one team.

    All that stands in the store can be read with the memory tool, under `teams:POOL:`. Short
    failures of the store are waited out for as long as a lease lasts, and a change of which it is
    not known whether it was made is looked up; then the methods raise what the store raises.
    """

    def __init__(
        self,
        store: Store,
        pool: str,
        *,
        lease_s: float = 60.0,
        max_attempts: int = 3,
        checks_all: bool = False,
        namespace: str = "default",
    ) -> None:
        """As described.

        Args:
            store: Entered by whoever made it. Of Redis, only `appendfsync always` keeps claims
                over a crash of the server.
            pool: 1 to 128 letters, digits, `.`, `_` and `-`.
            lease_s: How long after its last renewal an item of a dead worker can be claimed.
            max_attempts: How often an item may be begun, 1 or more, before it has failed.
            checks_all: Whether who claims here checks each item, also if its own check is not
                known here; else those with a check are left to others who know it.
            namespace: Of the memory that can read it.

        Raises:
            ConfigError: A name is malformed, or `max_attempts` is less than 1.
        """
        refuse_less(1, max_attempts=max_attempts)
        check_name(pool, "The name of a pool")
        check_name(namespace, "A namespace")
        self._store = Steady(store, patience_s=lease_s)
        self._watched = store
        self._keys = PoolKeys(namespace, pool)
        self._lease_s = lease_s
        self._max_attempts = max_attempts
        self._endings = Endings(self._store, self._keys)
        self._claims = Claims(
            self._store,
            self._keys,
            self._endings,
            lease_s=lease_s,
            max_attempts=max_attempts,
            checks_all=checks_all,
        )
        self._statistics = Statistics(self._store, self._keys)

    async def add(self, items: Iterable[WorkItem], *, task: str = "") -> None:
        """Add those that are not there yet, and remember the checks of all.

        Any process may add the same items, so each knows their checks. What is there, or was
        done, stays as it is.

        Args:
            items: What is to be done.
            task: What that is as a whole, for those who join; the first one stays.

        Raises:
            ConfigError: An id comes twice, a dependency is not there, or some wait for each other.
        """
        given = list(items)
        own = {each.id for each in given}
        others = {each for item in given for each in item.depends_on} - own
        there = [each for each in others if await self._is_there(each)]
        for item in in_order(given, there):
            if item.check is not None:
                self._claims.checks[item.id] = item.check
            if await outcome_of(self._store, self._keys, item.id) is None:
                key = self._keys.unclaimed + item.id
                await self._store.set(
                    key, OpenItem(item, is_checked=item.check is not None).text, version=0
                )
        about = {
            "task": task,
            "filled_at": now(),
            "lease_s": self._lease_s,
            "max_attempts": self._max_attempts,
        }
        await self._store.set(self._keys.metadata, text_of(about), version=0)

    async def claim(self, worker: str, *, wait_s: float = 0.0) -> WorkClaim | None:
        """An item to work on; `None` if there is none now, or everything is done.

        Args:
            worker: Who claims, as others see it.
            wait_s: How long to wait for one while others still work.
        """
        ends, pause_s = anyio.current_time() + wait_s, _FIRST_PAUSE_S
        while True:
            await self._statistics.tell(is_done=False)  # before there is a claim to be lost
            claim = await self._claims.first(worker)
            if claim is not None:
                return claim
            left_s = ends - anyio.current_time()
            if await self.is_done():
                await self._statistics.tell(is_done=True)
                return None
            if left_s <= 0:
                return None
            await anyio.sleep(min(left_s, pause_s * random.uniform(0.5, 1)))  # noqa: S311
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def complete(self, claim: WorkClaim, result: str) -> None:
        """Record the result, once; again after it was recorded changes nothing.

        Raises:
            ClaimLost: The claim has ended: others may work on the item.
            StoreError: The result is too large; release the claim, or shorten it.
        """
        await self._endings.complete(claim, result)

    async def release(self, claim: WorkClaim, reason: str, *, counts: bool = True) -> None:
        """Give an item back that could not be done; it has failed if that was the last attempt.

        Args:
            claim: Of the item.
            reason: Why, for whoever claims it next.
            counts: Whether the item was tried; not if whoever claimed it was stopped, or could
                have done nothing else either.

        Raises:
            ClaimLost: The claim has ended: others may work on the item.
        """
        told = reason[:_MOST_LETTERS]
        is_new = counts or told not in claim.reasons[-1:]
        reasons = (*claim.reasons, told) if is_new else claim.reasons
        if counts and claim.attempt >= self._max_attempts:
            await self._endings.fail(claim, reasons)
            return
        attempts = claim.opened.attempts - (0 if counts else 1)
        opened = replace(claim.opened, attempts=attempts, reasons=reasons)
        key = self._keys.unclaimed + claim.item.id
        if await self._store.set(key, opened.text, version=claim.opened_version) is None:
            raise ClaimLost(claim.item.id)
        await self._endings.give_up(claim)

    async def status(self) -> PoolStatus:
        """How far it is; who works on what."""
        return await status_of(self._store, self._keys)

    async def watch(self, *, pause_s: float = 0.5) -> AsyncGenerator[PoolStatus, None]:
        """The status now, and after changes, until everything is done.

        Args:
            pause_s: How long at least between two.
        """
        while True:
            async with self._watched.watch(self._keys.all) as changes:
                status = await self.status()
                yield status
                if status.is_done:
                    return
                await anext(changes)
            await anyio.sleep(pause_s)

    async def results(self) -> dict[str, Outcome]:
        """How items ended, those that have: by their ids, the completed ones first."""
        keys = self._keys
        ended = [
            *await ids_at(self._store, keys.completed),
            *await ids_at(self._store, keys.failed),
        ]
        outcomes = [await outcome_of(self._store, keys, each) for each in ended]
        return {each.id: each for each in outcomes if each is not None}

    async def result(self, item_id: str) -> Outcome | None:
        """How one item ended; `None` if it did not."""
        return await outcome_of(self._store, self._keys, item_id)

    async def is_done(self) -> bool:
        """Whether the pool was filled and nothing is left to be done."""
        page = await self._store.list_keys(self._keys.unclaimed, limit=1)
        return not page.keys and await self._store.get(self._keys.metadata) is not None

    async def _is_there(self, item_id: str) -> bool:
        if await self._store.get(self._keys.unclaimed + item_id) is not None:
            return True
        return await outcome_of(self._store, self._keys, item_id) is not None
