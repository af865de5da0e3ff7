"""What a server's process says on its standard error, as lines of our log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress

import anyio
from anyio.abc import ByteReceiveStream

from toolyard.core.text_safety import without_hidden

logger = logging.getLogger("toolyard.clients.remarks")

MOST_LETTERS = 1_000
"""In one line; the rest of it is left out."""
BURST = 200
"""Lines that may come at once."""
LINES_PER_S = 20.0
"""Lines that may come for ever."""
READ_BYTES = 65_536


async def log_remarks(stderr: ByteReceiveStream, name: str) -> None:
    """Log what comes from `stderr` until it ends; what is too much is counted and thrown away.

    It is read to the end in any case: a process whose remarks nobody takes would wait for ever.
    """
    lines, allowance = Lines(), Allowance()
    with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        while True:
            for line in lines.added(await stderr.receive(READ_BYTES)):
                _log(name, line, allowance)
    for line in lines.rest():
        _log(name, line, allowance)


def _log(name: str, line: str, allowance: Allowance) -> None:
    if not allowance.has_room():
        return
    if allowance.left_out:
        logger.info("%s wrote %d more lines, left out here", name, allowance.left_out)
        allowance.left_out = 0
    logger.info("%s: %s", name, line)


class Lines:
    """Lines out of pieces of them, each cut and harmless; no more than one is kept."""

    def __init__(self) -> None:
        self._begun = b""

    def added(self, piece: bytes) -> Iterator[str]:
        """The lines that end in `piece`, which comes next."""
        *whole, begun = (self._begun + piece).split(b"\n")
        self._begun = begun[: 4 * MOST_LETTERS + 1]  # a letter has up to four bytes
        for line in whole:
            yield from _shown(line)

    def rest(self) -> Iterator[str]:
        """The last line, if it was not ended."""
        yield from _shown(self._begun)


def _shown(line: bytes) -> Iterator[str]:
    text = line[: 4 * MOST_LETTERS + 1].decode(errors="replace")
    shown = without_hidden(text).strip()
    if shown:
        yield shown if len(shown) <= MOST_LETTERS else f"{shown[: MOST_LETTERS - 1]}…"


class Allowance:
    """How many lines may still be logged: some at once, and few for ever."""

    def __init__(self) -> None:
        self._room = float(BURST)
        self._since = anyio.current_time()
        self.left_out = 0

    def has_room(self) -> bool:
        """Whether one more may be; if not, it is counted as left out."""
        now = anyio.current_time()
        self._room = min(BURST, self._room + (now - self._since) * LINES_PER_S)
        self._since = now
        if self._room < 1:
            self.left_out += 1
            return False
        self._room -= 1
        return True
