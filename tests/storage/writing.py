"""`python writing.py FILE NAME`: writes keys until it is killed; says which once they are kept."""

import sys

import anyio

from toolyard.storage.sqlite_store import SqliteStore


async def write(file: str, name: str) -> None:
    async with SqliteStore(file) as store:
        number = 0
        while True:
            version = await store.put(f"{name}:{number}", f"{number} " * (number % 200))
            sys.stdout.write(f"{name}:{number} {version}\n")
            sys.stdout.flush()
            number += 1


if __name__ == "__main__":
    anyio.run(write, sys.argv[1], sys.argv[2])
