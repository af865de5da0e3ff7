"""A team whose members are processes: they claim items from one store, and nobody coordinates.

Processes of one machine share a file, and those of several machines a Redis: give its URL, such as
`redis://127.0.0.1:6379/0`, and start this program with `join` and the same URL anywhere.
"""

import os
import subprocess
import sys
import tempfile

import anyio

from toolyard import AgentTeam, RedisStore, SqliteStore, Store, TeamWorker, WorkItem

POOL = "freight"
ITEMS = [WorkItem(f"track-{number}", f"Count the wagons on track {number}") for number in range(12)]
TOTAL = WorkItem("total", "Add them up", depends_on=tuple(each.id for each in ITEMS))


def store_of(place: str) -> Store:
    return RedisStore(place) if place.startswith("redis") else SqliteStore(place)


async def work(task: str) -> str:
    """What a member does; an agent would do it with a model and tools."""
    await anyio.sleep(0.02)
    (item,) = (line for line in task.splitlines() if line.startswith("Item "))
    return f"{item.removeprefix('Item ')}, by process {os.getpid()}"


async def join(place: str) -> None:
    """Take part in a team that was started elsewhere."""
    async with store_of(place) as store:
        print("here", flush=True)
        result = await TeamWorker(POOL, {"guest": work}, store=store).join()
    print(f"process {os.getpid()} did {len(result.steps)} of {len(result.output)}")


async def lead(place: str) -> None:
    """Fill the pool, and work on it as everybody does."""
    async with store_of(place) as store:
        result = await AgentTeam(POOL, [*ITEMS, TOTAL], {"host": work}, store=store).run("Count.")
    print(f"process {os.getpid()} did {len(result.steps)} of {len(result.output)}")
    print(result.ended, result.score)
    print(result.output["total"])


def main(place: str) -> None:
    command = [sys.executable, __file__, "join", place]
    guests = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - itself
        for _ in range(2)
    ]
    for each in guests:
        assert each.stdout is not None
        each.stdout.readline()  # that it is here
    anyio.run(lead, place)
    for each in guests:
        print(each.communicate(timeout=20)[0], end="")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["join", place]:
            anyio.run(join, place)
        case [place]:
            main(place)
        case _:
            with tempfile.TemporaryDirectory() as folder:
                main(f"{folder}/team.db")
