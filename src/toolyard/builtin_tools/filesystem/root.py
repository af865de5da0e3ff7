"""The directory below which everything happens."""

from __future__ import annotations

import os
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

from toolyard.builtin_tools.filesystem.opening import (
    PASSAGE,
    Opener,
    has_openat2,
    openat2,
    walk,
)
from toolyard.core.errors import ConfigError

Confinement = Literal["auto", "openat2", "walk"]


class Root:
    """One directory, opened once; where its name leads later does not matter.

    Its descriptor is closed when nobody uses the object any more, so that a thread which still
    works cannot meet another file under the same number.
    """

    def __init__(self, path: str | os.PathLike[str], confinement: Confinement = "auto") -> None:
        self._descriptor = _opened(path)
        weakref.finalize(self, os.close, self._descriptor).atexit = False
        self.confinement: Confinement
        self.confinement, self._open = _opener(self._descriptor, confinement)

    def open(self, path: str, flags: int) -> int:
        """A descriptor for a checked path; whoever asked closes it. `OSError` if impossible."""
        return self._open(self._descriptor, path, flags)

    @contextmanager
    def opened(self, path: str, flags: int) -> Generator[int]:
        """The same, closed when the block ends."""
        descriptor = self.open(path, flags)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def parent(self, path: str, flags: int = PASSAGE) -> Generator[tuple[int, str]]:
        """The directory that holds the last part of `path`, and that part."""
        above, _, name = path.rpartition("/")
        with self.opened(above or ".", flags) as directory:
            yield directory, name

    def status(self, path: str) -> os.stat_result:
        """What `path` is, itself: a link is not followed."""
        with self.parent(path) as (directory, name):
            return os.stat(name, dir_fd=directory, follow_symlinks=False)


def _opened(path: str | os.PathLike[str]) -> int:
    try:
        return os.open(path, PASSAGE)
    except FileNotFoundError:
        raise ConfigError(f"There is no directory {os.fspath(path)!r}: make it first.") from None
    except (OSError, ValueError, TypeError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        raise ConfigError(f"The root {path!r} cannot be opened: {reason}.") from None


def _opener(descriptor: int, wanted: Confinement) -> tuple[Confinement, Opener]:
    if wanted not in ("auto", "openat2", "walk"):
        raise ConfigError(f"The confinement is auto, openat2 or walk, not {wanted!r}.")
    if wanted == "walk":
        return "walk", walk
    if has_openat2(descriptor):
        return "openat2", openat2
    if wanted == "openat2":
        raise ConfigError("This kernel has no usable openat2; leave confinement at auto.")
    return "walk", walk
