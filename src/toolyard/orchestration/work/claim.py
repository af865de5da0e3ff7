"""What a worker holds while it works on an item."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio

from toolyard.core.background import Background
from toolyard.core.errors import StoreError
from toolyard.core.workflow_errors import ClaimLost
from toolyard.orchestration.work.item import WorkItem
from toolyard.orchestration.work.records import OpenItem
from toolyard.orchestration.work.steady import Steady

GRACE_S = 5.0
"""To give an item back when whoever has it is stopped."""
_RENEWALS = 3
"""In the time that a lease lasts."""


class WorkClaim:
    """An item that one worker works on, as long as the lease lasts; made by `WorkPool.claim`."""

    def __init__(
        self,
        store: Steady,
        key: str,
        opened: OpenItem,
        worker: str,
        *,
        version: int,
        opened_version: int,
        lease_s: float,
        ends: float,
    ) -> None:
        self.item: WorkItem = opened.item
        self.worker = worker
        self.attempt = opened.attempts
        """Which attempt of the item this is, from 1."""
        self.reasons = opened.reasons
        """Why the attempts before failed."""
        self.version = version
        """The fencing number: later claims of the item have greater ones."""
        self.opened = opened
        self.opened_version = opened_version
        """Of what is kept of the item, as this claim wrote it."""
        self._store = store
        self._key = key
        self._lease_s = lease_s
        self._ends = ends

    async def renew(self) -> None:
        """Start a new lease.

        Raises:
            ClaimLost: The lease had ended, or ended before the store answered.
        """
        began, is_ours = anyio.current_time(), False
        with anyio.CancelScope(deadline=self._ends):
            is_ours = await self._store.renew(self._key, version=self.version, ttl_s=self._lease_s)
        if not is_ours:
            raise ClaimLost(self.item.id)
        self._ends = began + self._lease_s

    @asynccontextmanager
    async def held(self) -> AsyncGenerator[None]:
        """Have it renewed while the block runs; the block is cancelled when it is lost.

        Raises:
            ClaimLost: It was lost.
        """
        lost: list[StoreError | ClaimLost] = []

        async def keep() -> None:
            while not lost:
                await anyio.sleep(self._lease_s / _RENEWALS)
                try:
                    await self.renew()
                except (StoreError, ClaimLost) as error:
                    lost.append(error)
                    scope.cancel()

        with anyio.CancelScope() as scope:
            async with Background() as tasks:
                tasks.start_soon(keep)
                yield
        if lost:
            raise ClaimLost(self.item.id) from lost[0]
