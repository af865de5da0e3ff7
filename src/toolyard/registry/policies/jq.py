"""A jq program which a model wrote, run where it can harm nobody."""

from __future__ import annotations

import json
import sys

import anyio
from anyio.abc import Process

from toolyard.core.errors import ToolError

TIME_S = 5.0
CPU_S = 3
MEMORY_BYTES = 512 * 1024 * 1024
LONGEST_PROGRAM = 4_000

_WORKER = """
import json, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, ({cpu}, {cpu}))
    resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
except ImportError:
    pass
try:
    import jq
except ImportError:
    sys.exit(3)
asked = json.load(sys.stdin)
room = asked["most"]
try:
    for value in jq.compile(asked["program"]).input_text(asked["text"]):
        line = json.dumps(value, ensure_ascii=False)
        sys.stdout.write(line[:room + 1] + chr(10))
        room -= len(line) + 1
        if room < 0:
            break
except ValueError as error:
    sys.stderr.write(str(error)[:300])
    sys.exit(4)
"""


async def jq_lines(program: str, text: str, most: int) -> str:
    """What `program` gives for the JSON `text`, a line of JSON each, about `most` letters.

    It runs in a process of its own with little time and memory, no environment and no files.

    Raises:
        ToolError: It is no program, fails, takes too long or too much, or jq is not installed.
    """
    if len(program) > LONGEST_PROGRAM:
        raise ToolError(f"A jq program has {LONGEST_PROGRAM} letters at most.")
    worker = _WORKER.format(cpu=CPU_S, memory=MEMORY_BYTES)
    asked = json.dumps({"program": program, "text": text, "most": most})
    with anyio.move_on_after(TIME_S):
        process = await anyio.open_process([sys.executable, "-I", "-c", worker], env={})
        async with process:
            try:
                return await _answer(process, asked.encode(), most)
            finally:
                if process.returncode is None:
                    process.kill()
    raise ToolError("The jq program took too long; choose less.")


async def _answer(process: Process, asked: bytes, most: int) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        await process.stdin.send(asked)
        await process.stdin.aclose()
    except (anyio.BrokenResourceError, OSError):
        pass  # it ended before it had read all: its exit code says why
    output = bytearray()
    async for part in process.stdout:
        output += part
        if len(output) > 8 * most:  # it writes little more than it was told
            break
    said = b"".join([part async for part in process.stderr])
    code = await process.wait()
    if code == 3:
        raise ToolError("jq is not installed here; use grep, lines or slice.")
    if code == 4:
        raise ToolError(f"jq: {said.decode(errors='replace')}")
    if code != 0:
        raise ToolError("The jq program took too much time or memory; choose less.")
    return output.decode(errors="replace").rstrip("\n") or "jq gives nothing."
