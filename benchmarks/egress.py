"""What the guarded way out costs beside bare httpx2."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median

import anyio
import httpx2

from benchmarks.host import host
from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.table import Metric, Table, Values
from benchmarks.wire import BenchmarkError
from toolyard import CallContext, HttpClient, ToolCall

BARE = "httpx2"
METRICS = (Metric("p50_ms", "p50 ms"), Metric("cpu_us", "CPU µs"))
_SIZE = 2048
_WARM_UP = 20
_END_S = 10.0

Get = Callable[[], Awaitable[int]]
"""Asks the host once and gives the size of the body."""


def measure_egress(plan: Plan) -> list[Table]:
    """GETs of a host on this machine, one after the other."""
    table = Table("egress", "A GET of 2 KB on this machine", BARE, METRICS)
    with host("plain_host") as port:
        anyio.run(_fill, table, f"http://127.0.0.1:{port}/", plan)
    return [table]


async def _fill(table: Table, url: str, plan: Plan) -> None:
    new_each_time = httpx2.Limits(max_keepalive_connections=0)
    async with (
        httpx2.AsyncClient(trust_env=False) as bare,
        httpx2.AsyncClient(trust_env=False, limits=new_each_time) as unkept,
    ):
        ways = _ways(url, bare, unkept)
        for number in rounds(plan.amount.call_rounds, plan.amount):
            plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
            order = in_turn(list(ways), number)
            table.rounds.append({name: await _timed(ways[name], plan) for name in order})


def _ways(url: str, bare: httpx2.AsyncClient, unkept: httpx2.AsyncClient) -> Mapping[str, Get]:
    ours = HttpClient(allow_private=["127.0.0.1"], allowed_ports=None)
    call, context = ToolCall("http_get", {"url": url}), CallContext()

    async def with_get() -> int:
        return len((await ours.get(url)).content)

    async def with_tool() -> int:
        return len((await ours.call_tool(call, context)).structured["body"])

    async def with_bare() -> int:
        return len((await bare.get(url)).content)

    async def with_unkept() -> int:
        return len((await unkept.get(url)).content)

    return {
        BARE: with_bare,
        "httpx2, new connection": with_unkept,
        "HttpClient.get": with_get,
        "http_get": with_tool,
    }


async def _timed(get: Get, plan: Plan) -> Values:
    for _ in range(_WARM_UP):
        await _checked(get)
    times: list[float] = []
    until, used = time.perf_counter() + plan.amount.call_s, time.process_time()
    while not times or time.perf_counter() < until:
        started = time.perf_counter()
        await _checked(get)
        times.append(time.perf_counter() - started)
    spent = time.process_time() - used
    return {"p50_ms": median(times) * 1000, "cpu_us": spent / len(times) * 1e6}


async def _checked(get: Get) -> None:
    with anyio.fail_after(_END_S):
        if await get() != _SIZE:
            raise BenchmarkError("The host's answer did not arrive whole.")
