"""Finding an item that can be worked on, and taking it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from secrets import token_hex

import anyio

from toolyard.core.errors import ToolyardError
from toolyard.core.one_at_a_time import OneAtATime
from toolyard.core.workflow_errors import ClaimLost
from toolyard.orchestration.work.candidates import Candidates
from toolyard.orchestration.work.claim import GRACE_S, WorkClaim
from toolyard.orchestration.work.endings import Endings
from toolyard.orchestration.work.item import Check, WorkItem
from toolyard.orchestration.work.records import Holder, OpenItem, PoolKeys, now
from toolyard.orchestration.work.status import outcome_of
from toolyard.orchestration.work.steady import Steady

_GRACE_S = 5.0
"""To give an item back when its worker is told to stop."""


class Claims:
    """Claims items; the order and its reasons stand in `pool.py`."""

    def __init__(
        self,
        store: Steady,
        keys: PoolKeys,
        endings: Endings,
        *,
        lease_s: float,
        max_attempts: int,
        checks_all: bool,
    ) -> None:
        self.checks: dict[str, Check] = {}
        """Those that are known here, by the ids of their items."""
        self._store = store
        self._keys = keys
        self._endings = endings
        self._lease_s = lease_s
        self._max_attempts = max_attempts
        self._checks_all = checks_all
        self._candidates = Candidates(store, keys)
        self._turn = OneAtATime()
        self._done: set[str] = set()
        """Items that others depend on, and that are known to be completed."""
        self._failed: set[str] = set()
        """The same of those that have failed."""
        self._has_ended_some = False
        """Whether, in this look at all, an item was found that nobody shall try again."""
        self._blocked: dict[str, tuple[str, ...]] = {}
        """For which items an item had to wait."""

    async def first(self, worker: str) -> WorkClaim | None:
        """The first that can be claimed, after a look at all there are; one asks at a time."""
        async with self._turn:
            return await self._first(worker)

    async def _first(self, worker: str) -> WorkClaim | None:
        undone: set[str] = set()  # each is looked at once
        self._has_ended_some = False
        ends_to_come = 1 if self._candidates.is_at_start else 2
        while True:
            while (item_id := self._candidates.next()) is not None:
                claim = await self._tried(item_id, worker, undone)
                if claim is not None:
                    return claim
            if not ends_to_come:
                if not (await self._endings.file_left() or self._has_ended_some):
                    return None
                self._has_ended_some = False
                undone.clear()  # others may have waited for what has ended
                ends_to_come = 1
            ends_to_come -= await self._candidates.look()

    async def _tried(self, item_id: str, worker: str, undone: set[str]) -> WorkClaim | None:
        """A claim of one item, if it can be had and there is something to be done."""
        if not undone.isdisjoint(self._blocked.get(item_id, ())):
            return None
        found = await self._store.get(self._keys.unclaimed + item_id)
        if found is None:
            return None
        opened = OpenItem.of(item_id, found.value)
        if self._is_for_others(opened) or await self._waits(opened.item, undone):
            return None
        claim = await self._taken(item_id, found.value, found.version, worker)
        if claim is None:
            return None
        failed = [each for each in claim.item.depends_on if each in self._failed]
        if failed:
            await self._give_no_more(claim, f"It depends on {failed[0]!r}, which has failed.")
            return None
        if claim.attempt > self._max_attempts:
            await self._give_no_more(claim, "Whoever worked on it last did not come back.")
            return None
        return claim

    def _is_for_others(self, opened: OpenItem) -> bool:
        """Whether it must pass a check that is not known here."""
        is_known = self._checks_all or opened.item.id in self.checks
        return opened.is_checked and not is_known

    async def _waits(self, item: WorkItem, undone: set[str]) -> bool:
        """Whether something it depends on has not ended."""
        for each in item.depends_on:
            if each in self._done or each in self._failed:
                continue
            outcome = await outcome_of(self._store, self._keys, each)
            if outcome is None:
                undone.add(each)
                self._blocked[item.id] = item.depends_on
                return True
            (self._done if outcome.status == "completed" else self._failed).add(each)
        self._blocked.pop(item.id, None)
        return False

    async def _taken(self, item_id: str, text: str, version: int, worker: str) -> WorkClaim | None:
        """The claim, with the attempt counted; `None` if another was faster."""
        key, holder = self._keys.claimed + item_id, Holder(worker, now(), token_hex(8))
        try:
            return await self._begun(item_id, text, version, holder)
        except BaseException:  # a cancellation, above all: others need not wait for the lease
            with anyio.move_on_after(GRACE_S, shield=True), suppress(ToolyardError):
                found = await self._store.get(key)
                if found is not None and found.value == holder.text:
                    await self._store.delete(key, version=found.version)
            raise

    async def _begun(
        self, item_id: str, text: str, version: int, holder: Holder
    ) -> WorkClaim | None:
        key, began = self._keys.claimed + item_id, anyio.current_time()
        fence = await self._store.set(key, holder.text, version=0, ttl_s=self._lease_s)
        if fence is None:
            return None
        opened = OpenItem.of(item_id, text)
        opened = replace(
            opened,
            item=replace(opened.item, check=self.checks.get(item_id)),
            attempts=opened.attempts + 1,
            claim=holder.claim,
        )
        claim = WorkClaim(
            self._store,
            key,
            opened,
            holder.worker,
            version=fence,
            opened_version=0,
            lease_s=self._lease_s,
            ends=began + self._lease_s,
        )
        try:
            claim.opened_version = await self._counted(opened, version)
        except anyio.get_cancelled_exc_class():  # nobody will work on it
            with anyio.move_on_after(_GRACE_S, shield=True), suppress(ToolyardError):
                await self._endings.give_up(claim)
            raise
        if not claim.opened_version:  # another has ended it, or given it back, since we looked
            await self._endings.give_up(claim)
            return None
        return claim

    async def _counted(self, opened: OpenItem, version: int) -> int:
        """The version of the item with the attempt counted; 0 if it is not as it was any more."""
        item_id = opened.item.id
        unclaimed = self._keys.unclaimed + item_id
        if await outcome_of(self._store, self._keys, item_id) is None:
            return await self._store.set(unclaimed, opened.text, version=version) or 0
        await self._store.delete(unclaimed)  # it was added again at the very moment it ended
        return 0

    async def _give_no_more(self, claim: WorkClaim, reason: str) -> None:
        with suppress(ClaimLost):  # then whoever has it now sees the same
            await self._endings.fail(claim, (*claim.reasons, reason))
        self._has_ended_some = True
