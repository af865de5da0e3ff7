"""A store whose short failures, and changes of unknown outcome, nobody has to care about."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from toolyard.core.errors import OutcomeUnknown, StoreUnavailable
from toolyard.storage.store import Entry, Page, Store

T = TypeVar("T")

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0


class Steady:
    """The operations of `store` that may be done twice, done until they have worked.

    Every value that is written through it is unlike any other, or means the same as one that is
    equal to it: so whoever does not know whether it was written finds out by reading.

    Args:
        store: Entered by whoever made it.
        patience_s: How long to try; then the last error is raised.
    """

    def __init__(self, store: Store, *, patience_s: float) -> None:
        self._store = store
        self._patience_s = patience_s

    async def get(self, key: str) -> Entry | None:
        """As `Store.get`."""
        return await self._until_known(lambda: self._store.get(key))

    async def list_keys(self, prefix: str, *, after: str = "", limit: int) -> Page:
        """As `Store.list_keys`."""
        return await self._until_known(
            lambda: self._store.list_keys(prefix, after=after, limit=limit)
        )

    async def count(self, prefix: str) -> int:
        """How many keys begin with `prefix`."""
        return (await self._until_known(lambda: self._store.sizes(prefix))).keys

    async def delete(self, key: str, *, version: int | None = None) -> None:
        """Remove `key`, if it is at `version` where one is given."""
        await self._until_known(lambda: self._store.delete(key, version=version))

    async def renew(self, key: str, *, version: int, ttl_s: float) -> bool:
        """As `Store.renew`."""
        return await self._until_known(lambda: self._store.renew(key, version=version, ttl_s=ttl_s))

    async def set(
        self, key: str, value: str, *, version: int, ttl_s: float | None = None
    ) -> int | None:
        """As `Store.compare_and_set`."""
        is_unsure = False

        async def once() -> int | None:
            nonlocal is_unsure
            try:
                written = await self._store.compare_and_set(
                    key, value, version=version, ttl_s=ttl_s
                )
            except OutcomeUnknown:
                is_unsure = True
                raise
            if written is None and is_unsure:
                found = await self._store.get(key)
                return found.version if found is not None and found.value == value else None
            return written

        return await self._until_known(once)

    async def _until_known(self, operation: Callable[[], Awaitable[T]]) -> T:
        ends = anyio.current_time() + self._patience_s
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await operation()
            except (OutcomeUnknown, StoreUnavailable):
                if anyio.current_time() + pause_s > ends:
                    raise
            await anyio.sleep(pause_s * random.uniform(0.5, 1))  # noqa: S311 - no secret
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
