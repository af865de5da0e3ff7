"""The chat completions of OpenAI, which most other providers and servers speak too."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from toolyard.core.errors import ModelError
from toolyard.llm.chat import ChatRequest, Piece, Reply
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.providers.access import Access
from toolyard.llm.providers.chat_completions import (
    CODES,
    messages_of,
    output_of,
    pieces_of,
    refused_knob,
    reply_of,
    tools_of,
)
from toolyard.llm.providers.faults import BadAnswer, fault_of, unreachable, unreadable
from toolyard.llm.providers.refused import Refused

if TYPE_CHECKING:
    from openai import AsyncOpenAI

CONNECT_S = 30.0


class OpenAIDialect:
    """Speaks by the `openai` library."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client: AsyncOpenAI | None = None
        self._refused = Refused(access.name)

    def open(self) -> None:
        """As `Dialect.open`."""
        from openai import AsyncOpenAI, Timeout

        access = self._access
        self._client = AsyncOpenAI(
            api_key=access.api_key or "none",  # the library insists on one
            base_url=access.base_url,
            max_retries=0,
            timeout=Timeout(None, connect=CONNECT_S),
        )
        if access.provider != "openai":  # what OpenAI calls us is nobody else's business
            self._client.organization = self._client.project = None

    async def close(self) -> None:
        """As `Dialect.close`."""
        if self._client is not None:
            await self._client.close()

    async def ask(self, request: ChatRequest) -> Reply:
        """As `Dialect.ask`."""
        return reply_of(await self._begin(request), self._access.name)

    async def listen(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """As `Dialect.listen`."""
        options = {"stream": True, "stream_options": {"include_usage": True}}
        async with (
            await self._begin(request, **options) as chunks,
            aclosing(pieces_of(chunks, self._access)) as pieces,
        ):
            async for piece in pieces:
                yield piece

    async def _begin(self, request: ChatRequest, **options: Any) -> Any:
        """The library's answer; what the model refuses of the knobs is left out from then on."""
        import openai

        client: Any = self._client  # its types are of what it takes, more than of what it gives
        while True:
            body = self._body(request)
            try:
                return await client.chat.completions.create(
                    **body, **options, extra_body=request.settings.extra or None
                )
            except openai.BadRequestError as error:
                knob = refused_knob(error.param, error.code, body)
                if knob is None:
                    raise
                self._refused.add(knob)

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        return {
            "model": self._access.model,
            "messages": messages_of(request.messages),
            **self._settings(request.settings),
            **tools_of(request),
            **output_of(request),
        }

    def _settings(self, settings: ModelSettings) -> dict[str, Any]:
        own = self._access.provider == "openai" and self._access.is_own
        said = {
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            # OpenAI's models that reason know only the new name, older servers only the old one.
            "max_completion_tokens" if own else "max_tokens": settings.max_tokens,
            "stop": list(settings.stop) or None,
            "seed": settings.seed,
            "reasoning_effort": settings.effort,
        }
        return self._refused.without(said)

    def fault(self, error: Exception) -> ModelError:
        """As `Dialect.fault`."""
        import openai
        from httpx2 import HTTPError

        if isinstance(error, openai.APIConnectionError | HTTPError):
            return unreachable(self._access)
        if isinstance(error, openai.APIStatusError):
            answer = BadAnswer(
                status=error.status_code,
                codes=(error.code, error.type),
                said=_said(error.body),
                retry_after=error.response.headers.get("retry-after"),
            )
            return fault_of(self._access, answer, CODES)
        if isinstance(error, openai.APIError) and error.body is not None:
            answer = BadAnswer(codes=(error.code, error.type), said=_said(error.body))
            return fault_of(self._access, answer, CODES)
        return unreadable(self._access)


def _said(body: object) -> str:
    said: object = cast("dict[str, object]", body).get("message") if isinstance(body, dict) else ""
    return said if isinstance(said, str) else ""
