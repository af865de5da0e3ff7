"""The messages of Anthropic."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from toolyard.core.content import Image, Text
from toolyard.core.errors import (
    InvalidRequest,
    KeyRefused,
    ModelError,
    ModelUnreachable,
    QuotaSpent,
    RateLimited,
    TokenLimit,
)
from toolyard.core.tool import Tool
from toolyard.llm.chat import ChatRequest, Finish, Piece, Reply, ToolChoice
from toolyard.llm.message import Message, Part, Reasoning, Role, ToolUse, ToolUseResult
from toolyard.llm.model_settings import Effort, ModelSettings
from toolyard.llm.providers.access import Access
from toolyard.llm.providers.faults import (
    BadAnswer,
    Kind,
    fault_of,
    unreachable,
    unreadable,
)
from toolyard.llm.providers.gathering import Gathering, tool_use
from toolyard.llm.providers.refused import Refused
from toolyard.llm.providers.turns import system_of, turns_of
from toolyard.llm.usage import Usage

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

CONNECT_S = 30.0
MAX_TOKENS = 16_000
"""Of an answer where nothing is said, as Anthropic wants a number: enough to think and to write a
long text, and what every model can write within the usual time limit."""

_CODES: Mapping[str, Kind] = {
    "enforced_spend_limit_reached": QuotaSpent,
    "contract_spend_limit_reached": QuotaSpent,
    "linked_organization_spend_limit_reached": QuotaSpent,
    "linked_organization_billing_unavailable": QuotaSpent,
    "organization_on_hold": KeyRefused,
    "authentication_error": KeyRefused,
    "permission_error": KeyRefused,
    "billing_error": QuotaSpent,
    "rate_limit_error": RateLimited,
    "request_too_large": TokenLimit,
    "invalid_request_error": InvalidRequest,
    "not_found_error": InvalidRequest,
    "timeout_error": ModelUnreachable,
    "overloaded_error": ModelUnreachable,
    "api_error": ModelUnreachable,
}
_FINISH: Mapping[str | None, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_use",
    "refusal": "refusal",
}
_SPEAKERS: Mapping[Role, str] = {"user": "user", "tool": "user", "assistant": "assistant"}
_CHOICES: Mapping[ToolChoice, str] = {"auto": "auto", "none": "none", "required": "any"}


class AnthropicDialect:
    """Speaks by the `anthropic` library."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client: AsyncAnthropic | None = None
        self._refused = Refused(access.name)

    def open(self) -> None:
        """As `Dialect.open`."""
        from anthropic import AsyncAnthropic, Timeout

        self._client = AsyncAnthropic(
            api_key=self._access.api_key or "none",  # without one it looks for others by itself
            base_url=self._access.base_url,
            max_retries=0,
            timeout=Timeout(None, connect=CONNECT_S),
        )

    async def close(self) -> None:
        """As `Dialect.close`."""
        if self._client is not None:
            await self._client.close()

    async def ask(self, request: ChatRequest) -> Reply:
        """As `Dialect.ask`."""
        said = await self._begin(request)
        parts = tuple(part for block in said.content for part in _part(block))
        finish = _FINISH.get(said.stop_reason, "other")
        return Reply(Message("assistant", parts), _usage(said.usage), finish, self._access.name)

    async def listen(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """As `Dialect.listen`."""
        gathering, counted, reason = Gathering(), list[Any](), None
        async with await self._begin(request, stream=True) as events:
            async for event in events:
                if event.type == "message_start":
                    counted.append(event.message.usage)
                elif event.type == "message_delta":
                    counted.append(event.usage)
                    reason = event.delta.stop_reason or reason
                else:
                    for piece in _deltas(gathering, event):
                        yield piece
        if reason is None:  # it ended before its end
            raise unreadable(self._access)
        finish = _FINISH.get(reason, "other")
        yield Reply(gathering.message, _usage(*counted), finish, self._access.name)

    async def _begin(self, request: ChatRequest, **options: Any) -> Any:
        """The library's answer; what the model refuses of the knobs is left out from then on.

        Newer models refuse the knobs for sampling, so the library does not know them any more, and
        no code says that it was they. So what is refused with them is asked again without.
        """
        import anthropic

        client: Any = self._client  # its types are of what it takes, more than of what it gives
        body, knobs, refused = self._body(request), self._knobs(request.settings), list[str]()
        while True:
            extra = {**knobs, **request.settings.extra} or None
            try:
                begun = await client.messages.create(**body, **options, extra_body=extra)
            except anthropic.BadRequestError as error:
                if error.error_code is not None or not knobs:
                    raise
                refused.append(knobs.popitem()[0])
            else:
                for knob in refused:
                    self._refused.add(knob)
                return begun

    def _knobs(self, settings: ModelSettings) -> dict[str, Any]:
        """With the one last that some models refuse only beside the other."""
        said = {"temperature": settings.temperature, "top_p": settings.top_p}
        return self._refused.without(said)

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        settings, thinking = request.settings, _thinking(request.settings.effort)
        turns = turns_of([_ended(each) for each in request.messages], _SPEAKERS, _block)
        body: dict[str, Any] = {
            "model": self._access.model,
            "max_tokens": settings.max_tokens or MAX_TOKENS,
            "messages": [{"role": role, "content": blocks} for role, blocks in turns],
            **thinking,
        }
        if system := system_of(request.messages):
            body["system"] = system
        if settings.stop:
            body["stop_sequences"] = list(settings.stop)
        if request.tools:
            body["tools"] = [_tool(tool) for tool in request.tools]
            body["tool_choice"] = _choice(request.tool_choice, settings.parallel_tools)
        if request.output is not None:
            described = {"type": "json_schema", "schema": _fitted(request.output.schema)}
            body["output_config"] = {**thinking.get("output_config", {}), "format": described}
        return body

    def fault(self, error: Exception) -> ModelError:
        """As `Dialect.fault`."""
        import anthropic
        from httpx2 import HTTPError

        if isinstance(error, anthropic.APIConnectionError | HTTPError):
            return unreachable(self._access)
        if isinstance(error, anthropic.APIStatusError):
            begun = error.status_code < 400  # and then the error came in the middle of a stream
            answer = BadAnswer(
                status=None if begun else error.status_code,
                codes=(error.error_code, error.type),
                said=error.api_message or "",
                retry_after=error.response.headers.get("retry-after"),
            )
            return fault_of(self._access, answer, _CODES)
        return unreadable(self._access)


def _thinking(effort: Effort | None) -> dict[str, Any]:
    """How current models are told, from Claude 4.6 on; those before knew only budgets of tokens."""
    if effort is None:
        return {}
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    shown = {"type": "adaptive", "display": "summarized"}
    return {"thinking": shown, "output_config": {"effort": effort}}


def _ended(message: Message) -> Message:
    """A turn must not end in thoughts, as one does that was cut off."""
    parts = message.parts
    while parts and (isinstance(parts[-1], Reasoning) or not any(_block(parts[-1]))):
        parts = parts[:-1]
    return replace(message, parts=parts)


def _block(part: Part) -> Iterator[dict[str, Any]]:
    """What is empty is refused, so it is left out."""
    if isinstance(part, Text):
        if part.text.strip():
            yield {"type": "text", "text": part.text}
    elif isinstance(part, Image):
        data = b64encode(part.data).decode()
        source = {"type": "base64", "media_type": part.mime_type, "data": data}
        yield {"type": "image", "source": source}
    elif isinstance(part, ToolUse):
        yield {"type": "tool_use", "id": part.id, "name": part.name, "input": dict(part.arguments)}
    elif isinstance(part, ToolUseResult):
        yield _result(part)
    elif part.sealed is not None:
        yield {"type": "redacted_thinking", "data": part.sealed}
    elif part.signature:  # thoughts without one are for people, and would be refused
        yield {"type": "thinking", "thinking": part.text, "signature": part.signature}


def _result(result: ToolUseResult) -> dict[str, Any]:
    blocks = [block for part in result.content for block in _block(part)]
    if result.is_error and not blocks:  # an error must say something
        blocks = [{"type": "text", "text": "It failed."}]
    told = {"type": "tool_result", "tool_use_id": result.id, "content": blocks}
    return {**told, "is_error": True} if result.is_error else told


def _tool(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}


def _choice(choice: ToolChoice, parallel: bool | None) -> dict[str, Any]:
    said: dict[str, Any] = {"type": _CHOICES[choice]}
    if parallel is not None and choice != "none":
        said["disable_parallel_tool_use"] = not parallel
    return said


def _fitted(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """`schema` in the words that are allowed here; the library puts the others into descriptions.

    It does not understand every schema; what it does not, the provider may.
    """
    from anthropic import transform_schema

    try:
        return transform_schema(dict(schema))
    except (ValueError, TypeError, AttributeError, AssertionError):
        return schema


def _part(block: Any) -> Iterator[Part]:
    if block.type == "text":
        yield Text(block.text)
    elif block.type == "thinking":
        yield Reasoning(block.thinking, block.signature)
    elif block.type == "redacted_thinking":
        yield Reasoning("", sealed=block.data)
    elif block.type == "tool_use":
        yield tool_use(block.id, block.name, json.dumps(block.input))


def _deltas(gathering: Gathering, event: Any) -> Iterator[Piece]:
    if event.type == "content_block_start":
        yield from _begun(gathering, event.index, event.content_block)
    elif event.type == "content_block_delta":
        delta = event.delta
        if delta.type == "text_delta":
            yield gathering.text(delta.text)
        elif delta.type == "thinking_delta":
            yield gathering.reasoning(delta.thinking)
        elif delta.type == "signature_delta":
            gathering.reasoning("", delta.signature)
        elif delta.type == "input_json_delta":
            yield gathering.tool_use(event.index, arguments=delta.partial_json)


def _begun(gathering: Gathering, index: int, block: Any) -> Iterator[Piece]:
    """What the beginning of a block says; texts and thoughts come only afterwards."""
    if block.type == "tool_use":
        yield gathering.tool_use(index, id=block.id, name=block.name)
    elif block.type == "redacted_thinking":
        gathering.part(Reasoning("", sealed=block.data))


def _usage(*counted: Any) -> Usage:
    """What was counted last of each; the input is told apart by where it came from."""

    def last(name: str) -> Any:
        counts = (getattr(each, name) for each in reversed(counted))
        return next((count for count in counts if count is not None), 0)

    cached, written = last("cache_read_input_tokens"), last("cache_creation_input_tokens")
    details = last("output_tokens_details")
    return Usage(
        input_tokens=last("input_tokens") + cached + written,
        output_tokens=last("output_tokens"),
        cached_tokens=cached,
        cache_written_tokens=written,
        reasoning_tokens=details.thinking_tokens if details else 0,
    )
