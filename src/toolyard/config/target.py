"""What a command line means by TARGET, as far as its text alone says it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from toolyard.core.errors import ConfigError

STDIO = "stdio:"


def command_in(target: str) -> Sequence[str] | None:
    """The command of `stdio:COMMAND ARGS`; `None` if `target` is something else.

    Raises:
        ConfigError: There is no command, or a quotation mark is left open.
    """
    if not target.startswith(STDIO):
        return None
    try:
        command = shlex.split(target.removeprefix(STDIO))
    except ValueError:
        raise ConfigError("A quotation mark after stdio: is never closed.") from None
    if not command:
        raise ConfigError('After stdio: comes a command: "stdio:toolyard serve FILE.py --stdio".')
    return command


def is_url(target: str) -> bool:
    """Whether `target` is meant to be a URL."""
    return "://" in target
