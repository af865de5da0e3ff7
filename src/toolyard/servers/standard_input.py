"""Standard input for the protocol alone, read so that nothing has to wait for it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from threading import Thread

import anyio
import anyio.from_thread
from anyio.lowlevel import EventLoopToken, current_token
from anyio.streams.memory import MemoryObjectSendStream

STDIN = 0


@contextmanager
def private_input() -> Generator[int]:
    """A descriptor of standard input; tools and their children that read it find it at its end.

    The descriptor stays open: a thread may still wait for its next line.
    """
    private = os.dup(STDIN)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, STDIN)
    os.close(nothing)
    try:
        yield private
    finally:
        os.dup2(private, STDIN)


class Lines:
    """Lines as they come, until the input ends or `end` is called."""

    def __init__(self) -> None:
        self.sender, self._lines = anyio.create_memory_object_stream[bytes]()

    def __aiter__(self) -> Lines:
        return self

    async def __anext__(self) -> bytes:
        return await self._lines.__anext__()

    def end(self) -> None:
        """Give no further line, as if the input had ended."""
        self.sender.close()

    def close(self) -> None:
        """End, and leave what was not taken."""
        self.end()
        self._lines.close()


@asynccontextmanager
async def lines_of(descriptor: int) -> AsyncGenerator[Lines]:
    """The lines that can be read from `descriptor`, but for blank ones.

    A thread that the process does not wait for reads them: nothing can end a read of a pipe.
    """
    lines = Lines()
    try:
        Thread(
            target=_pass_on, args=(descriptor, lines.sender, current_token()), daemon=True
        ).start()
        yield lines
    finally:
        lines.close()


def _pass_on(descriptor: int, lines: MemoryObjectSendStream[bytes], loop: EventLoopToken) -> None:
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            for line in filter(bytes.strip, stream):
                anyio.from_thread.run(lines.send, line, token=loop)
        anyio.from_thread.run_sync(lines.close, token=loop)
    except (anyio.RunFinishedError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass  # nobody serves any more
