"""`python claiming.py PLACE TASKS OWNER HISTORY`: a worker that claims and completes tasks.

It writes what it completed to its own file before anybody could kill it again, and ends when all
tasks are done. `PLACE` names the store as settings do.
"""

import random
import sys
from pathlib import Path
from typing import IO

import anyio

from toolyard.builtin_tools.memory import Memory
from toolyard.core.errors import OutcomeUnknown, StoreUnavailable
from toolyard.storage.opening import store_at

LEASE_S = 1.0


async def complete(memory: Memory, task: str, owner: str, history: IO[str]) -> bool:
    """Whether `task` is done, by whomever; noted in `history` if it was by us."""
    claim = await memory.claim(task, owner, LEASE_S)
    if not claim.is_won:
        return not claim.owner
    result = f"{owner} {claim.version}"
    if await memory.compare_and_set(task, result, expected=claim.version) is None:
        return False
    history.write(f"{task} {result}\n")
    return True


async def work(place: str, count: int, owner: str, history: Path) -> None:
    left = [f"task:{number}" for number in range(count)]
    random.Random(owner).shuffle(left)
    async with Memory(store_at(place), namespace="soak") as memory:
        with history.open("a", buffering=1) as file:
            while left:
                open_tasks = list[str]()
                for task in left:
                    try:
                        is_done = await complete(memory, task, owner, file)
                    except (OutcomeUnknown, StoreUnavailable):
                        is_done = False  # looked at again in the next turn
                    if not is_done:
                        open_tasks.append(task)
                left = open_tasks
                await anyio.sleep(0.05 if left else 0)


if __name__ == "__main__":
    _, place, count, owner, history = sys.argv
    anyio.run(work, place, int(count), owner, Path(history))
