"""A line more for a file that others may be adding to at the same time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG

from toolyard.core.errors import ConfigError


@contextmanager
def appending(path: Path) -> Generator[Callable[[str], None]]:
    """What adds a line to the file at `path`; nobody else who asks here adds one meanwhile.

    A new file is for its owner only. The line stands alone even where the last one is unfinished.

    Raises:
        ConfigError: It is no ordinary file that can be written, or has no room for the line.
    """
    try:
        descriptor = _opened(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield lambda line: _append(descriptor, line)
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        raise ConfigError(f"The file {path.name!r} cannot be written.") from None


def _opened(path: Path) -> int:
    # Not blocking, as a pipe that nobody reads would.
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o600)
    if not S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not an ordinary file")
    return descriptor


def _append(descriptor: int, line: str) -> None:
    size = os.fstat(descriptor).st_size
    is_finished = size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
    text = f"{line}\n" if is_finished else f"\n{line}\n"
    if os.write(descriptor, text.encode()) < len(text.encode()):
        os.ftruncate(descriptor, size)
        raise OSError("no room for the line")
