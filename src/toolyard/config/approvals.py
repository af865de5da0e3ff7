"""Which settings files the user has approved, each as it was then."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TextIO

from toolyard.config.state import state_folder


def is_approved(file: Path, text: str) -> bool:
    """Whether the user approved `file` while it held `text`.

    A list of approvals that others could have written counts for nothing.
    """
    try:
        with _opened(os.O_RDONLY) as approved:
            return _digest(file, text) in approved.read().splitlines()
    except OSError:
        return False


def approve(file: Path, text: str) -> None:
    """Remember that the user approved `file` while it holds `text`.

    Raises:
        OSError: The list of approvals cannot be written, or others could have written it.
    """
    _list().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _opened(os.O_WRONLY | os.O_APPEND | os.O_CREAT) as approved:
        approved.write(f"{_digest(file, text)}\n")


def _digest(file: Path, text: str) -> str:
    """SHA-256 of where the file is and what it says.

    Links are not followed: paths in the file are relative to where it seems to be.
    """
    return hashlib.sha256(os.fsencode(file.absolute()) + b"\0" + text.encode()).hexdigest()


def _list() -> Path:
    return state_folder() / "approved"


def _opened(flags: int) -> TextIO:
    """The list, if it is a file that only the user can write."""
    descriptor = os.open(_list(), flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    held = os.fstat(descriptor)
    is_own = stat.S_ISREG(held.st_mode) and held.st_uid == os.geteuid()
    if not is_own or held.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        os.close(descriptor)
        raise PermissionError("The list of approvals is not the user's alone.")
    mode = "w" if flags & os.O_WRONLY else "r"
    return open(descriptor, mode, encoding="ascii", errors="replace")
