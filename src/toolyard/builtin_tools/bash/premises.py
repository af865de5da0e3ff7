"""Directories of a shell's own: for temporary files, and to work in where it was given none."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread

from toolyard.builtin_tools.bash.order import Account
from toolyard.builtin_tools.filesystem.opening import DIRECTORY
from toolyard.core.errors import ConfigError

_PREFIX = "toolyard-bash-"
_FRESH_S = 60.0
"""Between making a directory and locking it there is a moment; this is much longer."""
_REMOVE_S = 60.0
_REMOVE = 'find "$@" -type d ! -perm -700 -exec chmod u+rwx {} ";"; rm -rf -- "$@"'


@dataclass(frozen=True, slots=True)
class Premises:
    """One directory that is made at the start and removed at the end."""

    directory: str
    """It stays ours, so that nobody else can put something in the place of the other two."""
    scratch: str
    work: str
    account: Account | None
    lock: int
    """Its descriptor, locked, which the kernel closes for a server that is killed."""

    @classmethod
    def made(cls, account: Account | None) -> Premises:
        """Make it, for `account` if that is not ours; whoever asks removes it."""
        directory = os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX))
        lock = os.open(directory, DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = cls(directory, f"{directory}/tmp", f"{directory}/work", account, lock)
        for path in (made.scratch, made.work):
            os.mkdir(path, 0o700)
        if account is not None:
            os.chmod(directory, 0o711)  # noqa: S103 - to go through, and no more
            for path in (made.scratch, made.work):
                os.chown(path, account.user, account.group)
        return made

    async def remove(self) -> None:
        """Remove all of it, once; no command may run any more."""
        with anyio.move_on_after(_REMOVE_S, shield=True):
            await anyio.to_thread.run_sync(self._remove, abandon_on_cancel=True)
        os.close(self.lock)

    def _remove(self) -> None:
        # Not by the event loop: uvloop starts no process for another account.
        command = ["/bin/sh", "-c", _REMOVE, "sh", self.scratch, self.work]
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                command, capture_output=True, timeout=_REMOVE_S, check=False, **self._as_account()
            )
        shutil.rmtree(self.directory, ignore_errors=True)

    def _as_account(self) -> dict[str, Any]:
        """Nothing that a command has left there is trusted, so its own account removes it."""
        if self.account is None:
            return {}
        return {"user": self.account.user, "group": self.account.group, "extra_groups": []}


async def sweep() -> None:
    """Remove the premises of servers that were killed."""
    for premises in _abandoned():
        await premises.remove()


def _abandoned() -> Iterator[Premises]:
    """Those of ours that nobody holds; they are locked now."""
    with os.scandir(os.path.realpath(tempfile.gettempdir())) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and _is_old_and_ours(entry):
                lock = os.open(entry.path, DIRECTORY | os.O_NOFOLLOW)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    owner = os.stat("tmp", dir_fd=lock, follow_symlinks=False)
                except OSError:
                    os.close(lock)
                    continue
                account = Account(owner.st_uid, owner.st_gid)
                is_ours = account.user == os.geteuid()
                inside = f"{entry.path}/tmp", f"{entry.path}/work"
                yield Premises(entry.path, *inside, None if is_ours else account, lock)


def _is_old_and_ours(entry: os.DirEntry[str]) -> bool:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    return is_ours and status.st_mtime < time.time() - _FRESH_S


def checked_root(root: str | os.PathLike[str]) -> str:
    """The real path of a directory that was given.

    Raises:
        ConfigError: It is none, or everything there is.
    """
    try:
        path = os.path.realpath(root)
    except (TypeError, ValueError):
        raise ConfigError(f"The root {root!r} is no path.") from None
    if not os.path.isdir(path):
        raise ConfigError(f"There is no directory {os.fspath(root)!r}: make it first.")
    if path == "/":
        raise ConfigError("The root of the file system is no place to work in: name a directory.")
    return path
