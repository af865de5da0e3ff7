"""What a pool of work items is, on every engine."""

import json
from contextlib import aclosing

import anyio
import anyio.lowlevel
import pytest
from tests.orchestration.work.leases import end_leases

from toolyard import Memory
from toolyard.core.errors import ConfigError, StoreError
from toolyard.core.workflow_errors import ClaimLost
from toolyard.orchestration.work.claim import WorkClaim
from toolyard.orchestration.work.item import WorkItem
from toolyard.orchestration.work.pool import WorkPool
from toolyard.storage.memory_store import MemoryStore
from toolyard.storage.store import Store

BOIL = WorkItem(
    "boil", "Boil water", "A litre.", acceptance_criteria=("It bubbles.", "Nobody is hurt.")
)
BREW = WorkItem("brew", "Brew tea", depends_on=("boil",))
POUR = WorkItem("pour", depends_on=("brew",))


def pool_on(store: Store, max_attempts: int = 3) -> WorkPool:
    return WorkPool(store, "tea", max_attempts=max_attempts)


async def claimed(pool: WorkPool, worker: str = "ann") -> WorkClaim:
    claim = await pool.claim(worker)
    assert claim is not None
    return claim


async def test_items_are_claimed_after_what_they_depend_on(store: Store) -> None:
    pool = pool_on(store)
    await pool.add([POUR, BREW, BOIL])
    order = list[str]()
    while (claim := await pool.claim("ann")) is not None:
        order.append(claim.item.id)
        assert await pool_on(store).claim("bob") is None
        await pool.complete(claim, f"{claim.item.id} is done")
    assert order == ["boil", "brew", "pour"]
    assert await pool.is_done()
    results = await pool.results()
    assert {each.id: each.result for each in results.values()} == {
        name: f"{name} is done" for name in order
    }


async def test_all_of_it_is_read_with_the_memory_tool(store: Store) -> None:
    pool, memory = pool_on(store), Memory(store)
    await pool.add([BOIL, BREW])

    async def read(key: str) -> dict[str, object]:
        found = await memory.get(f"teams:tea:{key}")
        assert found is not None
        return json.loads(found.value)

    open_item = await read("unclaimed:boil")
    assert open_item["description"] == "A litre."
    assert open_item["acceptance_criteria"] == ["It bubbles.", "Nobody is hurt."]
    claim = await claimed(pool)
    held = await memory.get("teams:tea:claimed:boil")
    assert held is not None
    assert held.expires_in_s is not None
    assert (await read("claimed:boil"))["worker"] == "ann"
    await pool.complete(claim, "It bubbles.")
    completed = await read("completed:boil")
    assert (completed["worker"], completed["result"]) == ("ann", "It bubbles.")
    await pool.complete(await claimed(pool, "bob"), "Green.")
    assert await pool.claim("bob") is None
    assert (await read("metadata"))["max_attempts"] == 3
    assert (await read("stats"))["completed"] == 2
    keys = [each.key for each in (await memory.list_keys()).keys]
    assert keys == [
        "teams:tea:completed:boil",
        "teams:tea:completed:brew",
        "teams:tea:metadata",
        "teams:tea:stats",
    ]


async def test_what_was_written_with_the_memory_tool_is_an_item_too(store: Store) -> None:
    await Memory(store).put("teams:tea:unclaimed:boil", "A litre of water, please.")
    pool = pool_on(store)
    claim = await claimed(pool)
    assert claim.item.description == "A litre of water, please."
    await pool.complete(claim, "Done.")
    assert list(await pool.results()) == ["boil"]
    assert not await pool.is_done()  # more may come: nobody said that the pool is filled
    await pool.add([])
    assert await pool.is_done()


async def test_adding_the_same_again_changes_nothing(store: Store) -> None:
    pool = pool_on(store)
    await pool.add([BOIL, BREW])
    await pool.complete(await claimed(pool), "once")
    held = await claimed(pool)
    await pool.add([BOIL, BREW])
    assert await pool.claim("bob") is None
    await pool.complete(held, "too")
    assert [each.attempts for each in (await pool.results()).values()] == [1, 1]
    await pool.add([POUR])
    assert (await claimed(pool)).item.id == "pour"


async def test_what_was_done_is_not_done_again_by_who_adds_it_too_late(store: Store) -> None:
    """Who looked whether it is there, and writes it after others have done it."""
    pool, key = pool_on(store), "default/teams:tea:unclaimed:boil"
    await pool.add([BOIL])
    before = await store.get(key)
    assert before is not None
    await pool.complete(await claimed(pool), "once")
    await store.put(key, before.value)
    assert await pool.claim("bob") is None
    assert await pool.is_done()
    assert (await pool.results())["boil"].result == "once"


async def test_a_late_worker_is_refused(store: Store) -> None:
    pool = pool_on(store)
    await pool.add([BOIL])
    late = await claimed(pool)
    await end_leases(store)
    with pytest.raises(ClaimLost):
        await pool.complete(late, "late, and nobody else came")
    now = await claimed(pool, "bob")
    assert now.version > late.version
    for refused in (pool.complete(late, "late"), pool.release(late, "late"), late.renew()):
        with pytest.raises(ClaimLost, match="boil"):
            await refused
    await pool.complete(now, "in time")
    with pytest.raises(ClaimLost):
        await pool.complete(late, "later")
    assert (await pool.results())["boil"].result == "in time"


async def test_recording_a_result_again_changes_nothing(store: Store) -> None:
    pool = pool_on(store)
    await pool.add([BOIL])
    claim = await claimed(pool)
    await pool.complete(claim, "first")
    await pool.complete(claim, "second")
    assert (await pool.results())["boil"].result == "first"


async def test_an_item_fails_after_its_last_attempt_and_what_needs_it_too(store: Store) -> None:
    pool = pool_on(store, max_attempts=2)
    await pool.add([BOIL, BREW, POUR])
    await pool.release(await claimed(pool), "no water")
    again = await claimed(pool, "bob")
    assert (again.attempt, again.reasons) == (2, ("no water",))
    await pool.release(again, "no fire")
    assert await pool.claim("bob") is None
    assert await pool.is_done()
    failures = {each.id: each.reasons for each in (await pool.status()).failures}
    assert failures["boil"] == ("no water", "no fire")
    assert failures["brew"] == ("It depends on 'boil', which has failed.",)
    assert failures["pour"] == ("It depends on 'brew', which has failed.",)


async def test_an_item_that_all_its_workers_die_of_fails(store: Store) -> None:
    pool = pool_on(store, max_attempts=2)
    await pool.add([BOIL])
    for attempt in (1, 2):
        assert (await claimed(pool)).attempt == attempt
        await end_leases(store)
    assert await pool.claim("bob") is None
    assert "did not come back" in (await pool.results())["boil"].reasons[-1]


async def test_who_works_on_what_is_told_and_watched(store: Store) -> None:
    pool = pool_on(store)
    await pool.add([BOIL, BREW])
    scores, seen = list[tuple[int, int, float]](), anyio.Event()

    async def watch() -> None:
        async for status in pool_on(store).watch(pause_s=0):
            assert status.total == 2
            scores.append((status.waiting, len(status.working), status.score))
            if scores[-1] == (1, 1, 0):
                seen.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch)
        claim = await claimed(pool)
        await seen.wait()
        working = (await pool.status()).working
        assert [(each.item_id, each.worker) for each in working] == [("boil", "ann")]
        await pool.complete(claim, "")
        await pool.complete(await claimed(pool), "")
    assert scores[-1] == (0, 0, 1)


async def test_who_watches_is_not_told_more_often_than_it_wants_to_be() -> None:
    async with MemoryStore() as store:
        pool = pool_on(store)
        await pool.add([BOIL])
        async with aclosing(pool.watch(pause_s=40)) as statuses:
            await anext(statuses)
            await claimed(pool)
            with anyio.move_on_after(0.1) as scope:
                await anext(statuses)
    assert scope.cancelled_caught


async def test_a_held_claim_outlasts_its_lease(store: Store) -> None:
    pool = WorkPool(store, "tea", lease_s=0.6)
    await pool.add([BOIL])
    claim = await claimed(pool)
    async with claim.held():
        with anyio.move_on_after(1.5):  # longer than two leases
            assert await pool_on(store).claim("bob", wait_s=60) is None
    await pool.complete(claim, "")


async def test_work_on_a_lost_claim_is_cancelled(store: Store) -> None:
    pool = WorkPool(store, "tea", lease_s=0.3)
    await pool.add([BOIL])
    claim = await claimed(pool)

    async def work() -> None:
        async with claim.held():
            await end_leases(store)
            await anyio.sleep(40)

    with pytest.raises(ClaimLost):
        await work()


async def test_the_errors_of_work_pass_a_held_claim_as_they_are(store: Store) -> None:
    pool = pool_on(store)
    await pool.add([BOIL])
    claim = await claimed(pool)
    with pytest.raises(ZeroDivisionError):
        async with claim.held():
            raise ZeroDivisionError
    await pool.release(claim, "a bug")


async def test_a_worker_waits_for_what_others_work_on(store: Store) -> None:
    pool = pool_on(store)
    await pool.add([BOIL, BREW])
    claim, brewing = await claimed(pool), list[str]()

    async def brew() -> None:
        other = pool_on(store)
        waited = await other.claim("bob", wait_s=40)
        assert waited is not None
        await other.complete(waited, "")
        brewing.append(waited.item.id)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(brew)
        await anyio.sleep(0.1)  # which is no race: it may as well come too early
        await pool.complete(claim, "")
    assert brewing == ["brew"]


async def test_many_workers_rarely_try_the_same() -> None:
    """Nor does anybody list a thousand keys for each item."""
    store = Counting()
    await WorkPool(store, "tea").add([WorkItem(f"i{number}") for number in range(640)])
    store.operations = 0
    done = list[str]()

    async def work(worker: str) -> None:
        pool = WorkPool(store, "tea")
        while (claim := await pool.claim(worker)) is not None:
            await anyio.lowlevel.checkpoint()
            await pool.complete(claim, "")
            done.append(claim.item.id)

    async with anyio.create_task_group() as tasks:
        for number in range(16):
            tasks.start_soon(work, f"w{number}")
    assert len(done) == len(set(done)) == 640
    assert store.operations < 640 * 18


async def test_workers_that_share_a_pool_in_one_process_overlook_nothing(store: Store) -> None:
    """Also in a list of several pages, of which nobody is told that it is empty too early."""
    pool, done = pool_on(store), list[str]()
    await pool.add([WorkItem(f"i{number}") for number in range(250)])

    async def work(worker: str) -> None:
        while (claim := await pool.claim(worker)) is not None:
            await anyio.lowlevel.checkpoint()
            done.append(claim.item.id)
            await pool.complete(claim, "")
        assert len(done) > 250 - 8  # others are at work on what is left

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(work, f"w{number}")
    assert await pool.is_done()


class Counting(MemoryStore):
    """Counts what is asked of it."""

    operations = 0

    async def _take_turn(self) -> None:
        self.operations += 1
        await super()._take_turn()


async def test_a_result_that_is_too_large_is_refused_and_the_claim_stays(store: Store) -> None:
    pool = pool_on(store)
    await pool.add([BOIL])
    claim = await claimed(pool)
    with pytest.raises(StoreError, match="bytes"):
        await pool.complete(claim, "x" * (2 << 20))
    await pool.complete(claim, "shorter")
    assert (await pool.results())["boil"].result == "shorter"


async def test_checks_are_known_where_they_were_given() -> None:
    store = MemoryStore()

    def check(item: WorkItem, answer: str) -> bool:
        return answer == item.id

    await pool_on(store).add([BOIL])
    pool = pool_on(store)
    await pool.add([WorkItem("boil", check=check)])
    claim = await claimed(pool)
    assert claim.item.check is check
    assert claim.item.title == "Boil water"


@pytest.mark.parametrize("name", ["", "a b", "a:b", "ä", "x" * 129])
def test_a_name_that_is_no_part_of_a_key_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="name of a pool"):
        WorkPool(MemoryStore(), name)
    with pytest.raises(ConfigError, match="A namespace"):
        WorkPool(MemoryStore(), "tea", namespace=name)
    with pytest.raises(ConfigError, match="id of an item"):
        WorkItem(name)
    with pytest.raises(ConfigError, match="id of an item"):
        WorkItem("boil", depends_on=(name,))


def test_an_item_that_may_not_be_tried_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_attempts must be 1 or more"):
        pool_on(MemoryStore(), max_attempts=0)


async def test_an_item_whose_dependency_nobody_knows_is_refused() -> None:
    pool = pool_on(MemoryStore())
    with pytest.raises(ConfigError, match="'brew', which is no item"):
        await pool.add([POUR])
    await pool.add([BOIL, BREW])
    await pool.add([POUR])
