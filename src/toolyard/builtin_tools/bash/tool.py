"""How a model sees the shell."""

from __future__ import annotations

from typing import Any

from toolyard.builtin_tools.bash.isolation import Isolation
from toolyard.builtin_tools.bash.order import CommandLimits

NAME = "bash"
MAX_COMMAND_BYTES = 64 * 1024


def description(
    isolation: Isolation,
    *,
    timeout_s: float,
    limits: CommandLimits,
    programs: str | None,
    keeps_directory: bool,
) -> str:
    """What to know before writing a command."""
    start = "where the last command ended" if keeps_directory else "in the working directory"
    what = (
        f"Run a command with bash; it starts {start}, or in `cwd` below the working directory."
        if programs is None
        else "Run one of a few programs. There is no shell: no pipes, variables, wildcards or "
        f"redirection; quotes work. Programs and their options: {programs}."
    )
    return (
        f"{what} It has no input, and ends with all that it started, in the background too, when "
        f"it is done or after timeout_s ({timeout_s:g} s if not given). Of each output at most "
        f"{limits.output_bytes} bytes are told, the beginning and the end; one that writes "
        f"{10 * limits.output_bytes} is ended. {isolation.sentence}"
    )


def input_schema(timeout_s: float, max_timeout_s: float, *, has_shell: bool) -> dict[str, Any]:
    """What a call may say."""
    example = "The command, such as: grep -rn TODO . | head -20"
    return {
        "type": "object",
        "properties": {
            "command": {
                "type": "string",
                "description": example if has_shell else "One program with its arguments",
                "minLength": 1,
                "maxLength": MAX_COMMAND_BYTES,
            },
            "timeout_s": {
                "type": "number",
                "description": f"Seconds it may take; {timeout_s:g} if not given",
                "exclusiveMinimum": 0,
                "maximum": max_timeout_s,
            },
            "cwd": {
                "type": "string",
                "description": "Where to start, such as src/app; . is the working directory",
                "minLength": 1,
                "maxLength": 4096,
            },
        },
        "required": ["command"],
        "additionalProperties": False,
    }


_FLAG = {"type": "boolean"}
_ISOLATION: dict[str, Any] = {
    "type": "object",
    "description": "What the command could not do",
    "properties": {
        "backend": {"enum": ["bubblewrap", "landlock", "none"]},
        "filesystem": _FLAG,
        "metadata": _FLAG,
        "network": {"enum": ["none", "host"]},
        "pids": _FLAG,
        "uid_drop": _FLAG,
        "seccomp": _FLAG,
        "memory_total": _FLAG,
        "disk_total": _FLAG,
    },
    "required": ["backend", "filesystem", "network"],
}
OUTPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "stdout": {"type": "string", "description": "Standard output"},
        "stderr": {"type": "string", "description": "Standard error"},
        "exit_code": {
            "type": "integer",
            "description": "0 if it went well; 128 + N if signal N ended it; -1 if it was ended",
        },
        "duration_ms": {"type": "integer", "description": "How long it took"},
        "timed_out": {"type": "boolean", "description": "It was ended because it took too long"},
        "truncated": {"type": "boolean", "description": "The middle of an output is missing"},
        "isolation": _ISOLATION,
        "cwd": {"type": "string", "description": "Where the next command starts"},
    },
    "required": [
        "stdout",
        "stderr",
        "exit_code",
        "duration_ms",
        "timed_out",
        "truncated",
        "isolation",
    ],
    "additionalProperties": False,
}
