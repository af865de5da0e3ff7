"""The kind `bash`: its options, and the shell they describe."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from toolyard.builtin_tools.bash.bash import Bash
from toolyard.builtin_tools.bash.isolation import Wanted
from toolyard.builtin_tools.bash.order import CommandLimits
from toolyard.wiring.options import Words, read_options

_LIMITS = CommandLimits()


class BashOptions(BaseModel):
    """What `[tools.NAME.options]` of the kind `bash` may hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: str | None = None
    isolation: Wanted = "auto"
    network: bool = False
    timeout_s: float = 30.0
    max_timeout_s: float = 600.0
    programs: dict[str, list[str]] | None = None
    keep_directory: bool = False
    environment: dict[str, str] = Field({}, repr=False)
    readable: Words = []
    user: str | int | None = None
    max_commands: int = 32
    output_bytes: int = _LIMITS.output_bytes
    memory_bytes: int = _LIMITS.memory_bytes
    file_bytes: int = _LIMITS.file_bytes
    temporary_bytes: int = _LIMITS.temporary_bytes
    open_files: int = _LIMITS.open_files
    processes: int = _LIMITS.processes


def bash_of(**options: Any) -> Bash:
    """The shell that `options`, those of `BashOptions`, describe.

    Raises:
        ConfigError: An option cannot be used.
    """
    read = read_options(BashOptions, options)
    limits = CommandLimits(**{name: getattr(read, name) for name in _LIMITS.__slots__})
    others = {name: getattr(read, name) for name in BashOptions.model_fields}
    return Bash(
        limits=limits, **{key: others[key] for key in others if key not in limits.__slots__}
    )
