"""What happens in a run, one event after the other, for whoever asks for the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from math import inf
from typing import TypeVar

import anyio

from toolyard.core.context import Event

T = TypeVar("T")


async def streamed(
    work: Callable[[Callable[[Event], None]], Awaitable[T]],
) -> AsyncGenerator[Event | T, None]:
    """The events that `work` hands to what it is called with, then what it gives.

    Closing it ends the work. It goes on in a task of its own while nobody asks: a task group may
    not stay open while somebody else has the turn.
    """
    send, receive = anyio.create_memory_object_stream[Event](inf)

    async def all_of_it() -> T:
        with send:
            return await work(send.send_nowait)

    task = asyncio.ensure_future(all_of_it())
    try:
        async for event in receive:
            yield event
        yield await task
    finally:
        task.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.wait([task])
        receive.close()  # until here it hears what the end of the work tells of
        if not task.cancelled():
            task.exception()  # which was raised above, or comes too late for anybody
