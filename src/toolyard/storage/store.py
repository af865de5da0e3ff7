"""What a key-value store is: its operations, and the values that go in and come out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, runtime_checkable


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """What one store may hold; bytes are those of UTF-8."""

    max_keys: int = 1_000_000
    max_bytes: int = 256 << 20
    """Of all keys and values together; what the engine needs around them comes on top."""
    max_key_bytes: int = 512
    max_value_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value, as it was when it was read."""

    key: str
    value: str
    version: int
    """Grows with every change in the whole store, also over deletion and restarts."""
    added_at: float
    """When the value was written, in seconds since 1970; for people, not for comparing."""
    expires_in_s: float | None
    """Seconds that the lease lasts; `None` if it never ends."""


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as it is listed: an `Entry` without its value."""

    key: str
    version: int
    added_at: float
    expires_in_s: float | None
    value_bytes: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some keys in the order of their characters' code points."""

    keys: tuple[ListedKey, ...]
    cursor: str | None
    """Continues after this page when given as `after`; `None` if nothing is left."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many keys there are, and what they hold in bytes of UTF-8."""

    keys: int
    key_bytes: int
    value_bytes: int


@dataclass(frozen=True, slots=True)
class StoreChange:
    """A key was written or went away."""

    key: str | None
    """`None`: more was deleted than is remembered; look at everything again."""
    version: int
    is_gone: bool = False


@runtime_checkable
class ChangeStream(Protocol):
    """The changes from the moment on at which the block was entered, in order, without end.

    Of several changes of one key between two looks only the last is told. A lease that has ended
    is told as a key that went away, soon after.
    """

    async def __aenter__(self) -> AsyncIterator[StoreChange]: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


@runtime_checkable
class Store(Protocol):
    """Text by key, for one process or many; entered before it is used, by each who uses it.

    Every change is atomic, and kept as well as the engine keeps things once it is acknowledged.
    A key is 1 to `max_key_bytes` bytes of printable characters. A lease (`ttl_s`, over 0, up to
    ten years) ends by itself; whoever writes the key again starts a new one, or none.

    All operations raise `StoreError` for what they cannot take, `StoreUnavailable` and
    `StoreUnusable`; those that change something also `StoreFull` and `OutcomeUnknown`.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    async def get(self, key: str) -> Entry | None:
        """What is at `key`; `None` if nothing is, or its lease has ended."""
        ...

    async def put(self, key: str, value: str, *, ttl_s: float | None = None) -> int:
        """Write, whatever was there before; the new version."""
        ...

    async def compare_and_set(
        self, key: str, value: str, *, version: int, ttl_s: float | None = None
    ) -> int | None:
        """Write if `key` is at `version`, 0 meaning absent; the new version, or `None`."""
        ...

    async def renew(self, key: str, *, version: int, ttl_s: float | None) -> bool:
        """Start a new lease if `key` is still at `version`, which stays; whether it was."""
        ...

    async def increment(self, key: str, by: int = 1, *, ttl_s: float | None = None) -> int:
        """Add to the integer at `key`, 0 if absent; the sum.

        `ttl_s` starts a new lease, `None` keeps the one there is. A value that is no integer of
        at most 15 digits, before or after, is a `StoreError`.
        """
        ...

    async def delete(self, key: str, *, version: int | None = None) -> bool:
        """Remove `key`, if it is at `version` where one is given; whether it was removed."""
        ...

    async def list_keys(self, prefix: str = "", *, after: str = "", limit: int = 100) -> Page:
        """Up to `limit` (1 to 1,000) keys that begin with `prefix`, from beyond `after`."""
        ...

    async def clear(self, prefix: str = "") -> int:
        """Remove what begins with `prefix`, in several steps; how many keys that were."""
        ...

    async def sizes(self, prefix: str = "") -> Sizes:
        """What begins with `prefix`, counted in several steps."""
        ...

    def watch(self, prefix: str = "") -> ChangeStream:
        """The changes of keys that begin with `prefix`, from entering it on."""
        ...
