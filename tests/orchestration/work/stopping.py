"""A store whose user is stopped at one operation, or does not hear what came of it."""

from collections import Counter
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Literal, Self, TypeVar

from toolyard.core.errors import OutcomeUnknown, StoreUnavailable
from toolyard.storage.store import ChangeStream, Entry, Page, Sizes, Store

T = TypeVar("T")

Fault = Literal["stopped", "unavailable", "done, unheard", "not done, unheard"]
"""What happens: the user is gone; nothing was done, which is said; nobody knows."""


class Stopped(BaseException):
    """The user of the store is no more."""


class Stopping:
    """Has the fault at one operation, counted from 1; whoever is stopped does nothing any more."""

    def __init__(self, store: Store, fault: Fault, at: int) -> None:
        self._store = store
        self._fault = fault
        self._at = at
        self.operations = 0
        self.completed = Counter[str]()
        """How often a result was written, by its key."""

    async def _do(self, operation: Callable[[], Awaitable[T]]) -> T:
        self.operations += 1
        is_here = self.operations == self._at
        if self._fault == "stopped" and self.operations >= self._at:
            raise Stopped
        if is_here and self._fault == "unavailable":
            raise StoreUnavailable("It is away for a moment.")
        if is_here and self._fault == "not done, unheard":
            raise OutcomeUnknown("Nobody knows.")
        result = await operation()
        if is_here and self._fault == "done, unheard":
            raise OutcomeUnknown("Nobody knows.")
        return result

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    async def get(self, key: str) -> Entry | None:
        return await self._do(lambda: self._store.get(key))

    async def put(self, key: str, value: str, *, ttl_s: float | None = None) -> int:
        return await self._do(lambda: self._store.put(key, value, ttl_s=ttl_s))

    async def compare_and_set(
        self, key: str, value: str, *, version: int, ttl_s: float | None = None
    ) -> int | None:
        async def counted() -> int | None:
            written = await self._store.compare_and_set(key, value, version=version, ttl_s=ttl_s)
            self.completed[key] += written is not None and ":completed:" in key
            return written

        return await self._do(counted)

    async def renew(self, key: str, *, version: int, ttl_s: float | None) -> bool:
        return await self._do(lambda: self._store.renew(key, version=version, ttl_s=ttl_s))

    async def increment(self, key: str, by: int = 1, *, ttl_s: float | None = None) -> int:
        return await self._do(lambda: self._store.increment(key, by, ttl_s=ttl_s))

    async def delete(self, key: str, *, version: int | None = None) -> bool:
        return await self._do(lambda: self._store.delete(key, version=version))

    async def list_keys(self, prefix: str = "", *, after: str = "", limit: int = 100) -> Page:
        return await self._do(lambda: self._store.list_keys(prefix, after=after, limit=limit))

    async def clear(self, prefix: str = "") -> int:
        return await self._do(lambda: self._store.clear(prefix))

    async def sizes(self, prefix: str = "") -> Sizes:
        return await self._do(lambda: self._store.sizes(prefix))

    def watch(self, prefix: str = "") -> ChangeStream:
        return self._store.watch(prefix)
