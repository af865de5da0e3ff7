"""The memory: keys, values and claims that agents share; in Python and as a tool."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from toolyard.builtin_tools.memory_answers import memory_toolbox
from toolyard.builtin_tools.memory_items import (
    Claim,
    MemoryItem,
    kept_claim,
    kept_value,
    owner_in,
    value_in,
)
from toolyard.builtin_tools.memory_language import MAX_KEY_BYTES
from toolyard.core.errors import ConfigError, StoreError, StoreUnavailable
from toolyard.core.protocol import health_of
from toolyard.core.tool_owner import ToolOwner
from toolyard.core.toolbox import Toolbox
from toolyard.storage.memory_store import MemoryStore
from toolyard.storage.store import Entry, Page, Sizes, Store

_TRIES = 5


class Memory(ToolOwner):
    """One namespace of a store.

    Memories of different namespaces on one store never see each other. All methods raise what
    the store raises: `StoreError` and its kinds.
    """

    def __init__(self, store: Store | None = None, *, namespace: str = "default") -> None:
        """A memory; it enters the store when it is entered itself, and leaves it.

        Args:
            store: Where it is kept; in this process if not given, which needs no entering.
            namespace: 1 to 64 letters, digits, `.`, `_` and `-`.

        Raises:
            ConfigError: `namespace` is malformed.
        """
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", namespace):
            raise ConfigError("A namespace has 1 to 64 letters, digits, '.', '_' and '-'.")
        self._store: Store = MemoryStore() if store is None else store
        self._space = f"{namespace}/"
        self._entered: list[AsyncExitStack] = []

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._store)
            self._entered.append(stack.pop_all())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._entered.pop().aclose()

    def health(self) -> Mapping[str, Any]:
        """How the store says it is."""
        told = health_of(self._store)
        return {"store": told} if told else {}

    async def put(self, key: str, value: str, ttl_s: float | None = None) -> int:
        """Write, whatever was there, a claim too; the new version."""
        return await self._store.put(self._at(key), kept_value(value), ttl_s=ttl_s)

    async def get(self, key: str) -> MemoryItem | None:
        """What is at `key`; `None` if nothing is."""
        found = await self._store.get(self._at(key))
        if found is None:
            return None
        value, is_claim = value_in(found.value), owner_in(found.value) is not None
        return MemoryItem(value, found.version, found.added_at, found.expires_in_s, is_claim)

    async def list_keys(self, prefix: str = "", *, after: str = "", limit: int = 100) -> Page:
        """Up to `limit` (1 to 1,000) keys in order; go on with `after` the page's cursor."""
        start = self._space + after if after else ""
        page = await self._store.list_keys(self._space + prefix, after=start, limit=limit)
        keys = tuple(replace(each, key=self._own(each.key)) for each in page.keys)
        return Page(keys, None if page.cursor is None else self._own(page.cursor))

    async def delete(self, key: str) -> bool:
        """Remove what is at `key`, a claim too; whether something was."""
        return await self._store.delete(self._at(key))

    async def clear(self, prefix: str = "") -> int:
        """Remove all that begins with `prefix`, in several steps; how many keys that were."""
        return await self._store.clear(self._space + prefix)

    async def total(self) -> Sizes:
        """How many keys there are, and their bytes and those of what is at them."""
        sizes = await self._store.sizes(self._space)
        return replace(sizes, key_bytes=sizes.key_bytes - sizes.keys * len(self._space))

    async def claim(self, key: str, owner: str, ttl_s: float) -> Claim:
        """Take `key` for `owner` if nothing is there; of many who try exactly one wins.

        The holder wins again, with the same version, and has a new lease: so after an
        `OutcomeUnknown`, claim once more. Give every worker an owner of its own. To finish
        what was claimed, `compare_and_set` the result with the version of the claim.
        """
        at, kept = self._at(key), kept_claim(_checked(owner))
        for _ in range(_TRIES):
            version = await self._store.compare_and_set(at, kept, version=0, ttl_s=ttl_s)
            if version is not None:
                return Claim(True, owner, version, ttl_s)
            found = await self._store.get(at)
            if found is not None and found.value != kept:
                return _held(found)
            if found is not None and await self._store.renew(
                at, version=found.version, ttl_s=ttl_s
            ):
                return Claim(True, owner, found.version, ttl_s)
        raise StoreUnavailable("The key changes hands too fast; try again.")

    async def renew(self, key: str, owner: str, ttl_s: float) -> Claim | None:
        """Start a new lease of a claim that `owner` holds; `None` if it does not hold it."""
        found = await self._claimed(key, owner)
        if found is None:
            return None
        if not await self._store.renew(self._at(key), version=found.version, ttl_s=ttl_s):
            return None
        return Claim(True, owner, found.version, ttl_s)

    async def release(self, key: str, owner: str) -> bool:
        """Give up a claim that `owner` holds; whether it held it."""
        found = await self._claimed(key, owner)
        if found is None:
            return False
        return await self._store.delete(self._at(key), version=found.version)

    async def compare_and_set(
        self, key: str, value: str, *, expected: int, ttl_s: float | None = None
    ) -> int | None:
        """Write if `key`, or the claim of it, is at version `expected`, 0 meaning absent.

        The new version, or `None` if nothing was written.
        """
        kept = kept_value(value)
        return await self._store.compare_and_set(self._at(key), kept, version=expected, ttl_s=ttl_s)

    def _make_toolbox(self) -> Toolbox:
        return memory_toolbox(self)

    async def _claimed(self, key: str, owner: str) -> Entry | None:
        found = await self._store.get(self._at(key))
        return found if found and found.value == kept_claim(_checked(owner)) else None

    def _at(self, key: str) -> str:
        """The key in the store."""
        if not key:
            raise StoreError("The key is empty; it needs at least one character.")
        if len(key.encode(errors="replace")) > MAX_KEY_BYTES:
            raise StoreError(f"A key has at most {MAX_KEY_BYTES} bytes.")
        return self._space + key

    def _own(self, key: str) -> str:
        return key.removeprefix(self._space)


def _checked(owner: str) -> str:
    if not (owner.isprintable() and 1 <= len(owner.encode()) <= MAX_KEY_BYTES):
        raise StoreError(f"An owner has 1 to {MAX_KEY_BYTES} bytes of printable characters.")
    return owner


def _held(found: Entry) -> Claim:
    return Claim(False, owner_in(found.value) or "", found.version, found.expires_in_s)
