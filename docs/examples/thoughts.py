"""What an agent thought, kept so that every change shows, and gone on with after a restart."""

import tempfile
from pathlib import Path

import anyio

from toolyard import ThoughtChain


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "thoughts.jsonl"

        async with ThoughtChain(path) as chain:
            seen = await chain.append("mai", "finding", "Track 2 is blocked until noon.")
            decided = await chain.append("mai", "decision", "Use track 3.", refs=[seen.index])
            await chain.append("mai", "checkpoint", "Lunch.")
            anchor = chain.head  # kept elsewhere, it shows whether the end was cut off

        async with ThoughtChain(path) as chain:  # after a restart, or a kill
            print(await chain.bootstrap_prompt(decided.index))
            print([thought.text for thought in await chain.find(text="track")])

        path.write_bytes(path.read_bytes().replace(b"track 3", b"track 2"))
        verdict = await ThoughtChain(path).verify(anchor)
        print(verdict.bad)


if __name__ == "__main__":
    anyio.run(main)
