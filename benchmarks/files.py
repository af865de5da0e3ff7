"""Reading a file: a bare `open` beside `FileSystem`, in Python and as a tool."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import median

import anyio
import anyio.to_thread

from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.table import Metric, Table, Values
from benchmarks.wire import BenchmarkError
from toolyard import CallContext, FileSystem, ToolCall
from toolyard.builtin_tools.filesystem.opening import CONTENT
from toolyard.builtin_tools.filesystem.root import Confinement, Root

BARE = "bare open"
METRICS = (Metric("us", "µs"),)
_SHARE = 0.15
"""Of a usual stretch of load, for one row."""
_FILES = {
    "1 KiB": ("a.txt", 1 << 10),
    "1 KiB, 4 deep": ("a/b/c/d.txt", 1 << 10),
    "64 KiB": ("b.txt", 64 << 10),
    "1 MiB": ("c.txt", 1 << 20),
}

Read = Callable[[], Awaitable[int]]


def measure_files(plan: Plan) -> list[Table]:
    """The same file again and again, for each size."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        return [_measured(plan, root, title, *file) for title, file in _FILES.items()]


def _measured(plan: Plan, root: Path, title: str, path: str, size: int) -> Table:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("0123456789abcde\n" * (size // 16))
    table = Table(f"files/{title}", f"Reading {title}", BARE, METRICS)
    reads = list(_reads(root, path).items())
    for number in rounds(plan.amount.call_rounds, plan.amount):
        plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
        seconds = plan.amount.call_s * _SHARE
        values: dict[str, Values] = {
            name: {"us": anyio.run(_time, read, size, seconds)}
            for name, read in in_turn(reads, number)
        }
        table.rounds.append({name: values[name] for name, _ in reads})
    return table


def _reads(root: Path, path: str) -> dict[str, Read]:
    files = FileSystem(root)
    call, context = ToolCall("read_file", {"path": path}), CallContext()
    bare = partial(_bare, root / path)

    async def alone() -> int:
        return bare()

    async def checked() -> int:
        return _checked(root, path)

    async def in_thread() -> int:
        return await anyio.to_thread.run_sync(bare)

    async def read() -> int:
        return len(await files.read_file(path))

    async def tool() -> int:
        result = await files.call_tool(call, context)
        return len(result.structured["content"])

    rows: dict[str, Read] = {BARE: alone, "realpath, then open": checked}
    opened = files.confinement
    ways: tuple[Confinement, ...] = ("walk",) if opened == "walk" else ("openat2", "walk")
    rows |= {f"open by {way}": _confined(Root(root, way), path) for way in ways}
    return rows | {"bare open in a thread": in_thread, "read_file": read, "read_file tool": tool}


def _bare(path: Path | int) -> int:
    with open(path, encoding="utf-8", newline="") as file:
        return len(file.read())


def _checked(root: Path, path: str) -> int:
    """What many servers do, and what a link that comes in between gets out of."""
    real = os.path.realpath(root / path)
    if not real.startswith(f"{os.path.realpath(root)}/"):
        raise BenchmarkError(f"{path} leads out of the root.")
    return _bare(Path(real))


def _confined(root: Root, path: str) -> Read:
    async def read() -> int:
        return _bare(root.open(path, CONTENT))

    return read


async def _time(read: Read, size: int, seconds: float) -> float:
    """The median time of a read, in µs."""
    took: list[float] = []
    until = time.perf_counter() + seconds
    while not took or time.perf_counter() < until:
        begun = time.perf_counter()
        length = await read()
        took.append((time.perf_counter() - begun) * 1e6)
        if length != size:
            raise BenchmarkError(f"A read gave {length} letters instead of {size}.")
    return median(took)
