"""`python working.py PLACE ITEMS WORKER AUDIT`: a worker of the pool `soak`.

It works until everything is done. What it has recorded it appends to its own file.
"""

import sys
from pathlib import Path

import anyio

from toolyard.core.errors import ClaimLost
from toolyard.orchestration.work.item import WorkItem
from toolyard.orchestration.work.pool import WorkPool
from toolyard.storage.opening import store_at

LEASE_S = 3.0
NAMESPACE = "soak"
POOL = "soak"


def items_of(count: int) -> list[WorkItem]:
    """Work of which some can only be done after other work."""
    return [
        WorkItem(f"item-{number}", depends_on=(f"item-{number // 2}",) if number % 10 == 9 else ())
        for number in range(count)
    ]


async def work(place: str, worker: str, audit: Path) -> None:
    async with store_at(place) as store:
        pool = WorkPool(store, POOL, lease_s=LEASE_S, max_attempts=9, namespace=NAMESPACE)
        with audit.open("a", buffering=1) as file:
            while True:
                claim = await pool.claim(worker, wait_s=1)
                if claim is None:
                    if await pool.is_done():
                        return
                    continue
                result = f"{worker} {claim.version}"
                try:
                    async with claim.held():
                        await anyio.sleep(0.001)
                    await pool.complete(claim, result)
                except ClaimLost:
                    continue
                file.write(f"{claim.item.id} {result}\n")


if __name__ == "__main__":
    _, place, _, worker, audit = sys.argv
    anyio.run(work, place, worker, Path(audit))
