"""Where a team has its pool of items from."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol

from toolyard.core.errors import ConfigError
from toolyard.orchestration.refusals import refuse_less
from toolyard.orchestration.work.facts import facts_of
from toolyard.orchestration.work.item import WorkItem, check_name, in_order
from toolyard.orchestration.work.pool import WorkPool
from toolyard.storage.checks import MAX_TTL_S
from toolyard.storage.memory_store import MemoryStore
from toolyard.storage.store import Store

MIN_LEASE_S = 0.1
"""Shorter ones would end before they can be renewed."""


class PoolSource(Protocol):
    """Gives each run its pool."""

    @property
    def items(self) -> Sequence[WorkItem]:
        """Those that are known before, in their order."""
        ...

    def opened(self, task: str) -> AbstractAsyncContextManager[WorkPool]:
        """A pool, as long as the block runs; `task` is what the team is to do."""
        ...


class OwnPool:
    """A pool that is filled with the items of the team, if nobody has done that yet.

    Without a store it is one for each run, in this process.
    """

    def __init__(
        self,
        pool_id: str,
        items: Sequence[WorkItem],
        store: Store | None,
        *,
        lease_s: float,
        max_attempts: int,
        checks_all: bool,
        namespace: str,
    ) -> None:
        check_name(pool_id, "pool_id")
        check_name(namespace, "namespace")
        if not MIN_LEASE_S <= lease_s <= MAX_TTL_S:
            raise ConfigError(
                f"lease_s must be from {MIN_LEASE_S} to {MAX_TTL_S:.0f}, not {lease_s}."
            )
        refuse_less(1, max_attempts=max_attempts)
        # What is not among the items may be in a store already.
        there = [] if store is None else [each for item in items for each in item.depends_on]
        in_order(items, there)
        self.items = tuple(items)
        self._store = store
        self._pool = partial(
            WorkPool,
            pool=pool_id,
            lease_s=lease_s,
            max_attempts=max_attempts,
            checks_all=checks_all,
            namespace=namespace,
        )

    @asynccontextmanager
    async def opened(self, task: str) -> AsyncGenerator[WorkPool]:
        """As `PoolSource.opened`."""
        if self._store is not None:
            pool = self._pool(self._store)
            await pool.add(self.items, task=task)
            yield pool
            return
        async with MemoryStore() as store:
            pool = self._pool(store)
            await pool.add(self.items, task=task)
            yield pool


class JoinedPool:
    """A pool that others fill, with the lease and the attempts that they have given it."""

    items: Sequence[WorkItem] = ()

    def __init__(
        self, pool_id: str, store: Store, *, wait_s: float, checks_all: bool, namespace: str
    ) -> None:
        check_name(pool_id, "pool_id")
        check_name(namespace, "namespace")
        self._facts = partial(facts_of, store, pool_id, namespace=namespace, wait_s=wait_s)
        self._pool = partial(WorkPool, store, pool_id, checks_all=checks_all, namespace=namespace)

    async def task(self) -> str:
        """What the team is to do, once its pool is filled."""
        return (await self._facts()).task

    @asynccontextmanager
    async def opened(self, task: str) -> AsyncGenerator[WorkPool]:
        """As `PoolSource.opened`."""
        del task
        facts = await self._facts()
        yield self._pool(lease_s=facts.lease_s, max_attempts=facts.max_attempts)
