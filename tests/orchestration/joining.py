"""`python joining.py PLACE`: joins the pool `pool` of a store, and says what it did."""

import sys

import anyio

from toolyard.orchestration.presets.team_worker import TeamWorker
from toolyard.storage.opening import store_at


def work(task: str) -> str:
    return f"elsewhere: {task.splitlines()[1]}"


async def main() -> None:
    async with store_at(sys.argv[1]) as store:
        result = await TeamWorker("pool", {"guest": work}, store=store).join()
    print(result.ended, len(result.steps), len(result.output))


if __name__ == "__main__":
    anyio.run(main)
