"""Ending leases at once, as they end when a worker is dead."""

from toolyard.storage.store import Store


async def end_leases(store: Store, prefix: str = "") -> None:
    """All claims below `prefix` are gone, as far as others see."""
    page = await store.list_keys(prefix, limit=1_000)
    for each in page.keys:
        if each.expires_in_s is not None:
            await store.delete(each.key)
