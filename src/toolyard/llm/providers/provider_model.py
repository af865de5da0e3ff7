"""A model of a provider: a dialect, with its library loaded in time and its errors made ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

import anyio
import anyio.to_thread
from anyio.lowlevel import EventLoopToken, current_token

from toolyard.core.errors import ModelError
from toolyard.llm.chat import ChatRequest, Piece, Reply
from toolyard.llm.deadline import ended_by
from toolyard.llm.providers.access import Access
from toolyard.llm.providers.faults import late
from toolyard.llm.signatures import for_model
from toolyard.llm.spans import asking

_ELSEWHERE = (
    "This model has connections that belong to another event loop: "
    "close it there, with `aclose`, before it is asked here."
)


class Dialect(Protocol):
    """How one kind of provider is spoken to, by its own library."""

    def open(self) -> None:
        """Load the library and make its client; may take a second, in a thread."""
        ...

    async def ask(self, request: ChatRequest) -> Reply:
        """The whole answer; raises whatever the library does."""
        ...

    def listen(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """The answer piece by piece, the `Reply` at the end; raises whatever the library does."""
        ...

    def fault(self, error: Exception) -> ModelError:
        """What something that `ask` or `listen` raised means."""
        ...

    async def close(self) -> None:
        """Close the client's connections."""
        ...


class ProviderModel:
    """Asks a provider, once; see `Retrying` for more. `aclose` gives its connections up.

    Its connections belong to the event loop in which it was first asked: it is closed there, before
    it is asked in another.
    """

    def __init__(self, access: Access, dialect: Dialect) -> None:
        self.access = access
        self._dialect = dialect
        self._opening = anyio.Lock()
        self._open_in: EventLoopToken | None = None

    @property
    def keeps_to_schemas(self) -> bool:
        """The providers themselves do; of other servers that speak like them, who knows."""
        return self.access.is_own

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`."""
        await self._open()
        with asking(self.access, request) as note:
            reply = await self._ask(request)
            note(reply)
            return reply

    async def _ask(self, request: ChatRequest) -> Reply:
        seconds = request.settings.timeout_s
        with anyio.move_on_after(seconds):
            try:
                return await self._dialect.ask(for_model(request, self.access.name))
            except ModelError:
                raise
            except Exception as error:  # a library's own, of any kind
                raise self._dialect.fault(error) from error
        raise late(self.access, seconds)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """As `StreamingModel.stream`."""
        await self._open()
        with asking(self.access, request) as note:
            async with aclosing(self._listen(request)) as heard:
                async for piece in heard:
                    if isinstance(piece, Reply):
                        note(piece)
                    yield piece

    async def _listen(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        seconds = request.settings.timeout_s
        ends = anyio.current_time() + seconds
        heard = ended_by(
            self._dialect.listen(for_model(request, self.access.name)),
            ends,
            lambda: late(self.access, seconds),
        )
        async with aclosing(heard):
            try:
                async for piece in heard:
                    yield piece
            except ModelError:
                raise
            except Exception as error:  # a library's own, of any kind
                raise self._dialect.fault(error) from error

    async def _open(self) -> None:
        async with self._opening:
            if self._open_in is None:
                await anyio.to_thread.run_sync(self._dialect.open)
                self._open_in = current_token()
            elif self._open_in != current_token():
                raise RuntimeError(_ELSEWHERE)

    async def aclose(self) -> None:
        """Give the connections up; the model opens new ones if it is asked again."""
        async with self._opening:
            if self._open_in is not None:
                self._open_in = None
                await self._dialect.close()
