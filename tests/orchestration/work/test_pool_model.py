"""A pool beside a simple model of it: workers that claim, finish, fail and die, in any order."""

from dataclasses import dataclass, field

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.orchestration.work.leases import end_leases

from toolyard.core.workflow_errors import ClaimLost
from toolyard.orchestration.work.claim import WorkClaim
from toolyard.orchestration.work.item import WorkItem
from toolyard.orchestration.work.pool import WorkPool
from toolyard.storage.memory_store import MemoryStore

ATTEMPTS = 3
NUMBERS = range(6)

steps = st.tuples(
    st.sampled_from(["claim", "claim", "claim", "complete", "complete", "release", "die"]),
    st.integers(0, 2),
    st.integers(0, 20),
)
needs = st.lists(st.sets(st.integers(0, 5), max_size=2), min_size=6, max_size=6)


@dataclass
class Modelled:
    """What the model knows of one item."""

    needs: list[str]
    attempts: int = 0
    holder: WorkClaim | None = None
    result: str | None = None
    has_failed: bool = False


@dataclass
class Play:
    """Three processes on one store, and what must be true of it."""

    store: MemoryStore
    pools: list[WorkPool]
    items: dict[str, Modelled]
    claims: list[tuple[WorkPool, WorkClaim]] = field(
        default_factory=list[tuple[WorkPool, WorkClaim]]
    )
    fences: set[int] = field(default_factory=set[int])

    async def claim(self, who: int, which: int) -> WorkClaim | None:
        claim = await self.pools[who].claim(f"w{who}")
        await self._look_at_failures()
        if claim is None:
            assert not [name for name in self.items if self._can_be_claimed(name)]
            return None
        item = self.items[claim.item.id]
        assert self._can_be_claimed(claim.item.id)
        assert claim.version > max(self.fences, default=0)
        item.attempts += 1
        assert claim.attempt == item.attempts
        item.holder = claim
        self.fences.add(claim.version)
        self.claims.append((self.pools[who], claim))
        return claim

    async def complete(self, who: int, which: int) -> None:
        if not self.claims:
            return
        pool, claim = self.claims[which % len(self.claims)]
        item, result = self.items[claim.item.id], f"fence {claim.version}"
        if item.holder is claim or item.result == result:
            await pool.complete(claim, result)
            item.holder, item.result = None, result
            return
        with pytest.raises(ClaimLost):
            await pool.complete(claim, result)

    async def release(self, who: int, which: int) -> None:
        if not self.claims:
            return
        pool, claim = self.claims[which % len(self.claims)]
        item = self.items[claim.item.id]
        if item.holder is claim:
            await pool.release(claim, "no")
            item.holder = None
            item.has_failed = item.attempts == ATTEMPTS
        elif item.holder is not None or item.result is not None:
            with pytest.raises(ClaimLost):
                await pool.release(claim, "too late")

    async def die(self, who: int, which: int) -> None:
        if self.claims:
            name = self.claims[which % len(self.claims)][1].item.id
            await end_leases(self.store, f"default/teams:team:claimed:{name}")
            self.items[name].holder = None

    async def finish(self) -> None:
        """What is left is done by the first, after all others died."""
        for name, item in self.items.items():
            await end_leases(self.store, f"default/teams:team:claimed:{name}")
            item.holder = None
        while not await self.pools[0].is_done():
            if await self.claim(0, 0) is not None:
                await self.complete(0, -1)
        results = await self.pools[1].results()
        assert set(results) == set(self.items)
        for name, item in self.items.items():
            assert (results[name].status == "completed") == (item.result is not None)
            assert results[name].result == (item.result or "")

    def _can_be_claimed(self, name: str) -> bool:
        item = self.items[name]
        is_over = item.result is not None or item.has_failed or item.attempts >= ATTEMPTS
        are_done = all(self.items[each].result is not None for each in item.needs)
        return not is_over and item.holder is None and are_done

    async def _look_at_failures(self) -> None:
        """Nothing fails but after its last attempt, or with what it needs."""
        for failed in (await self.pools[0].status()).failures:
            item = self.items[failed.id]
            assert item.holder is None
            assert item.result is None
            assert item.attempts >= ATTEMPTS or any(
                self.items[each].has_failed for each in item.needs
            )
            item.has_failed = True


@settings(max_examples=60)
@given(needs, st.lists(steps, max_size=40))
async def test_a_pool_does_what_a_simple_model_says(
    needed: list[set[int]], sequence: list[tuple[str, int, int]]
) -> None:
    items = {
        f"i{number}": Modelled([f"i{each}" for each in needed[number] if each < number])
        for number in NUMBERS
    }
    store = MemoryStore()
    pools = [WorkPool(store, "team", max_attempts=ATTEMPTS) for _ in range(3)]
    await pools[0].add(
        [WorkItem(name, depends_on=tuple(item.needs)) for name, item in items.items()]
    )
    played = Play(store, pools, items)
    for what, who, which in sequence:
        await getattr(played, what)(who, which)
    with anyio.fail_after(10):
        await played.finish()
