"""Two workers share a memory in one file; each task is claimed and completed exactly once."""

from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from toolyard import Memory, SqliteStore

TASKS = [f"task:{number}" for number in range(6)]


async def work(file: Path, owner: str) -> None:
    async with Memory(SqliteStore(file), namespace="team") as memory:
        for task in TASKS:
            claim = await memory.claim(task, owner, ttl_s=30)
            if not claim.is_won:
                continue
            await anyio.sleep(0.01)  # the work itself; for long work, renew the claim
            # The version is the fencing number: this fails if the claim was lost meanwhile.
            await memory.compare_and_set(task, f"done by {owner}", expected=claim.version)


async def main() -> None:
    with TemporaryDirectory() as directory:
        file = Path(directory) / "team.db"
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work, file, "ann")
            tasks.start_soon(work, file, "bob")
        async with Memory(SqliteStore(file), namespace="team") as memory:
            for task in TASKS:
                found = await memory.get(task)
                print(task, "is", found and found.value)


if __name__ == "__main__":
    anyio.run(main)
