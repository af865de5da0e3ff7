"""A model that is asked again where that may help."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeVar

import anyio
import stamina

from toolyard.core.errors import ModelError
from toolyard.llm.chat import ChatRequest, Piece, Reply
from toolyard.llm.chat_model import ChatModel, close, keeps_to_schemas, pieces_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often, and after how long.

    The wait before the n-th try again is `wait_s` times 2 to the power of n - 1, and up to
    `jitter_s` more, at most `max_wait_s`; what a provider asks for (`Retry-After`) comes first.
    """

    attempts: int = 3
    """All tries together, 1 or more."""
    wait_s: float = 1.0
    max_wait_s: float = 30.0
    jitter_s: float = 1.0


class Retrying:
    """Asks `model` again after an error that is `retryable`; a stream, until it has begun.

    Args:
        model: Whom to ask.
        policy: Read anew for each request, so it may be replaced at any time.
    """

    def __init__(self, model: ChatModel, policy: RetryPolicy | None = None) -> None:
        self.model = model
        self.policy = policy or RetryPolicy()

    @property
    def keeps_to_schemas(self) -> bool:
        """As that of the model."""
        return keeps_to_schemas(self.model)

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`; the last error is raised."""
        return await self._tried(lambda: self.model.reply(request))

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """As `StreamingModel.stream`; what comes after the first piece is not tried again."""
        opened: AsyncGenerator[Piece, None] | None = None

        async def first_of() -> Piece:
            nonlocal opened
            opened = pieces_of(self.model, request)
            return await anext(opened)

        try:
            yield await self._tried(first_of)
            assert opened is not None
            async with aclosing(opened) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            if opened is not None:
                await opened.aclose()

    async def aclose(self) -> None:
        """Give up what the model holds."""
        await close(self.model)

    async def _tried(self, ask: Callable[[], Awaitable[T]]) -> T:
        policy = self.policy
        async for attempt in stamina.retry_context(
            on=_again(policy, anyio.current_effective_deadline()),
            attempts=policy.attempts,
            timeout=None,
            wait_initial=policy.wait_s,
            wait_max=policy.max_wait_s,
            wait_jitter=policy.jitter_s,
        ):
            with attempt:
                return await ask()
        raise AssertionError("the last attempt raises")


def _again(policy: RetryPolicy, deadline: float) -> Callable[[Exception], bool | float]:
    """Whether, and after how many seconds, to try again."""

    def again(error: Exception) -> bool | float:
        if not isinstance(error, ModelError) or not error.retryable:
            return False
        if error.wait_s is None:
            return True
        fits = error.wait_s <= policy.max_wait_s and anyio.current_time() + error.wait_s < deadline
        return max(error.wait_s, 0.001) if fits else False  # 0 would be no wait of its own

    return again
