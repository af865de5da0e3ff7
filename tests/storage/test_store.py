"""What holds for every store, whatever its engine."""

import random
import time
from collections.abc import Sequence

import anyio
import pytest
from tests.storage.conftest import Make
from tests.storage.looking import names, there

from toolyard.core.errors import StoreError, StoreFull
from toolyard.storage.store import Sizes, Store, StoreChange, StoreLimits

SMALL = StoreLimits(max_keys=3, max_bytes=100, max_key_bytes=20, max_value_bytes=60)
BAD_KEYS = [
    "",
    "a\nb",
    "a\0b",
    "\x7f",
    "tab\there",
    "\x1b[31m",
    "zero\u200bwidth",
    "line\u2028break",
    "right\u202eto left",
    "half \ud800",
    "x" * 513,
    "ä" * 257,
]


def test_it_is_a_store(store: Store) -> None:
    assert isinstance(store, Store)


@pytest.mark.parametrize(
    "value", ["", "x", "ä 'quoted' \"value\"\r\n\t\0 \U0001f600", "y" * 100_000]
)
async def test_what_was_put_is_there_as_it_was(store: Store, value: str) -> None:
    version = await store.put("a key / with: signs", value)
    found = await there(store, "a key / with: signs")
    assert (found.value, found.version, found.expires_in_s) == (value, version, None)
    assert abs(found.added_at - time.time()) < 60


async def test_nothing_is_at_a_key_that_was_never_put(store: Store) -> None:
    assert await store.get("nothing") is None
    assert not await store.delete("nothing")
    assert not await store.renew("nothing", version=1, ttl_s=1)


async def test_the_last_put_wins(store: Store) -> None:
    await store.put("k", "one")
    await store.put("k", "two")
    assert (await there(store, "k")).value == "two"
    assert (await store.sizes()).keys == 1


async def test_versions_only_grow_also_over_deletion(store: Store, make: Make) -> None:
    seen = [await store.put("k", "1"), await store.put("other", "1"), await store.put("k", "2")]
    await store.delete("k")
    seen.append(await store.put("k", "3"))
    await store.clear()
    seen.append(await store.put("k", "4"))
    assert seen == sorted(set(seen))


async def test_a_deleted_key_is_gone(store: Store) -> None:
    await store.put("k", "v")
    assert await store.delete("k")
    assert await store.get("k") is None
    assert await names(store) == []


async def test_a_key_is_deleted_only_at_the_version_that_was_named(store: Store) -> None:
    old = await store.put("k", "v")
    new = await store.put("k", "w")
    assert not await store.delete("k", version=old)
    assert (await there(store, "k")).value == "w"
    assert await store.delete("k", version=new)


async def test_compare_and_set_writes_only_what_has_not_changed(store: Store) -> None:
    first = await store.compare_and_set("k", "one", version=0)
    assert first is not None
    assert await store.compare_and_set("k", "again", version=0) is None
    second = await store.compare_and_set("k", "two", version=first, ttl_s=60)
    assert second is not None
    assert second > first
    assert await store.compare_and_set("k", "late", version=first) is None
    assert (await there(store, "k")).value == "two"


async def test_one_of_many_wins(store: Store) -> None:
    won: list[int] = []

    async def race(number: int) -> None:
        if await store.compare_and_set("k", str(number), version=0):
            won.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(race, number)
    assert [str(number) for number in won] == [(await there(store, "k")).value]


async def test_increments_add_up(store: Store) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(store.increment, "n", 2)
    assert await store.increment("n", -1) == 99
    assert (await there(store, "n")).value == "99"


@pytest.mark.parametrize("value", ["", "x", "1.5", "1e3", " 1", "--1", "-", "٣", "9" * 16, "0x10"])
async def test_what_is_no_integer_is_not_incremented(store: Store, value: str) -> None:
    await store.put("n", value)
    with pytest.raises(StoreError, match="integer"):
        await store.increment("n")
    assert (await there(store, "n")).value == value


async def test_a_sum_that_is_too_large_is_refused(store: Store) -> None:
    await store.put("n", "9" * 15)
    with pytest.raises(StoreError, match="15 digits"):
        await store.increment("n")
    with pytest.raises(StoreError, match="15 digits"):
        await store.increment("m", 10**15)
    assert await store.increment("n", -1) == 10**15 - 2


async def test_keys_are_listed_in_pages_by_prefix(store: Store) -> None:
    keys = [f"task:{number:03}" for number in range(25)]
    for key in random.Random(3).sample([*keys, "task", "tasks", "zebra", "Task:1"], 29):
        await store.put(key, "vv")
    found: list[str] = []
    after = ""
    for _ in range(3):
        page = await store.list_keys("task:", after=after, limit=10)
        found += [each.key for each in page.keys]
        assert all(each.value_bytes == 2 for each in page.keys)
        after = page.cursor or ""
    assert (found, after) == (keys, "")
    assert await names(store) == sorted([*keys, "task", "tasks", "zebra", "Task:1"])


async def test_the_order_is_that_of_code_points(store: Store) -> None:
    keys = ["a", "B", "é", "z", "\ue000x", "\uffdcx", "\U0001f600", "a b", "a*", "中"]
    keys = [key for key in keys if key.isprintable()]
    for key in keys:
        await store.put(key, "")
    assert await names(store) == sorted(keys)
    assert await names(store, "\U0001f600") == ["\U0001f600"]
    assert await names(store, "a") == ["a", "a b", "a*"]


async def test_a_listing_goes_on_though_its_cursor_is_gone(store: Store) -> None:
    for key in "abcd":
        await store.put(key, "")
    page = await store.list_keys(limit=2)
    assert page.cursor == "b"
    await store.delete("b")
    rest = await store.list_keys(after="b", limit=2)
    assert ([each.key for each in rest.keys], rest.cursor) == (["c", "d"], None)


@pytest.mark.parametrize("wild", ["*", "%", "_", "[a]", "?", "\\"])
async def test_a_prefix_means_itself(store: Store, wild: str) -> None:
    await store.put("a", "")
    await store.put(wild + "a", "")
    assert await names(store, wild) == [wild + "a"]


async def test_clear_removes_what_has_the_prefix(store: Store) -> None:
    for number in range(1_200):
        await store.put(f"a{number}", "")
    await store.put("b", "")
    assert await store.clear("a") == 1_200
    assert await names(store) == ["b"]
    assert await store.clear() == 1
    assert await store.clear() == 0


async def test_sizes_are_bytes_of_utf_8(store: Store) -> None:
    await store.put("kä", "vü")
    await store.put("k2", "vvvv")
    await store.put("k2", "v")
    await store.put("other", "v" * 10)
    assert await store.sizes("k") == Sizes(2, 5, 4)
    assert await store.sizes() == Sizes(3, 10, 14)
    await store.delete("other")
    assert await store.sizes() == Sizes(2, 5, 4)


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_a_key_that_cannot_be_one_is_refused(store: Store, key: str) -> None:
    for refused in (store.get(key), store.put(key, ""), store.delete(key), store.increment(key)):
        with pytest.raises(StoreError, match="key"):
            await refused
    with pytest.raises(StoreError, match="key"):
        await store.compare_and_set(key, "", version=0)


async def test_a_prefix_or_cursor_that_no_key_can_have_is_refused(store: Store) -> None:
    for refused in (store.list_keys("\n"), store.clear("\0"), store.sizes("\x1b")):
        with pytest.raises(StoreError, match="prefix"):
            await refused
    with pytest.raises(StoreError, match="cursor"):
        await store.list_keys(after="\n")
    with pytest.raises(StoreError, match="prefix"):
        store.watch("\n")


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_page_that_cannot_be_is_refused(store: Store, limit: int) -> None:
    with pytest.raises(StoreError, match="1 to 1000"):
        await store.list_keys(limit=limit)


@pytest.mark.parametrize("version", [-1, 2**53])
async def test_a_version_that_cannot_be_is_refused(store: Store, version: int) -> None:
    with pytest.raises(StoreError, match="version"):
        await store.compare_and_set("k", "v", version=version)
    with pytest.raises(StoreError, match="version"):
        await store.delete("k", version=version)


async def test_a_value_over_the_limit_is_refused(store: Store) -> None:
    await store.put("k", "x" * (1 << 20))
    with pytest.raises(StoreError, match="1048577 bytes; at most 1048576"):
        await store.put("k", "x" * ((1 << 20) + 1))
    with pytest.raises(StoreError, match="surrogate"):
        await store.put("k", "\udc00")
    assert len((await there(store, "k")).value) == 1 << 20


async def test_a_full_store_refuses_and_keeps_what_it_has(make: Make) -> None:
    async with make(SMALL) as store:
        for key in "abc":
            await store.put(key, "12345")
        with pytest.raises(StoreFull, match="holds 3 keys"):
            await store.put("d", "")
        with pytest.raises(StoreFull):
            await store.increment("d")
        await store.put("a", "x" * 60)
        with pytest.raises(StoreFull, match="100 bytes together"):
            await store.put("b", "x" * 60)
        assert (await there(store, "b")).value == "12345"
        await store.put("b", "x" * 32)
        await store.delete("c")
        assert await store.sizes() == Sizes(2, 2, 92)


async def test_a_watcher_hears_what_changes(store: Store) -> None:
    await store.put("w:before", "")
    async with store.watch("w:") as changes:
        await store.put("other", "")
        first = await store.put("w:a", "1")
        assert await anext(changes) == StoreChange("w:a", first)
        await store.delete("w:a")
        gone = await anext(changes)
        assert (gone.key, gone.is_gone) == ("w:a", True)
        assert gone.version > first

        async def write_later() -> None:
            await anyio.sleep(0.02)
            await store.put("w:b", "")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write_later)
            assert (await anext(changes)).key == "w:b"


async def test_a_watcher_misses_nothing_of_much(store: Store) -> None:
    async with store.watch() as changes:
        for number in range(1_300):
            await store.put(f"k{number}", "")
        heard = [(await anext(changes)).key for _ in range(1_300)]
    assert heard == [f"k{number}" for number in range(1_300)]


async def test_a_random_history_is_that_of_a_dictionary(store: Store) -> None:
    """Every operation, 2,000 times, beside the obvious model."""
    chance, model = random.Random(7), dict[str, tuple[str, int]]()
    keys: Sequence[str] = [f"{first}{number}" for first in "ab" for number in range(8)]
    for _ in range(2_000):
        key = chance.choice(keys)
        value, version = model.get(key, ("", 0))
        match chance.randrange(5):
            case 0:
                model[key] = ("p", await store.put(key, "p"))
            case 1:
                guess = chance.choice([version, version + 1])
                new = await store.compare_and_set(key, "c", version=guess)
                assert (new is not None) == (guess == version)
                if new:
                    model[key] = ("c", new)
            case 2:
                assert await store.delete(key) == (key in model)
                model.pop(key, None)
            case 3:
                found = await store.get(key)
                assert (found and (found.value, found.version)) == model.get(key)
            case _:
                prefix = chance.choice("ab")
                assert await names(store, prefix) == sorted(k for k in model if k[0] == prefix)
        del value
    sizes = await store.sizes()
    assert sizes == Sizes(len(model), 2 * len(model), len(model))
