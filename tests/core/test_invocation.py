"""Which functions never wait."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial, wraps
from typing import Any

import pytest
from anyio.lowlevel import checkpoint

from toolyard.core.invocation import never_waits


@asynccontextmanager
async def entered() -> AsyncGenerator[None]:
    yield


async def counted() -> AsyncGenerator[int]:
    yield 1


async def adds(a: int = 1, b: int = 2) -> int:
    return sum(each for each in (a, b))


async def awaits() -> None:
    await checkpoint()


async def awaits_by_chance(really: bool = False) -> None:
    if really:
        await checkpoint()


async def loops() -> None:
    async for _ in counted():
        pass


async def collects() -> list[int]:
    return [each async for each in counted()]


async def enters() -> None:
    async with entered():
        pass


async def holds() -> Callable[[], Any]:
    async def inner() -> None:
        await checkpoint()

    return inner


@wraps(adds)
async def wrapped() -> int:
    return await adds()


def blocks() -> None: ...


class Callables:
    async def method(self) -> None: ...

    async def __call__(self) -> None: ...


class Waiting:
    async def __call__(self) -> None:
        await checkpoint()


@pytest.mark.parametrize(
    "function", [adds, partial(adds, 1), holds, Callables().method, Callables()]
)
def test_an_async_function_without_await_never_waits(function: Callable[..., Any]) -> None:
    assert never_waits(function)
    with pytest.raises(StopIteration):
        function().send(None)


@pytest.mark.parametrize(
    "function",
    [
        awaits,
        awaits_by_chance,
        loops,
        collects,
        enters,
        wrapped,
        blocks,
        Waiting(),
        partial(awaits),
    ],
)
def test_whatever_awaits_or_blocks_may_wait(function: Callable[..., Any]) -> None:
    assert not never_waits(function)
