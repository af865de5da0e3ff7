"""`python counting.py PLACE TIMES`: adds to one number, and says how long each step took."""

import sys
import time

import anyio

from toolyard.storage.opening import store_at


async def count(place: str, times: int) -> None:
    async with store_at(place) as store:
        for _ in range(times):
            began = time.monotonic()
            await store.increment("n")
            print(time.monotonic() - began)


if __name__ == "__main__":
    anyio.run(count, sys.argv[1], int(sys.argv[2]))
