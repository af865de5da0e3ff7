"""How a command ended, for a program and for a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolyard.builtin_tools.bash.isolation import Isolation
from toolyard.builtin_tools.bash.order import End, Outcome
from toolyard.core.content import Text
from toolyard.core.tool import ToolResult

NO_EXIT_CODE = -1
"""In place of an exit code, where a command was ended."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command wrote and how it ended."""

    stdout: str
    stderr: str
    exit_code: int
    """0 if it went well, 128 and the signal's number if a signal ended it, -1 if we did."""
    duration_ms: int
    ended_by: End
    """`exit` is itself; `time` its deadline; `output` that it wrote far too much."""
    truncated: bool
    """Whether something is missing from the middle of an output."""
    isolation: Isolation
    cwd: str | None = None
    """Where the next command starts, below the root, if that is kept."""

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself, with exit code 0."""
        return self.exit_code == 0

    @property
    def timed_out(self) -> bool:
        """Whether it took too long."""
        return self.ended_by == "time"


def result_of(outcome: Outcome, isolation: Isolation, cwd: str | None) -> CommandResult:
    """What is told of an outcome."""
    status = NO_EXIT_CODE if outcome.status is None else outcome.status
    return CommandResult(
        stdout=outcome.stdout.text,
        stderr=outcome.stderr.text,
        exit_code=_exit_code(status) if outcome.ended_by == "exit" else NO_EXIT_CODE,
        duration_ms=round(outcome.duration_s * 1000),
        ended_by=outcome.ended_by,
        truncated=bool(outcome.stdout.left_out or outcome.stderr.left_out),
        isolation=isolation,
        cwd=cwd,
    )


def _exit_code(status: int) -> int:
    """As a shell tells it of its children."""
    return status if status >= 0 else 128 - status


def tool_result(result: CommandResult) -> ToolResult:
    """What a model gets: an error result unless the command succeeded."""
    told: dict[str, Any] = {
        "stdout": result.stdout,
        "stderr": result.stderr,
        "exit_code": result.exit_code,
        "duration_ms": result.duration_ms,
        "timed_out": result.timed_out,
        "truncated": result.truncated,
        "isolation": result.isolation.as_dict(),
    }
    if result.cwd is not None:
        told["cwd"] = result.cwd
    blocks: list[Text] = []
    if result.stdout:
        blocks.append(Text(result.stdout))
    if result.stderr:
        blocks.append(Text(f"[stderr]\n{result.stderr}"))
    blocks.append(Text(f"[{_end_of(result)}]"))
    return ToolResult(blocks, told, is_error=not result.succeeded)


def _end_of(result: CommandResult) -> str:
    end = {
        "exit": f"exit code {result.exit_code}",
        "time": "ended: it took too long; ask for more with timeout_s, or do less at a time",
        "output": "ended: it wrote far too much; write to a file, or less",
    }[result.ended_by]
    place = "" if result.cwd is None else f"; cwd: {result.cwd}"
    return f"{end}; {result.duration_ms} ms{place}; {result.isolation.brief}"
