"""The kind `bash`: its options, and the shell they describe."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from toolyard.builtin_tools.bash.bash import Bash
from toolyard.builtin_tools.bash.isolation import Wanted
from toolyard.builtin_tools.bash.order import CommandLimits
from toolyard.core.errors import ConfigError

_LIMITS = CommandLimits()


def _split(given: object) -> object:
    """A list may be written with commas: `/opt/tools,/srv/data`."""
    if isinstance(given, str):
        return [part.strip() for part in given.split(",") if part.strip()]
    return given


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
    readable: Annotated[list[str], BeforeValidator(_split)] = []
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
    try:
        read = BashOptions.model_validate(options)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        told = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)
        raise ConfigError("; ".join(told)) from None
    limits = CommandLimits(**{name: getattr(read, name) for name in _LIMITS.__slots__})
    others = {name: getattr(read, name) for name in BashOptions.model_fields}
    return Bash(
        limits=limits, **{key: others[key] for key in others if key not in limits.__slots__}
    )
