"""Lines that come in, read so that nothing else has to wait for them."""

from __future__ import annotations

import os
import select
from asyncio import AbstractEventLoop, get_running_loop
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from threading import Semaphore, Thread

import anyio

from toolyard.servers.readiness import READ, CannotWatch, Readiness

_CHUNK = 1 << 16
"""How many bytes are read at once; as many as a pipe holds."""


class HeardLines:
    """Lines as they come, but for blank ones, until the input ends or `end` is called."""

    def __init__(self) -> None:
        self.ask: Callable[[], None] = self.end  # replaced by who reads and will feed
        self._ready: deque[bytes] = deque()
        self._begun: list[bytes] = []
        self._news = anyio.Event()
        self._is_over = False

    def feed(self, chunk: bytes) -> None:
        """Take what was read; nothing is the end of the input."""
        if self._is_over:
            return
        first, *others = chunk.split(b"\n")
        self._begun.append(first)
        if others or not chunk:
            whole = (b"".join(self._begun), *others[:-1])
            self._ready.extend(line for line in whole if line.strip())
            self._begun = others[-1:]
        self._is_over = not chunk
        self._news.set()

    def __aiter__(self) -> HeardLines:
        return self

    async def __anext__(self) -> bytes:
        while not self._ready:
            if self._is_over:
                raise StopAsyncIteration
            self._news = anyio.Event()
            self.ask()
            await self._news.wait()
        return self._ready.popleft()

    def end(self) -> None:
        """Give no further line, as if the input had ended."""
        self._is_over = True
        self._ready.clear()
        self._news.set()


@asynccontextmanager
async def lines_of(descriptor: int) -> AsyncGenerator[HeardLines]:
    """The lines that can be read from `descriptor`."""
    lines = HeardLines()

    def read() -> None:
        with suppress(BlockingIOError):  # somebody else was quicker
            lines.feed(_read(descriptor))
            return
        readiness.ask()

    try:
        readiness = Readiness(descriptor, READ, read)
    except CannotWatch:
        lines.ask = _Thread(descriptor, lines).ask
        yield lines
        return
    lines.ask = readiness.ask
    try:
        yield lines
    finally:
        readiness.close()


class _Thread:
    """Reads where only a thread can wait; the process does not wait for it.

    It is one chunk ahead, so that it waits for the input, not to be asked.
    """

    def __init__(self, descriptor: int, lines: HeardLines) -> None:
        self._asked = Semaphore(1)
        self.ask = self._asked.release
        arguments = descriptor, lines, get_running_loop()
        Thread(target=self._pass_on, args=arguments, daemon=True).start()

    def _pass_on(self, descriptor: int, lines: HeardLines, loop: AbstractEventLoop) -> None:
        chunk = b"unknown"
        with suppress(RuntimeError):  # the loop is closed: nobody serves any more
            while chunk:
                self._asked.acquire()
                chunk = _read_waiting(descriptor)
                loop.call_soon_threadsafe(lines.feed, chunk)


def _read_waiting(descriptor: int) -> bytes:
    while True:
        with suppress(BlockingIOError):  # the process at the other end wants it so
            return _read(descriptor)
        select.select([descriptor], [], [])


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        raise
    except OSError:  # as of a terminal that is gone
        return b""
