"""A worker may be stopped after any operation of the store: others go on from there."""

from collections import Counter

import anyio
import pytest
from tests.orchestration.work.leases import end_leases
from tests.orchestration.work.stopping import Fault, Stopped, Stopping

from toolyard.orchestration.work.item import WorkItem
from toolyard.orchestration.work.pool import WorkPool
from toolyard.storage.memory_store import MemoryStore
from toolyard.storage.store import Store

ITEMS = [
    WorkItem("last", depends_on=("first", "side")),
    WorkItem("first"),
    WorkItem("side"),
    WorkItem("bad"),
    WorkItem("worse", depends_on=("bad",)),
]


async def story(store: Store, worker: str, recorded: dict[str, str]) -> None:
    """Fill the pool and do everything; nobody can do what is bad."""
    pool = WorkPool(store, "team", max_attempts=2)
    await pool.add(ITEMS)
    while (claim := await pool.claim(worker)) is not None:
        if claim.item.id == "bad":
            await pool.release(claim, "It is bad.")
            continue
        await claim.renew()
        await pool.complete(claim, f"by {worker}")
        assert claim.item.id not in recorded
        recorded[claim.item.id] = f"by {worker}"


async def assert_all_is_done_once(
    store: Store, written: Counter[str], acknowledged: dict[str, str]
) -> None:
    pool = WorkPool(store, "team")
    assert await pool.is_done()
    status = await pool.status()
    assert (status.completed, {each.id for each in status.failures}) == (3, {"bad", "worse"})
    results = await pool.results()
    assert {each: results[each].result for each in acknowledged} == acknowledged
    assert [count for count in written.values() if count] == [1, 1, 1]
    left = [each.key for each in (await store.list_keys("default/teams:team:")).keys]
    assert not [each for each in left if ":claimed:" in each or ":unclaimed:" in each]


async def stopped_at(number: int) -> bool:
    """Whether the story was over before; then nobody was stopped."""
    store, acknowledged = MemoryStore(), dict[str, str]()
    first = Stopping(store, "stopped", number)
    try:
        await story(first, "ann", acknowledged)
    except Stopped:
        await end_leases(store)
        second = Stopping(store, "stopped", 1_000_000)
        await story(second, "bob", acknowledged)
        await assert_all_is_done_once(store, first.completed + second.completed, acknowledged)
        return False
    return True


async def test_others_go_on_wherever_a_worker_was_stopped() -> None:
    number = 1
    while not await stopped_at(number):
        number += 1
    assert number > 60


class Stuck(MemoryStore):
    """Does not come back from counting an attempt."""

    def __init__(self) -> None:
        super().__init__()
        self.is_counting = anyio.Event()

    async def compare_and_set(
        self, key: str, value: str, *, version: int, ttl_s: float | None = None
    ) -> int | None:
        if ":unclaimed:" in key and version:
            self.is_counting.set()
            await anyio.sleep_forever()
        return await super().compare_and_set(key, value, version=version, ttl_s=ttl_s)


async def test_whoever_is_told_to_stop_while_it_claims_gives_the_item_back() -> None:
    async with Stuck() as store:
        pool = WorkPool(store, "team")
        await pool.add([WorkItem("first")])
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(pool.claim, "ann")
                await store.is_counting.wait()
                assert [each.worker for each in (await pool.status()).working] == ["ann"]
                tasks.cancel_scope.cancel()
        status = await pool.status()
    assert (status.waiting, status.working) == (1, ())


@pytest.mark.parametrize("fault", ["unavailable", "done, unheard", "not done, unheard"])
async def test_a_worker_that_does_not_know_what_came_of_it_finds_out(fault: Fault) -> None:
    async def once(number: int) -> None:
        store, acknowledged = MemoryStore(), dict[str, str]()
        faulty = Stopping(store, fault, number)
        await story(faulty, "ann", acknowledged)
        assert faulty.operations >= number
        assert len(acknowledged) == 3
        await assert_all_is_done_once(store, faulty.completed, acknowledged)
        results = await WorkPool(store, "team").results()
        assert results["bad"].reasons == ("It is bad.",) * 2
        assert [results[each].attempts for each in acknowledged] == [1, 1, 1]

    async with anyio.create_task_group() as tasks:
        for number in range(1, 60):
            tasks.start_soon(once, number)
