"""Tools whose calls last as long as a test wants."""

from __future__ import annotations

import anyio
import anyio.lowlevel

from toolyard import Toolbox


class Slow(Toolbox):
    """Tools that wait until they are told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.go = anyio.Event()
        self.tool(self.wait)
        self.tool(self.quick)

    async def wait(self) -> str:
        """Wait."""
        self.begun.append("wait")
        try:
            await self.go.wait()
        except anyio.get_cancelled_exc_class():
            self.ended.append("cancelled")
            raise
        self.ended.append("done")
        return "waited"

    async def quick(self, number: int) -> int:
        """Give it back."""
        self.begun.append(f"quick {number}")
        return number


async def until(box: Slow, count: int) -> None:
    with anyio.fail_after(5):
        while len(box.begun) + len(box.ended) < count:
            await anyio.lowlevel.checkpoint()
