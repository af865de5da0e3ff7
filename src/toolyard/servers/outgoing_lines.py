"""Lines that go out: whole, in order, and written so that nothing else has to wait for them."""

from __future__ import annotations

import os
import select
import socket
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial

import anyio
from anyio.lowlevel import checkpoint, checkpoint_if_cancelled

from toolyard.core.background import Background
from toolyard.core.threads import Threads
from toolyard.servers.readiness import WRITE, CannotWatch, Readiness

MOST_HELD = 1 << 18
"""How many bytes may wait for a host that does not read before those who send wait too."""

Write = Callable[[bytearray], Awaitable[None]]


class SentLines:
    """Takes lines at once and writes all that lie ready together, unless too many do."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting = bytearray()
        self._held = 0  # with what is being written
        self._wanted = anyio.Event()
        self._moved = anyio.Event()
        self._is_over = False

    async def send(self, line: bytes) -> None:
        """Have `line`, with its end, written after all that were sent before.

        Raises:
            BrokenResourceError: Nothing is written any more.
        """
        await checkpoint_if_cancelled()
        if self._waiting:  # let them be written, or a tool that only speaks would hold up all
            await checkpoint()
        while self._held > MOST_HELD and not self._is_over:
            await self._moved.wait()
        if self._is_over:
            raise anyio.BrokenResourceError
        self._waiting += line
        self._held += len(line)
        self._wanted.set()

    async def all_written(self) -> None:
        """Return once all that was sent is written, or nothing is any more."""
        while self._held and not self._is_over:
            await self._moved.wait()

    async def run(self) -> None:
        """Write what is sent.

        Raises:
            OSError: It could not be written, as where the host has gone.
        """
        try:
            while True:
                await self._wanted.wait()
                self._wanted = anyio.Event()
                lines, self._waiting = self._waiting, bytearray()
                await self._write(lines)
                self._held -= len(lines)
                self._tell()
        finally:
            self._is_over = True
            self._tell()

    def _tell(self) -> None:
        moved, self._moved = self._moved, anyio.Event()
        moved.set()


@asynccontextmanager
async def lines_to(descriptor: int) -> AsyncGenerator[SentLines]:
    """A way to write lines to `descriptor`; those not yet written at the end are not."""
    with _way_to(descriptor) as write:
        lines = SentLines(write)
        async with Background() as tasks:
            tasks.start_soon(lines.run)
            yield lines


@contextmanager
def _way_to(descriptor: int) -> Generator[Write]:
    with ExitStack() as stack:
        try:
            write = _Way(descriptor, stack).write
        except CannotWatch:
            threads = Threads(1)
            yield lambda lines: threads.run(partial(_write_waiting, descriptor, lines))
        else:
            yield write


class _Way:
    """Writes from the event loop, as much at a time as does not block."""

    def __init__(self, descriptor: int, stack: ExitStack) -> None:
        kind = os.fstat(descriptor).st_mode
        if not stat.S_ISFIFO(kind) and not stat.S_ISSOCK(kind):
            raise CannotWatch  # a terminal may be ready for less than is written
        self._is_ready = anyio.Event()
        self._readiness = Readiness(descriptor, WRITE, lambda: self._is_ready.set())
        stack.callback(self._readiness.close)
        if stat.S_ISFIFO(kind):
            self._write_some = _to_pipe(descriptor)
        else:
            sender = stack.enter_context(socket.socket(fileno=os.dup(descriptor)))
            self._write_some = partial(_send, sender)

    async def write(self, lines: bytearray) -> None:
        rest = memoryview(lines)
        while rest:
            written = 0
            with suppress(BlockingIOError):
                written = self._write_some(rest)
                rest = rest[written:]
            if not written:
                self._is_ready = anyio.Event()
                self._readiness.ask()
                await self._is_ready.wait()


def _to_pipe(descriptor: int) -> Callable[[memoryview], int]:
    """Pipes that are ready take this many bytes without blocking, and perhaps no more."""
    state = select.poll()
    state.register(descriptor, select.POLLOUT)
    return lambda rest: os.write(descriptor, rest[: select.PIPE_BUF]) if state.poll(0) else 0


def _send(sender: socket.socket, rest: memoryview) -> int:
    return sender.send(rest, socket.MSG_DONTWAIT)


def _write_waiting(descriptor: int, lines: bytearray) -> None:
    rest = memoryview(lines)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # who shares the descriptor wants it so
            select.select([], [descriptor], [])
