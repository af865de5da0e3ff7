"""What is kept for a time, on every engine."""

import pytest
from tests.storage.conftest import Make
from tests.storage.looking import names, there, until_gone

from toolyard.core.errors import StoreError
from toolyard.storage.store import Sizes, Store, StoreLimits

BAD_TTLS = [0, -1, 0.0001, float("inf"), float("nan"), 4e8]


async def test_a_lease_ends(store: Store) -> None:
    await store.put("k", "v", ttl_s=0.1)
    left = (await there(store, "k")).expires_in_s
    assert left is not None
    assert 0 < left <= 0.1
    await until_gone(store, "k")
    assert await names(store) == []
    assert await store.sizes() == Sizes(0, 0, 0)
    assert not await store.delete("k")


async def test_a_rewrite_renews_the_lease(store: Store) -> None:
    """In the seed the first lease went on and deleted what was written later."""
    await store.put("longer", "v", ttl_s=0.1)
    await store.put("for ever", "v", ttl_s=0.1)
    await store.put("longer", "w", ttl_s=60)
    await store.put("for ever", "w")
    await store.put("marker", "v", ttl_s=0.2)
    await until_gone(store, "marker")
    assert (await there(store, "longer")).value == "w"
    assert (await there(store, "for ever")).expires_in_s is None


async def test_a_lease_is_renewed_without_a_new_version(store: Store) -> None:
    version = await store.put("k", "v", ttl_s=0.2)
    assert await store.renew("k", version=version, ttl_s=60)
    found = await there(store, "k")
    assert (found.value, found.version) == ("v", version)
    assert (found.expires_in_s or 0) > 50
    assert await store.renew("k", version=version, ttl_s=None)
    assert (await there(store, "k")).expires_in_s is None
    assert not await store.renew("k", version=version + 1, ttl_s=1)


async def test_a_lease_that_has_ended_is_not_renewed(store: Store) -> None:
    version = await store.put("k", "v", ttl_s=0.02)
    await until_gone(store, "k")
    assert not await store.renew("k", version=version, ttl_s=60)
    assert await store.compare_and_set("k", "v", version=version) is None
    assert await store.compare_and_set("k", "v", version=0) is not None


async def test_an_increment_keeps_the_lease_unless_it_has_its_own(store: Store) -> None:
    await store.increment("n", ttl_s=60)
    await store.increment("n")
    assert (await there(store, "n")).expires_in_s is not None
    await store.increment("n", ttl_s=600)
    assert ((await there(store, "n")).expires_in_s or 0) > 500


@pytest.mark.parametrize("ttl_s", BAD_TTLS)
async def test_a_lease_that_cannot_be_is_refused(store: Store, ttl_s: float) -> None:
    with pytest.raises(StoreError, match="lease"):
        await store.put("k", "v", ttl_s=ttl_s)
    assert await store.get("k") is None


async def test_what_has_ended_makes_room(make: Make) -> None:
    async with make(StoreLimits(max_keys=200)) as store:
        for number in range(200):
            await store.put(f"old{number}", "", ttl_s=0.3)
        await until_gone(store, "old199")
        for number in range(200):
            await store.put(f"new{number}", "")
        assert (await store.sizes()).keys == 200


async def test_a_watcher_hears_that_a_lease_has_ended(store: Store) -> None:
    """Although nobody else does anything."""
    async with store.watch() as changes:
        await store.put("kept", "", ttl_s=60)
        version = await store.put("k", "", ttl_s=0.3)
        assert [(await anext(changes)).key for _ in range(2)] == ["kept", "k"]
        gone = await anext(changes)
    assert (gone.key, gone.is_gone) == ("k", True)
    assert gone.version > version


async def test_a_listing_passes_over_many_that_have_ended(store: Store) -> None:
    for number in range(1_500):
        await store.put(f"a{number}", "", ttl_s=None if number % 700 == 0 else 2)
    await store.put("b", "")
    await store.put("marker", "", ttl_s=2)
    await until_gone(store, "marker")
    assert await names(store) == ["a0", "a1400", "a700", "b"]
    page = await store.list_keys(limit=2)
    assert ([each.key for each in page.keys], page.cursor) == (["a0", "a1400"], "a1400")
    assert await store.sizes("a") == Sizes(3, 11, 0)
