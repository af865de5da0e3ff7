"""A program that runs commands, and is killed by a test while they run."""

import sys
from pathlib import Path

import anyio
from tests.builtin_tools.bash.shells import MARK, shell

from toolyard.builtin_tools.bash.isolation import Backend


async def main(backend: Backend, root: str, mark: str) -> None:
    command = "trap '' TERM HUP INT; (setsid sleep 600 &) ; sleep 600"
    bash = shell(backend, Path(root), environment={MARK: mark})
    async with bash, anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(bash.run, command)


anyio.run(main, *sys.argv[1:])  # pyright: ignore[reportArgumentType]
