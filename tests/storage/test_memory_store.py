"""What is expected of a store in memory: that it never stops the event loop."""

import time

import anyio
import anyio.lowlevel
import pytest

from toolyard.storage.memory_store import MemoryStore
from toolyard.storage.sorted_list import SortedList
from toolyard.storage.store import StoreLimits


def test_a_sorted_list_is_sorted() -> None:
    numbers: SortedList[int] = SortedList()
    for number in range(5_000):
        numbers.add(number * 7_919 % 5_000)
    assert list(numbers.beyond(-1)) == list(range(5_000))
    for number in range(0, 5_000, 2):
        numbers.remove(number)
    assert numbers.first() == 1
    assert list(numbers.beyond(4_900)) == list(range(4_901, 5_000, 2))
    assert list(numbers.beyond(4_901, included=True)) == list(range(4_901, 5_000, 2))
    assert list(numbers.beyond(5_000)) == []


async def longest_stall(limit_s: float) -> float:
    """How long, at most, the event loop was away, until cancelled or for so long."""
    longest, until = 0.0, time.monotonic() + limit_s
    while time.monotonic() < until:
        began = time.monotonic()
        await anyio.lowlevel.checkpoint()
        longest = max(longest, time.monotonic() - began)
    return longest


async def test_a_hundred_thousand_leases_that_end_at_once_stall_nobody() -> None:
    store = MemoryStore()
    for number in range(100_000):
        await store.put(f"k{number}", "v", ttl_s=1.5 if number % 2 else 60)
    await anyio.sleep(1.5)  # the leases end without an event
    stalls: list[float] = []

    async def measure() -> None:
        stalls.append(await longest_stall(0.5))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(measure)
        assert (await store.sizes()).keys == 50_000
    assert stalls[0] < 0.1


async def test_a_loop_of_operations_stalls_nobody() -> None:
    store, stalls = MemoryStore(), list[float]()

    async def measure() -> None:
        stalls.append(await longest_stall(0.5))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(measure)
        while not stalls:
            for number in range(10_000):
                await store.put(f"k{number}", "v")
                await store.get(f"k{number}")
    assert stalls[0] < 0.1


async def test_ended_leases_go_although_nobody_asks_for_them() -> None:
    store = MemoryStore()
    for number in range(100):
        await store.put(f"k{number}", "v", ttl_s=0.01)
    await anyio.sleep(0.01)  # the leases end without an event
    for _ in range(10):
        await store.get("other")
    assert not store._kept


async def test_a_watcher_of_too_much_is_told_to_look_again() -> None:
    store = MemoryStore()
    async with store.watch() as changes:
        for number in range(10_500):
            await store.put(f"k{number}", "")
        with anyio.fail_after(5):
            change = await anext(changes)
    assert change.key is None


@pytest.mark.parametrize("count", [20_000])
async def test_memory_stays_within_its_bytes(count: int) -> None:
    store = MemoryStore(StoreLimits(max_bytes=100_000))
    kept = 0
    for number in range(count):
        await store.put(f"k{number % 500}", "v" * 100)
        kept = store._bytes
    assert kept <= 100_000
