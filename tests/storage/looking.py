"""What is in a store, for tests that know."""

import anyio

from toolyard.storage.store import Entry, Store


async def there(store: Store, key: str) -> Entry:
    found = await store.get(key)
    assert found is not None
    return found


async def until_gone(store: Store, key: str) -> None:
    with anyio.fail_after(5):
        while found := await store.get(key):  # noqa: ASYNC110 - a lease ends without an event
            await anyio.sleep(found.expires_in_s or 0)


async def names(store: Store, prefix: str = "") -> list[str]:
    return [each.key for each in (await store.list_keys(prefix, limit=1000)).keys]
