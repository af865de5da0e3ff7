"""A call through a `ToolRegistry` beside the source itself, and swaps, by the number of tools."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from statistics import median
from types import TracebackType
from typing import Self

import anyio

from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.table import Metric, Table, Values
from toolyard import CallContext, Tool, ToolCall, ToolRegistry, ToolResult

BARE = "the source itself"
CALLS = (Metric("us", "µs"),)
SWAPS = (Metric("us", "µs"),)
COUNTS = (10, 1_000, 10_000)
_SHARE = 0.1
"""Of a usual stretch of load, for one row."""
_OURS = CallContext()
_SCHEMA = {"type": "object", "properties": {"a": {"type": "number"}}}

Step = Callable[[], Awaitable[object]]


class Crowd:
    """A source of `count` tools that do nothing."""

    def __init__(self, count: int) -> None:
        self._tools = [Tool(f"tool_{each}", "Do nothing.", _SCHEMA) for each in range(count)]
        self._result = ToolResult.of({"done": True})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        return self._tools

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        return self._result


def measure_registry(plan: Plan) -> list[Table]:
    """Calls of the last tool, and swaps of the mount that has them all."""
    return anyio.run(_measured, plan)


async def _measured(plan: Plan) -> list[Table]:
    calls = Table("registry/call", "Calling the last tool through a registry", BARE, CALLS)
    swaps = Table("registry/swap", "Swapping a source", f"{COUNTS[0]:,} tools", SWAPS)
    async with AsyncExitStack() as stack:
        registries = {count: await stack.enter_async_context(ToolRegistry()) for count in COUNTS}
        for count, registry in registries.items():
            await registry.add("crowd", Crowd(count))
        await _fill(plan, calls, _call_rows(registries))
        await _fill(plan, swaps, _swap_rows(registries))
    return [calls, swaps]


def _call_rows(registries: dict[int, ToolRegistry]) -> dict[str, Step]:
    alone = Crowd(COUNTS[0])

    def calling(source: Crowd | ToolRegistry, count: int) -> Step:
        call = ToolCall(f"tool_{count - 1}", {"a": 1})
        return lambda: source.call_tool(call, _OURS)

    rows = {BARE: calling(alone, COUNTS[0])}
    return rows | {f"{n:,} tools": calling(each, n) for n, each in registries.items()}


def _swap_rows(registries: dict[int, ToolRegistry]) -> dict[str, Step]:
    def swapping(registry: ToolRegistry, count: int) -> Step:
        new = Crowd(count)
        return lambda: registry.swap("crowd", new)

    return {f"{n:,} tools": swapping(each, n) for n, each in registries.items()}


async def _fill(plan: Plan, table: Table, rows: dict[str, Step]) -> None:
    for number in rounds(plan.amount.call_rounds, plan.amount):
        plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
        seconds = plan.amount.call_s * _SHARE
        values: dict[str, Values] = {
            name: {"us": await _time(step, seconds)}
            for name, step in in_turn(list(rows.items()), number)
        }
        table.rounds.append({name: values[name] for name in rows})


async def _time(step: Step, seconds: float) -> float:
    """The median time of a step, in µs."""
    took: list[float] = []
    until = time.perf_counter() + seconds
    while not took or time.perf_counter() < until:
        begun = time.perf_counter()
        await step()
        took.append((time.perf_counter() - begun) * 1e6)
    return median(took)
