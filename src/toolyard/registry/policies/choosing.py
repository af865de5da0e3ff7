"""What a model wrote to choose from a text, run where it can harm nobody."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

import anyio
import anyio.abc
from anyio.abc import Process

from toolyard.core.errors import ToolError
from toolyard.registry.policies.choosing_process import FAILED, NO_EXPRESSION, NOT_INSTALLED

LONGEST_PATTERN = 1_000
LONGEST_PROGRAM = 4_000

_TIME_S = 5.0
_CPU_S = 3
_MEMORY_BYTES = 512 * 1024 * 1024
_WAIT_S = 10.0
_PROGRAM = Path(__file__).with_name("choosing_process.py")

Way = Literal["grep", "jq"]


class Chooser:
    """Runs regular expressions and jq programs over texts, a few at a time.

    Each runs in a process of its own with little time and memory, no environment and no files:
    a pattern of twenty letters can keep a whole processor busy for minutes, and a jq program for
    ever.
    """

    def __init__(self, *, at_once: int = 2) -> None:
        self._slots = anyio.Semaphore(at_once)

    async def grep(self, pattern: str, text: bytes, most_letters: int) -> str:
        """The lines that match `pattern`, each with its number from 1, about so many letters.

        Raises:
            ToolError: It is no pattern of Rust's engine, or takes too long or too much.
        """
        if len(pattern) > LONGEST_PATTERN:
            raise ToolError(f"A pattern has {LONGEST_PATTERN} letters at most.")
        return await self._chosen("grep", pattern, text, most_letters) or "No line matches."

    async def jq(self, program: str, text: bytes, most_letters: int) -> str:
        """What `program` gives for the JSON `text`, a line of JSON each, about so many letters.

        Raises:
            ToolError: It is no program, fails, takes too long or too much, or jq is not installed.
        """
        if len(program) > LONGEST_PROGRAM:
            raise ToolError(f"A jq program has {LONGEST_PROGRAM} letters at most.")
        return await self._chosen("jq", program, text, most_letters) or "jq gives nothing."

    async def _chosen(self, way: Way, expression: str, text: bytes, most_letters: int) -> str:
        asked = {
            "way": way,
            "expression": expression,
            "most_letters": most_letters,
            "cpu_s": _CPU_S,
            "memory_bytes": _MEMORY_BYTES,
        }
        with anyio.move_on_after(_WAIT_S) as waiting:
            await self._slots.acquire()
        if waiting.cancelled_caught:
            raise ToolError("Others are reading results all the time; try again later.")
        try:
            code, output, said = await _run(json.dumps(asked).encode() + b"\n" + text, most_letters)
        finally:
            self._slots.release()
        if code:
            raise _refusal(way, expression, code, said)
        return output.removesuffix("\n")


async def _run(given: bytes, most_letters: int) -> tuple[int, str, str]:
    """The exit code, the output and the last words of the program; -1 if it took too long."""
    with anyio.move_on_after(_TIME_S):
        async with await anyio.open_process(
            [sys.executable, "-I", str(_PROGRAM)], env={}
        ) as process:
            try:
                await _hand_over(process, given)
                output = await _read(process.stdout, 8 * most_letters + 1_000)
                said = await _read(process.stderr, 4_000)
                return await process.wait(), output, said
            finally:
                if process.returncode is None:
                    process.kill()
    return -1, "", ""


async def _hand_over(process: Process, given: bytes) -> None:
    assert process.stdin is not None
    try:
        await process.stdin.send(given)
        await process.stdin.aclose()
    except (anyio.BrokenResourceError, OSError):
        pass  # it ended before it had read all: its exit code says why


async def _read(stream: anyio.abc.ByteReceiveStream | None, most: int) -> str:
    assert stream is not None
    output = bytearray()
    async for part in stream:
        output += part
        if len(output) > most:  # it writes little more than it was told
            break
    return output[:most].decode(errors="replace")


def _refusal(way: Way, expression: str, code: int, said: str) -> ToolError:
    if code == NOT_INSTALLED:
        return ToolError("jq is not installed here; use grep, lines or slice.")
    if code == NO_EXPRESSION and way == "grep":
        return ToolError(
            f"{expression[:80]!r} is not a regular expression that is understood here; look-around "
            "and back-references are not."
        )
    if code in (NO_EXPRESSION, FAILED):
        hint = " Use grep if the result is not JSON." if "parse error" in said else ""
        return ToolError(f"jq: {said}{hint}")
    return ToolError(f"The {way} took too much time or memory; choose less, or more simply.")
