"""A file that was written by hand, or by a program of somebody else: read with bounds."""

from __future__ import annotations

import stat
from pathlib import Path

from toolyard.core.errors import ConfigError

MAX_BYTES = 1 << 20
"""How large a settings file may be."""


def text_of(file: Path, most_bytes: int = MAX_BYTES) -> str:
    """What an ordinary file of UTF-8 text holds; `ConfigError` if it cannot be read."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # reading another kind may never end
            raise ConfigError(f"The file {file.name!r} cannot be read; it is no ordinary file.")
        with file.open("rb") as opened:
            text = opened.read(most_bytes + 1)
    except (OSError, ValueError):
        raise ConfigError(f"The file {file.name!r} cannot be read; is it there?") from None
    if len(text) > most_bytes:
        raise ConfigError(f"The file {file.name!r} is larger than {most_bytes} bytes.")
    try:
        return text.decode()
    except UnicodeError:
        raise ConfigError(f"The file {file.name!r} is not UTF-8 text.") from None
