"""Many worker processes on one pool, some killed at random, and what they did."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from tests.orchestration.work.working import NAMESPACE, POOL, items_of
from tests.storage.team import Team

from toolyard.orchestration.work.pool import WorkPool
from toolyard.orchestration.work.status import PoolStatus
from toolyard.storage.opening import store_at

PROGRAM = Path(__file__).with_name("working.py")


@dataclass
class Workers(Team):
    """A team on a work pool; its results are compared with what each worker noted."""

    program: Path = PROGRAM

    async def fill(self) -> None:
        """Put the items into the pool."""
        async with store_at(self.place) as store:
            await WorkPool(store, POOL, namespace=NAMESPACE).add(items_of(self.tasks))

    async def watched(self) -> AsyncGenerator[PoolStatus, None]:
        """How far they are, until everything is done."""
        async with store_at(self.place) as store:
            async for status in WorkPool(store, POOL, namespace=NAMESPACE).watch(pause_s=5):
                yield status

    async def results(self) -> dict[str, str]:
        """What is recorded at each item in the end."""
        async with store_at(self.place) as store:
            pool = WorkPool(store, POOL, namespace=NAMESPACE)
            assert await pool.is_done()
            status = await pool.status()
            assert (status.completed, status.failures) == (self.tasks, ())
            return {each.id: each.result for each in (await pool.results()).values()}
