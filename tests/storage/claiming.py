"""`python claiming.py PLACE TASKS OWNER HISTORY`: a worker that claims and completes tasks.

It writes what it completed to its own file before anybody could kill it again, and ends when all
tasks are done. `PLACE` names the store as settings do.
"""

import random
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import anyio

from toolyard.builtin_tools.memory import Memory
from toolyard.core.errors import OutcomeUnknown, StoreUnavailable
from toolyard.storage.opening import store_at

LEASE_S = 1.0


@dataclass
class Worker:
    """One who takes tasks, and resolves what it does not know by reading who did it."""

    memory: Memory
    owner: str
    history: IO[str]
    unknown: dict[str, str] = field(default_factory=dict[str, str])
    """Results of which it does not know whether they were written."""

    async def complete(self, task: str) -> bool:
        """Whether `task` is done, by whomever; noted in the history if it was by us."""
        if await self._was_written(task):
            return True
        claim = await self.memory.claim(task, self.owner, LEASE_S)
        if not claim.is_won:
            return not claim.owner
        result = f"{self.owner} {claim.version}"
        self.unknown[task] = result
        is_written = await self.memory.compare_and_set(task, result, expected=claim.version)
        del self.unknown[task]
        if is_written is None:
            return False
        self.history.write(f"{task} {result}\n")
        return True

    async def _was_written(self, task: str) -> bool:
        result = self.unknown.get(task)
        if result is None:
            return False
        found = await self.memory.get(task)
        del self.unknown[task]
        if found is None or found.value != result:
            return False
        self.history.write(f"{task} {result}\n")
        return True


@asynccontextmanager
async def opened(place: str) -> AsyncGenerator[Memory]:
    """The memory at `place`, as soon as it can be reached."""
    memory = Memory(store_at(place), namespace="soak")
    async with AsyncExitStack() as stack:
        for pause_s in (0.1, 0.2, 0.5, 1, 2, 0):
            try:
                await stack.enter_async_context(memory)
                break
            except (OutcomeUnknown, StoreUnavailable):
                if not pause_s:
                    raise
                await anyio.sleep(pause_s)
        yield memory


async def work(place: str, count: int, owner: str, history: Path) -> None:
    left = [f"task:{number}" for number in range(count)]
    random.Random(owner).shuffle(left)
    async with opened(place) as memory:
        with history.open("a", buffering=1) as file:
            worker = Worker(memory, owner, file)
            while left:
                open_tasks = list[str]()
                for task in left:
                    try:
                        is_done = await worker.complete(task)
                    except (OutcomeUnknown, StoreUnavailable):
                        is_done = False  # looked at again in the next turn
                    if not is_done:
                        open_tasks.append(task)
                left = open_tasks
                await anyio.sleep(0.05 if left else 0)


if __name__ == "__main__":
    _, place, count, owner, history = sys.argv
    anyio.run(work, place, int(count), owner, Path(history))
