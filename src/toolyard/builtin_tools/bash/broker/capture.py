"""What is kept of one output stream."""

from __future__ import annotations

import os
from contextlib import suppress

from toolyard.builtin_tools.bash.order import Stream

CHUNK = 1 << 16
_LARGEST_PIPE = 1 << 20
"""Which those who are not root may ask for."""


class Capture:
    """Reads a pipe and keeps its beginning and its end, half of `most` bytes each."""

    def __init__(self, descriptor: int, most: int) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self.total = 0
        self._most = most
        self._head = bytearray()
        self._tail = bytearray()

    def read(self) -> bool:
        """Take what is there now; whether more may come."""
        try:
            data = os.read(self.descriptor, CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._keep(data)
        return bool(data)

    def drain(self) -> None:
        """Take what is still there, and no more than a pipe can hold.

        Somebody else may go on writing, to whom the command has passed its end.
        """
        with suppress(OSError):
            for _ in range(_LARGEST_PIPE // CHUNK):
                data = os.read(self.descriptor, CHUNK)
                self._keep(data)
                if not data:
                    return

    def _keep(self, data: bytes) -> None:
        self.total += len(data)
        room = self._most // 2 - len(self._head)
        self._head += data[:room] if room > 0 else b""
        self._tail += data[max(room, 0) :]
        if len(self._tail) > self._most:
            del self._tail[: -self._kept_of_tail]

    @property
    def _kept_of_tail(self) -> int:
        return self._most - self._most // 2

    def stream(self) -> Stream:
        """What was kept."""
        tail = bytes(self._tail[-self._kept_of_tail :])
        return Stream(bytes(self._head), tail, self.total - len(self._head) - len(tail))
