"""One writer at a time, among threads and among processes."""

from __future__ import annotations

import errno
import fcntl
import time
from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock

from toolyard.builtin_tools.filesystem.opening import DIRECTORY
from toolyard.builtin_tools.filesystem.root import Root
from toolyard.core.errors import ToolError

MAX_WAIT_S = 10.0
_PAUSE_S = 0.005
_BUSY = "Others are writing all the time; try again."
_WITHOUT = (errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOTSUP)
"""What file systems say that have no locks for directories, such as NFS."""


class WriteLock:
    """Held while something is changed below the root; the system gives it back after a kill.

    So whoever holds it knows that no other process of ours is writing, unless the file system
    has no locks: then only this process is ordered.
    """

    def __init__(self, root: Root) -> None:
        self._root = root
        self._threads = Lock()

    @contextmanager
    def held(self) -> Generator[None]:
        """Wait for it, at most `MAX_WAIT_S`; `ToolError` if that was too short."""
        until = time.monotonic() + MAX_WAIT_S
        if not self._threads.acquire(timeout=MAX_WAIT_S):
            raise ToolError(_BUSY)
        try:
            with self._root.opened(".", DIRECTORY) as directory:  # closing it unlocks it
                _wait_for(directory, until)
                yield
        finally:
            self._threads.release()


def _wait_for(directory: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise ToolError(_BUSY) from None
            time.sleep(_PAUSE_S)
        except OSError as error:
            if error.errno not in _WITHOUT:
                raise
            return
        else:
            return
