"""Appends to a ledger until it is killed, and says of each entry when it is acknowledged."""

import sys

import anyio

from toolyard.storage.ledger import Ledger


async def main() -> None:
    async with Ledger(sys.argv[1]) as ledger:
        while True:
            record = await ledger.append({"number": ledger.head.records, "text": "x" * 50})
            sys.stdout.write(f"{record.index} {record.hash}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    anyio.run(main)
