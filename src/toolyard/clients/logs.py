"""What a server's tool logs during a call, on its way to whoever called."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar

import anyio
import mcp_types as types

from toolyard.core.context import CallContext

logger = logging.getLogger("toolyard.clients")

MOST_BYTES = 2**20
"""Of entries that one caller has not taken yet; more are thrown away."""
TAKING_S = 1.0
"""How long a caller may take for the last of them once the call is answered."""


class CallLog:
    """Passes on the log entries of one call, until it is over."""

    def __init__(self, context: CallContext) -> None:
        self._context = context
        self._bytes = 0
        self._is_over = False
        self._idle = anyio.Event()

    async def take(self, entry: types.LoggingMessageNotificationParams) -> None:
        """Pass on one entry."""
        size = len(json.dumps([entry.logger, entry.data]))
        if self._is_over or self._bytes + size > MOST_BYTES:
            return
        self._bytes += size
        try:
            await self._context.log(entry.level, entry.data, logger=entry.logger)
        except Exception as error:  # who cannot be told of it gets the answer all the same
            logger.debug("a log entry was not taken: %s", type(error).__name__)
        finally:
            self._bytes -= size
            if not self._bytes:
                self._idle.set()

    async def finish(self) -> None:
        """Take no more; returns when those taken are passed on, so that the answer comes last."""
        self._is_over = True
        if self._bytes:
            self._idle = anyio.Event()
            with anyio.move_on_after(TAKING_S):
                await self._idle.wait()


_CALLING: ContextVar[CallLog | None] = ContextVar("toolyard_call_log", default=None)


@asynccontextmanager
async def logging_to(context: CallContext) -> AsyncGenerator[None]:
    """Have what is logged during a call that this task makes passed on, if anyone wants it."""
    log = None if context.channel.log_level is None else CallLog(context)
    token = _CALLING.set(log)
    try:
        yield
    finally:
        _CALLING.reset(token)
        if log is not None:
            await log.finish()


def calling() -> CallLog | None:
    """Where entries of the call go that this task is making."""
    return _CALLING.get()
