"""The chat completions of OpenAI, which most other providers and servers speak too."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections.abc import AsyncGenerator, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from toolyard.core.content import Image, Text
from toolyard.core.errors import (
    ContentFiltered,
    KeyRefused,
    ModelError,
    QuotaSpent,
    RateLimited,
    TokenLimit,
)
from toolyard.core.tool import Tool
from toolyard.llm.chat import ChatRequest, Finish, Piece, Reply
from toolyard.llm.message import Message, Part, Reasoning, ToolUse, ToolUseResult
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.providers.access import Access
from toolyard.llm.providers.faults import (
    BadAnswer,
    Kind,
    fault_of,
    unreachable,
    unreadable,
)
from toolyard.llm.providers.gathering import Gathering, tool_use
from toolyard.llm.strict_schema import is_strict
from toolyard.llm.usage import Usage

if TYPE_CHECKING:
    from openai import AsyncOpenAI

logger = logging.getLogger("toolyard.llm")

CONNECT_S = 30.0

_CODES: Mapping[str, Kind] = {
    "context_length_exceeded": TokenLimit,
    "insufficient_quota": QuotaSpent,
    "billing_hard_limit_reached": QuotaSpent,
    "billing_not_active": QuotaSpent,
    "rate_limit_exceeded": RateLimited,
    "content_filter": ContentFiltered,
    "content_policy_violation": ContentFiltered,
    "invalid_api_key": KeyRefused,
}
_FINISH: Mapping[str | None, Finish] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "content_filter",
}
_KNOBS = frozenset({"temperature", "top_p", "seed"})
"""What models that reason may refuse, and an answer can do without."""
_REFUSED = frozenset({"unsupported_parameter", "unsupported_value"})
_THOUGHTS = ("reasoning_content", "reasoning")
"""Where other servers put what a model thinks; OpenAI does not show it."""


class OpenAIDialect:
    """Speaks by the `openai` library."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client: AsyncOpenAI | None = None
        self._without: set[str] = set()
        """Settings that this model has refused."""

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
        completion = await self._begin(request)
        choice = completion.choices[0]
        said = choice.message
        parts = [
            *(Reasoning(thought) for thought in _thoughts(said)),
            *(Text(text) for text in (said.content, said.refusal) if text),
            *(
                tool_use(use.id, use.function.name, use.function.arguments)
                for use in said.tool_calls or ()
            ),
        ]
        finish = "refusal" if said.refusal else _finish(choice.finish_reason, parts)
        return Reply(
            Message("assistant", tuple(parts)),
            _usage(completion.usage),
            finish,
            self._access.name,
        )

    async def listen(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """As `Dialect.listen`."""
        gathering, usage, reason, refused = Gathering(), Usage(), None, False
        options = {"stream": True, "stream_options": {"include_usage": True}}
        async with await self._begin(request, **options) as chunks:
            async for chunk in chunks:
                if chunk.usage is not None:
                    usage = _usage(chunk.usage)
                for choice in chunk.choices or ():
                    reason = choice.finish_reason or reason
                    refused = refused or bool(choice.delta.refusal)
                    for piece in _deltas(gathering, choice.delta):
                        yield piece
        if reason is None:  # it ended before its end
            raise unreadable(self._access)
        message = gathering.message
        finish = "refusal" if refused else _finish(reason, message.parts)
        yield Reply(message, usage, finish, self._access.name)

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
                knob = error.param
                if error.code not in _REFUSED or knob not in _KNOBS & body.keys():
                    raise
                logger.warning("%s takes no %s; it is left out", self._access.name, knob)
                self._without.add(knob)

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._access.model,
            "messages": list(chain.from_iterable(map(_messages, request.messages))),
            **self._settings(request.settings),
        }
        if request.tools:
            body["tools"] = [_tool(tool) for tool in request.tools]
            body["tool_choice"] = request.tool_choice
            if request.settings.parallel_tools is not None:
                body["parallel_tool_calls"] = request.settings.parallel_tools
        if request.output is not None:
            schema = request.output.schema
            described = {"name": request.output.name, "schema": schema, "strict": is_strict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        return body

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
        return {
            name: value
            for name, value in said.items()
            if value is not None and name not in self._without
        }

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
            return fault_of(self._access, answer, _CODES)
        if isinstance(error, openai.APIError) and error.body is not None:
            answer = BadAnswer(codes=(error.code, error.type), said=_said(error.body))
            return fault_of(self._access, answer, _CODES)
        return unreadable(self._access)


def _messages(message: Message) -> Iterator[dict[str, Any]]:
    if message.role == "tool":
        yield from _results(message)
    elif message.role == "assistant":
        uses = [_use(use) for use in message.tool_uses]
        said: dict[str, Any] = {"role": "assistant", "content": message.text or None}
        if uses:
            yield {**said, "tool_calls": uses}
        elif message.text:  # a thought that was cut off is no answer
            yield said
    else:
        yield {"role": message.role, "content": _content(message.parts)}


def _results(message: Message) -> Iterator[dict[str, Any]]:
    """Each result by itself; pictures follow as the user's, as results hold only text here."""
    pictures: list[dict[str, Any]] = []
    for result in message.parts:
        assert isinstance(result, ToolUseResult)
        text = "\n".join(block.text for block in result.content if isinstance(block, Text))
        shown = [block for block in result.content if isinstance(block, Image)]
        if shown:
            pictures.append({"type": "text", "text": f"What {result.name} ({result.id}) shows:"})
            pictures.extend(map(_picture, shown))
        yield {"role": "tool", "tool_call_id": result.id, "content": text}
    if pictures:
        yield {"role": "user", "content": pictures}


def _content(parts: tuple[Part, ...]) -> str | list[dict[str, Any]]:
    if all(isinstance(part, Text) for part in parts):
        return "".join(part.text for part in parts if isinstance(part, Text))
    return [
        _picture(part) if isinstance(part, Image) else {"type": "text", "text": part.text}
        for part in parts
        if isinstance(part, Text | Image)
    ]


def _picture(image: Image) -> dict[str, Any]:
    url = f"data:{image.mime_type};base64,{b64encode(image.data).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def _use(use: ToolUse) -> dict[str, Any]:
    written = use.malformed or json.dumps(use.arguments, ensure_ascii=False)
    return {"id": use.id, "type": "function", "function": {"name": use.name, "arguments": written}}


def _tool(tool: Tool) -> dict[str, Any]:
    described = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.input_schema,
    }
    return {"type": "function", "function": described}


def _deltas(gathering: Gathering, delta: Any) -> Iterator[Piece]:
    for thought in _thoughts(delta):
        yield gathering.reasoning(thought)
    for text in (delta.content, delta.refusal):
        if text:
            yield gathering.text(text)
    for use in delta.tool_calls or ():
        function = use.function
        yield gathering.tool_use(
            use.index,
            id=use.id or "",
            name=(function and function.name) or "",
            arguments=(function and function.arguments) or "",
        )


def _thoughts(said: Any) -> Iterator[str]:
    extra: Mapping[str, Any] = said.model_extra or {}
    thoughts = (extra.get(name) for name in _THOUGHTS)
    yield from [thought for thought in thoughts if isinstance(thought, str) and thought][:1]


def _finish(reason: str | None, parts: Any) -> Finish:
    """Some servers say `stop` although the model wants tools run."""
    if reason == "stop" and any(isinstance(part, ToolUse) for part in parts):
        return "tool_use"
    return _FINISH.get(reason, "other")


def _usage(usage: Any) -> Usage:
    if usage is None:
        return Usage()
    read, written = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        input_tokens=usage.prompt_tokens or 0,
        output_tokens=usage.completion_tokens or 0,
        cached_tokens=(read and read.cached_tokens) or 0,
        cache_written_tokens=(read and read.cache_write_tokens) or 0,
        reasoning_tokens=(written and written.reasoning_tokens) or 0,
    )


def _said(body: object) -> str:
    said: object = cast("dict[str, object]", body).get("message") if isinstance(body, dict) else ""
    return said if isinstance(said, str) else ""
