"""What those who work on one pool in one run share: turns to look for items, and news of them."""

from __future__ import annotations

import anyio

from toolyard.core.errors import BudgetSpent
from toolyard.orchestration.work.claim import WorkClaim
from toolyard.orchestration.work.pool import WorkPool

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
"""How long it may go unnoticed that an item of another process has ended."""


class Shift:
    """Finds items for the members of one run, one after the other.

    However many wait, one of them looks; it looks again at once when one of the run has ended an
    item, and now and then for what others have.
    """

    def __init__(self, pool: WorkPool, *, at_once: int, wait_s: float) -> None:
        self.pool = pool
        self.places = anyio.Semaphore(at_once)
        """One for each that may be at work at the same time."""
        self.has_waited_long = False
        """Whether somebody left because others did not come to an end."""
        self.spent: BudgetSpent | None = None
        """Why nobody shall begin another item, if so."""
        self.is_anybody_unable = False
        """Whether somebody left because it could do nothing."""
        self._wait_s = wait_s
        self._turn = anyio.Lock()
        self._change = anyio.Event()
        self._end = anyio.Event()

    async def next(self, worker: str) -> WorkClaim | None:
        """An item for `worker`; `None` if all is done, or there was none for too long."""
        ends = anyio.current_time() + self._wait_s
        async with self._turn:  # nobody has it for longer than `wait_s`
            return await self._found(worker, ends)

    async def _found(self, worker: str, ends: float) -> WorkClaim | None:
        pause_s = _FIRST_PAUSE_S
        while not self._end.is_set():
            change = self._change
            claim = await self.pool.claim(worker)
            if claim is not None:
                return claim
            left_s = ends - anyio.current_time()
            if await self.pool.is_done():
                self._end.set()
            elif left_s <= 0:
                self.has_waited_long = True
                return None
            else:
                with anyio.move_on_after(min(left_s, pause_s)):
                    await change.wait()
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return None

    def end(self, spent: BudgetSpent) -> None:
        """Nobody shall begin another item."""
        self.spent = self.spent or spent
        self._end.set()
        self.look_again()

    def look_again(self) -> None:
        """An item has ended, or was given back."""
        self._change.set()
        self._change = anyio.Event()

    async def rest(self, seconds: float) -> None:
        """Wait so long, or until all is done."""
        with anyio.move_on_after(seconds):
            await self._end.wait()
