"""How the work on an item ends, in an order in which anybody can go on."""

from __future__ import annotations

from typing import Literal

from toolyard.core.errors import ClaimLost
from toolyard.orchestration.work.claim import WorkClaim
from toolyard.orchestration.work.records import Outcome, PoolKeys, now
from toolyard.orchestration.work.status import outcome_of
from toolyard.orchestration.work.steady import Steady

_PAGE = 1_000


class Endings:
    """Ends claims; the order and its reasons stand in `pool.py`."""

    def __init__(self, store: Steady, keys: PoolKeys) -> None:
        self._store = store
        self._keys = keys

    async def complete(self, claim: WorkClaim, result: str) -> None:
        """The item is done; `ClaimLost` if others may have claimed it."""
        await self._end(claim, "completed", result, claim.reasons)

    async def fail(self, claim: WorkClaim, reasons: tuple[str, ...]) -> None:
        """Nobody shall try it again; `ClaimLost` if others may have claimed it."""
        await self._end(claim, "failed", "", reasons)

    async def give_up(self, claim: WorkClaim) -> None:
        """Others may claim it at once."""
        await self._store.delete(self._keys.claimed + claim.item.id, version=claim.version)

    async def file_left(self) -> bool:
        """File what others have decided and not filed; whether there was any."""
        prefix, is_any = self._keys.claimed, False
        page = await self._store.list_keys(prefix, limit=_PAGE)
        for each in page.keys:
            if each.expires_in_s is None:
                is_any |= await self._file_at(each.key.removeprefix(prefix))
        return is_any

    async def _end(
        self,
        claim: WorkClaim,
        status: Literal["completed", "failed"],
        result: str,
        reasons: tuple[str, ...],
    ) -> None:
        item = claim.item
        outcome = Outcome(
            item.id,
            item.title,
            status,
            claim.worker,
            result,
            now(),
            claim.attempt,
            reasons,
            claim.opened.claim,
        )
        key = self._keys.claimed + item.id
        version = await self._store.set(key, outcome.text, version=claim.version)
        if version is not None:
            await self._file(outcome, version)
            return
        filed = await outcome_of(self._store, self._keys, item.id)
        if filed is None or filed.claim != outcome.claim:
            raise ClaimLost(item.id)

    async def _file_at(self, item_id: str) -> bool:
        found = await self._store.get(self._keys.claimed + item_id)
        outcome = None if found is None else Outcome.unfiled(item_id, found.value)
        if found is None or outcome is None:
            return False
        await self._file(outcome, found.version)
        return True

    async def _file(self, outcome: Outcome, version: int) -> None:
        filed = {"completed": self._keys.completed, "failed": self._keys.failed}[outcome.status]
        await self._store.set(filed + outcome.id, outcome.text, version=0)
        await self._store.delete(self._keys.unclaimed + outcome.id)
        await self._store.delete(self._keys.claimed + outcome.id, version=version)
