"""Requests of ours that the HTTP transport is serving, until they are answered or given up."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Awaitable, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import TypeVar

import anyio
import httpx2
import mcp_types as types

from toolyard.clients.logs import CallLog
from toolyard.clients.pace import Pace

GRACE_S = 2.0
"""How long an answer may still take after the server was told that nobody waits for it."""
MOST_RESUMPTIONS = 100
"""How often a stream that ended without the answer is opened again."""

Waited = TypeVar("Waited")
Come = httpx2.Response | Exception
"""What came when a request was sent, for the HTTP transport to make something of it."""


class Abandoned(Exception):
    """Nobody waits for the answer any more."""


class Post:
    """One request: its POST, and the streams on which its answer is sought after that.

    Args:
        log: Takes the log entries that come on those streams, if they are a call's.
    """

    def __init__(self, log: CallLog | None = None) -> None:
        self.log = log
        self._pace = Pace()
        self._resumed = 0
        self._until = math.inf
        self._scope = anyio.CancelScope()
        self._come: Come | None = None
        self._fetched = anyio.Event()

    @asynccontextmanager
    async def passing_on(self, come: Come) -> AsyncGenerator[None]:
        """Keep what has come in answer, and leave once somebody `fetched` it."""
        self._come = come
        try:
            yield
            await self._fetched.wait()
        finally:
            left = self.fetched()
            if isinstance(left, httpx2.Response):
                await left.aclose()

    @property
    def has_come(self) -> bool:
        """Whether the request is answered already and nobody has fetched that."""
        return self._come is not None

    def fetched(self) -> Come | None:
        """What has come in answer already, if anything; the caller closes a response."""
        come, self._come = self._come, None
        self._fetched.set()
        return come

    async def during(self, wait: Awaitable[Waited]) -> Waited:
        """What `wait` gives.

        Raises:
            Abandoned: The request was given up some seconds ago.
        """
        with anyio.CancelScope(deadline=self._until) as self._scope:
            return await wait
        raise Abandoned

    async def may_resume(self) -> bool:
        """Whether to open one more stream; returns when it is time to do so."""
        self._resumed += 1
        if self._resumed > MOST_RESUMPTIONS:
            return False
        await self._pace.keep()
        return True

    def abandon(self) -> None:
        """Wait for the answer a little longer, and then no more.

        For calls of the handshake revisions, the SDK would wait for ever.
        """
        self._until = self._scope.deadline = anyio.current_time() + GRACE_S


_CURRENT: ContextVar[Post | None] = ContextVar("toolyard_post", default=None)


@contextmanager
def sending(post: Post | None) -> Generator[None]:
    """While a message is handed to the transport: the request that it is, if it is one.

    The SDK's transport does everything for a message in the context in which it was sent.
    """
    token = _CURRENT.set(post)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current() -> Post | None:
    """The request that is being served; `None` for notices, answers and everything else."""
    return _CURRENT.get()


def answered() -> Post | None:
    """The request that is about to be made, if what came in answer is at hand already."""
    post = current()
    return post if post is not None and post.has_come else None


async def logged(params: types.LoggingMessageNotificationParams) -> None:
    """Pass on a log entry to the call on whose stream it came; others have no place to go."""
    post = current()
    if post is not None and post.log is not None:
        await post.log.take(params)
