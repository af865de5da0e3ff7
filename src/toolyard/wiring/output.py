"""Standard output for results and the protocol alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TextIO

STDOUT, STDERR = 1, 2


@contextmanager
def results_apart() -> Generator[TextIO]:
    """Have what others print, and the processes they start, go to standard error meanwhile.

    Both descriptors must be open. The stream that it gives goes where results go. Several threads
    may be within at the same time, and leave in any order: it lasts until the last has left.
    """
    results = _DIVERSION.enter()
    try:
        yield results
    finally:
        _DIVERSION.leave()


class _Diversion:
    """What is printed goes elsewhere as long as somebody is within."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._within = 0

    def enter(self) -> TextIO:
        """Be within; the stream of results."""
        with self._lock:
            if not self._within:
                self._begin()
            self._within += 1
            return self._opened or self._stream

    def leave(self) -> None:
        """Be within no longer."""
        with self._lock:
            self._within -= 1
            if not self._within:
                self._end()

    def _begin(self) -> None:
        self._stream = sys.stdout
        self._stream.flush()
        self._kept = os.dup(STDOUT)
        self._opened = _opened(self._kept, self._stream) if _is_diverted(self._stream) else None
        os.dup2(STDERR, STDOUT)
        sys.stdout = sys.stderr

    def _end(self) -> None:
        sys.stdout = self._stream
        os.dup2(self._kept, STDOUT)
        if self._opened is not None:
            with suppress(OSError):  # whoever wrote to it knows already
                self._opened.close()
        os.close(self._kept)


_DIVERSION = _Diversion()


def _is_diverted(stream: TextIO) -> bool:
    """Whether it is on the descriptor that goes elsewhere meanwhile."""
    try:
        return stream.fileno() == STDOUT
    except OSError:  # it has none
        return False


def _opened(kept: int, stream: TextIO) -> TextIO:
    """One like `stream` on `kept`."""
    return open(kept, "w", encoding=stream.encoding, errors=stream.errors, closefd=False)
