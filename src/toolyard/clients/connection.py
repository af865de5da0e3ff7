"""One connection to an MCP server, kept by a task of its own."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
from anyio.abc import TaskGroup, TaskStatus
from mcp import Client

from toolyard.clients.targets import Transport

logger = logging.getLogger("toolyard.clients")


class Connection:
    """An SDK client between `open` and `close`.

    The SDK's client must be entered and left by one task, and calls come from any; so a task
    of the given group owns it and waits.
    """

    def __init__(self, make_client: Callable[[Transport], Client], transport: Transport) -> None:
        self._make_client = make_client
        self._transport = transport
        self._closing = anyio.Event()
        self._closed = anyio.Event()
        self._client: Client | None = None
        self.lost = False
        """Nothing can be sent any more: the server went away or `close` was called."""

    @property
    def client(self) -> Client:
        """The SDK's client; only after `open`."""
        if self._client is None:
            raise RuntimeError("the connection is not open")
        return self._client

    async def open(self, tasks: TaskGroup) -> None:
        """Connect and agree on a revision; raises whatever that raises."""
        try:
            await tasks.start(self._own)
        except BaseExceptionGroup as group:
            raise _first_of(group) from None

    async def close(self) -> None:
        """Disconnect and wait until that is done."""
        self.lost = True
        self._closing.set()
        await self._closed.wait()

    async def _own(self, *, task_status: TaskStatus[None]) -> None:
        started = False
        try:
            async with self._make_client(self._watched()) as self._client:
                started = True
                task_status.started()
                await self._closing.wait()
        except Exception as error:  # the calls under way have failed by themselves
            if not started:
                raise
            logger.debug("a connection broke: %r", error)
        finally:
            self.lost = True
            self._closed.set()

    @asynccontextmanager
    async def _watched(self) -> AsyncGenerator[tuple[Any, Any]]:
        """The transport's streams; the end of what the server says is noticed at once."""
        async with self._transport as (incoming, outgoing):
            yield _Ending(incoming, self._on_end), outgoing

    def _on_end(self) -> None:
        self.lost = True


def _first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    if isinstance(first, BaseExceptionGroup):
        return _first_of(cast("BaseExceptionGroup[BaseException]", first))
    return first


class _Ending:
    """A receive stream that tells when it has ended."""

    def __init__(self, stream: Any, on_end: Callable[[], None]) -> None:
        self._stream = stream
        self._on_end = on_end

    @property
    def last_context(self) -> Any:
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> Any:
        try:
            return await self._stream.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._on_end()
            raise

    def __aiter__(self) -> _Ending:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._stream.__anext__()
        except (StopAsyncIteration, anyio.ClosedResourceError):
            self._on_end()
            raise

    async def aclose(self) -> None:
        await self._stream.aclose()

    def close(self) -> None:
        self._stream.close()

    async def __aenter__(self) -> _Ending:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *details: Any) -> None:
        await self._stream.__aexit__(*details)
