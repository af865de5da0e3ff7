"""Chat completions on the wire, as OpenAI and those like it hear and say them."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Mapping
from typing import Any, cast

from toolyard.core.content import Image, Text
from toolyard.core.errors import ContentFiltered, KeyRefused, QuotaSpent, RateLimited, TokenLimit
from toolyard.core.tool import Tool
from toolyard.llm.chat import ChatRequest, Finish, Piece, Reply
from toolyard.llm.message import Message, Part, Reasoning, ToolUse, ToolUseResult
from toolyard.llm.providers.access import Access
from toolyard.llm.providers.faults import Kind, unreadable
from toolyard.llm.providers.gathering import Gathering, tool_use
from toolyard.llm.strict_schema import is_strict
from toolyard.llm.usage import Usage

CODES: Mapping[str, Kind] = {
    "context_length_exceeded": TokenLimit,
    "insufficient_quota": QuotaSpent,
    "billing_hard_limit_reached": QuotaSpent,
    "billing_not_active": QuotaSpent,
    "rate_limit_exceeded": RateLimited,
    "content_filter": ContentFiltered,
    "content_policy_violation": ContentFiltered,
    "invalid_api_key": KeyRefused,
}
"""What the codes of errors mean."""

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


def refused_knob(name: str | None, code: str | None, body: Mapping[str, Any]) -> str | None:
    """The knob in `body` that an error with that `param` and `code` is about, if it is one."""
    if code in _REFUSED and name in _KNOBS & body.keys():
        return name
    return None


def messages_of(messages: Iterable[Message], *, signed: bool = False) -> list[dict[str, Any]]:
    """A conversation on the wire; `signed` gives back what stood beside the uses of tools."""
    return [each for message in messages for each in _messages(message, signed)]


def _messages(message: Message, signed: bool) -> Iterator[dict[str, Any]]:
    if message.role == "tool":
        yield from _results(message)
    elif message.role == "assistant":
        uses = [_use(use, signed) for use in message.tool_uses]
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


def _use(use: ToolUse, signed: bool) -> dict[str, Any]:
    written = use.malformed or json.dumps(use.arguments, ensure_ascii=False)
    said = {"id": use.id, "type": "function", "function": {"name": use.name, "arguments": written}}
    beside = _beside(use.signature) if signed else None
    return {**said, "extra_content": beside} if beside else said


def _beside(signature: str | None) -> object:
    """What some providers put beside a use and want back; `None` if another kind signed it."""
    try:
        beside: object = json.loads(signature or "null")
    except ValueError:
        return None
    return cast("object", beside) if isinstance(beside, dict) else None


def _signature(use: Any) -> str | None:
    beside = getattr(use, "extra_content", None)
    return json.dumps(beside) if beside else None


def tools_of(request: ChatRequest) -> dict[str, Any]:
    """The members of a request that say which tools there are."""
    if not request.tools:
        return {}
    said: dict[str, Any] = {
        "tools": [_tool(tool) for tool in request.tools],
        "tool_choice": request.tool_choice,
    }
    if request.settings.parallel_tools is not None:
        said["parallel_tool_calls"] = request.settings.parallel_tools
    return said


def _tool(tool: Tool) -> dict[str, Any]:
    described = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.input_schema,
    }
    return {"type": "function", "function": described}


def output_of(request: ChatRequest) -> dict[str, Any]:
    """The member of a request that says what the answer must be."""
    if request.output is None:
        return {}
    schema = request.output.schema
    described = {"name": request.output.name, "schema": schema, "strict": is_strict(schema)}
    return {"response_format": {"type": "json_schema", "json_schema": described}}


def reply_of(completion: Any, model: str) -> Reply:
    """A whole answer."""
    choice = completion.choices[0]
    said = choice.message
    parts = [
        *(Reasoning(thought) for thought in _thoughts(said)),
        *(Text(text) for text in (said.content, said.refusal) if text),
        *(
            tool_use(use.id, use.function.name, use.function.arguments, signature=_signature(use))
            for use in said.tool_calls or ()
        ),
    ]
    finish = "refusal" if said.refusal else _finish(choice.finish_reason, parts)
    return Reply(Message("assistant", tuple(parts)), _usage(completion.usage), finish, model)


async def pieces_of(chunks: AsyncIterable[Any], access: Access) -> AsyncGenerator[Piece, None]:
    """An answer in chunks."""
    gathering, usage, reason, refused = Gathering(), Usage(), None, False
    async for chunk in chunks:
        if chunk.usage is not None:
            usage = _usage(chunk.usage)
        for choice in chunk.choices or ():
            reason = choice.finish_reason or reason
            refused = refused or bool(choice.delta.refusal)
            for piece in _deltas(gathering, choice.delta):
                yield piece
    if reason is None:  # it ended before its end
        raise unreadable(access)
    message = gathering.message
    finish = "refusal" if refused else _finish(reason, message.parts)
    yield Reply(message, usage, finish, access.name)


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
            signature=_signature(use),
        )


def _thoughts(said: Any) -> Iterator[str]:
    for name in _THOUGHTS:
        thought = getattr(said, name, None)
        text = getattr(thought, "content", thought)
        if isinstance(text, str) and text:
            yield text
            return


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
