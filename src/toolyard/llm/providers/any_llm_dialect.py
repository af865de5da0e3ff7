"""Whatever any-llm speaks to: dozens of providers, all as if they were OpenAI."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from importlib import import_module
from typing import Any

from toolyard.core.errors import ConfigError, KeyRefused, ModelError
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

_SETTINGS = frozenset(
    {
        "temperature",
        "top_p",
        "max_tokens",
        "stop",
        "seed",
        "reasoning_effort",
        "parallel_tool_calls",
    }
)
"""What some of its providers do not know, and an answer can do without."""


class AnyLLMDialect:
    """Speaks by the `any-llm-sdk` library to `any:PROVIDER:MODEL`.

    Raises:
        ConfigError: The model's name has no provider in it.
    """

    def __init__(self, access: Access) -> None:
        self._provider, _, model = access.name.removeprefix("any:").partition(":")
        if not self._provider or not model:
            raise ConfigError(f"{access.name!r} is no model's name; write any:PROVIDER:MODEL.")
        self._access = replace(access, provider=f"any:{self._provider}", model=model)
        self._refused = Refused(access.name)
        # It cannot be installed beside the newer library of Anthropic, so its types are not known.
        self._client: Any = None
        self._errors: Any = None

    def open(self) -> None:
        """As `Dialect.open`."""
        library: Any = import_module("any_llm")
        self._errors = import_module("any_llm.exceptions")
        base_url = self._access.base_url
        options: dict[str, Any] = {
            # Without one it takes that of the environment, which is not for another server.
            "api_key": self._access.api_key or (base_url and "none"),
            "api_base": base_url,
            "unified_exceptions": True,
        }
        try:
            self._client = self._made(library.AnyLLM.create, options)
        except self._errors.MissingApiKeyError as error:
            text = f"There is no key for {self._provider}; set {error.env_var_name} or give api_key"
            raise KeyRefused(f"{text}.") from error
        except self._errors.UnsupportedProviderError as error:
            raise ConfigError(f"any-llm knows no provider {self._provider!r}.") from error
        except ImportError as error:
            needed = f"pip install 'any-llm-sdk[{self._provider}]'"
            raise ConfigError(f"{self._provider} needs one more package: {needed}") from error

    def _made(self, create: Callable[..., Any], options: Mapping[str, Any]) -> Any:
        try:
            return create(self._provider, max_retries=0, **options)
        except self._errors.UnsupportedParameterError:  # there are no tries to turn off
            return create(self._provider, **options)

    async def close(self) -> None:
        """As `Dialect.close`; any-llm has no end of its own, but the library below it may."""
        close: Any = getattr(getattr(self._client, "client", None), "close", None)
        closing = close() if close is not None else None
        if inspect.isawaitable(closing):
            await closing

    async def ask(self, request: ChatRequest) -> Reply:
        """As `Dialect.ask`."""
        return reply_of(await self._begin(request), self._access.name)

    async def listen(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """As `Dialect.listen`."""
        options = {"stream": True, "stream_options": {"include_usage": True}}
        async with (
            aclosing(await self._begin(request, **options)) as chunks,
            aclosing(pieces_of(chunks, self._access)) as pieces,
        ):
            async for piece in pieces:
                yield piece

    async def _begin(self, request: ChatRequest, **options: Any) -> Any:
        """The library's answer; what is refused of the settings is left out from then on."""
        while True:
            body = self._body(request)
            try:
                return await self._client.acompletion(
                    **{**body, **options, **request.settings.extra}
                )
            except self._errors.AnyLLMError as error:
                setting = self._refused_setting(error, body)
                if setting is None:
                    raise
                self._refused.add(setting)

    def _refused_setting(self, error: Any, body: dict[str, Any]) -> str | None:
        if not isinstance(error, self._errors.UnsupportedParameterError):
            return refused_knob(error.param, error.code, body)
        name: Any = error.parameter_name
        return name if name in _SETTINGS & body.keys() else None

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        return {
            "model": self._access.model,
            "messages": messages_of(request.messages, signed=True),
            **self._refused.without({**_settings(request.settings), **tools_of(request)}),
            **output_of(request),
        }

    def fault(self, error: Exception) -> ModelError:
        """As `Dialect.fault`; its own kinds go by words in messages, so they tell nothing."""
        if not isinstance(error, self._errors.AnyLLMError):
            return unreadable(self._access)
        told: Any = error
        unsupported = isinstance(error, self._errors.UnsupportedParameterError)
        status = 400 if unsupported else told.status_code
        if status is not None and status < 400:  # it began well
            status = None
        if status is None and told.code is None and told.error_type is None:
            return unreachable(self._access)
        answer = BadAnswer(
            status=status,
            codes=(told.code, told.error_type),
            said=told.message,
            retry_after=getattr(told, "retry_after", None),
        )
        return fault_of(self._access, answer, CODES)


def _settings(settings: ModelSettings) -> dict[str, Any]:
    return {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_tokens": settings.max_tokens,
        "stop": list(settings.stop) or None,
        "seed": settings.seed,
        "reasoning_effort": settings.effort,
    }
