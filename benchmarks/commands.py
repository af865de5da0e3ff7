"""Running `true`: a bare subprocess beside `Bash` on every backend, in Python and as a tool."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import median

import anyio

from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.table import Metric, Table, Values
from benchmarks.wire import BenchmarkError
from toolyard import Bash, CallContext, ConfigError, ToolCall
from toolyard.builtin_tools.bash.isolation import Wanted

BARE = "bare subprocess"
METRICS = (Metric("ms", "ms"),)
COMMAND = "true"
_ARGV = ("/bin/bash", "--noprofile", "--norc", "-c", COMMAND)
_BWRAP = ("--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev")
_ISOLATIONS: tuple[Wanted, ...] = ("off", "landlock", "bubblewrap")
_SHARE = 0.3
"""Of a usual stretch of load, for one row."""

Run = Callable[[], Awaitable[None]]


def measure_commands(plan: Plan) -> list[Table]:
    """One command after the other, in a single task."""
    return [anyio.run(_measured, plan)]


async def _measured(plan: Plan) -> Table:
    table = Table("commands/true", f"Running `{COMMAND}` with bash", BARE, METRICS)
    async with AsyncExitStack() as stack:
        rows = await _rows(stack)
        for number in rounds(plan.amount.call_rounds, plan.amount):
            plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
            seconds = plan.amount.call_s * _SHARE
            values: dict[str, Values] = {
                name: {"ms": await _time(run, seconds)}
                for name, run in in_turn(list(rows.items()), number)
            }
            table.rounds.append({name: values[name] for name in rows})
    return table


async def _rows(stack: AsyncExitStack) -> dict[str, Run]:
    rows: dict[str, Run] = {BARE: _subprocess(_ARGV)}
    bwrap = shutil.which("bwrap")
    if bwrap:
        rows["bare bwrap"] = _subprocess((bwrap, *_BWRAP, *_ARGV))
    shells: dict[str, Bash] = {}
    for isolation in _ISOLATIONS:
        try:
            shells[isolation] = await stack.enter_async_context(_shell(isolation))
        except ConfigError:  # this machine has no such backend
            continue
        rows[f"Bash, {isolation}"] = _in_python(shells[isolation])
    *_, best = shells
    return rows | {f"bash tool, {best}": _as_tool(shells[best])}


@asynccontextmanager
async def _shell(isolation: Wanted) -> AsyncGenerator[Bash]:
    async with Bash(isolation=isolation) as bash:
        yield bash


def _subprocess(argv: tuple[str, ...]) -> Run:
    """What most tools do: start it, and wait; outputs are read, and nothing else is seen to."""

    async def run() -> None:
        done = await anyio.run_process(argv, stdin=subprocess.DEVNULL, cwd=tempfile.gettempdir())
        _check(done.returncode)

    return run


def _in_python(bash: Bash) -> Run:
    async def run() -> None:
        _check((await bash.run(COMMAND)).exit_code)

    return run


def _as_tool(bash: Bash) -> Run:
    call, context = ToolCall("bash", {"command": COMMAND}), CallContext()

    async def run() -> None:
        _check((await bash.call_tool(call, context)).structured["exit_code"])

    return run


def _check(exit_code: int) -> None:
    if exit_code:
        raise BenchmarkError(f"{COMMAND} ended with exit code {exit_code}.")


async def _time(run: Run, seconds: float) -> float:
    """The median time of a command, in ms."""
    took: list[float] = []
    until = time.perf_counter() + seconds
    while not took or time.perf_counter() < until:
        begun = time.perf_counter()
        await run()
        took.append((time.perf_counter() - begun) * 1e3)
    return median(took)
