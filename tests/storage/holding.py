"""`python holding.py PLACE OWNER`: claims `task`, and writes its result when told to.

It says the fencing number of its claim, waits for a line, and says whether it was still allowed
to write.
"""

import sys

import anyio

from toolyard.builtin_tools.memory import Memory
from toolyard.storage.opening import store_at

LEASE_S = 0.5


async def hold(place: str, owner: str) -> None:
    async with Memory(store_at(place)) as memory:
        claim = await memory.claim("task", owner, LEASE_S)
        assert claim.is_won
        print(claim.version, flush=True)
        sys.stdin.readline()
        written = await memory.compare_and_set("task", f"by {owner}", expected=claim.version)
        renewed = await memory.renew("task", owner, LEASE_S)
        print("refused" if written is None and renewed is None else "written", flush=True)


if __name__ == "__main__":
    anyio.run(hold, sys.argv[1], sys.argv[2])
