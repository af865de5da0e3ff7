"""The content of Google's Gemini."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from contextvars import ContextVar
from itertools import chain, count
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from toolyard.core.content import Image, Text
from toolyard.core.errors import KeyRefused, ModelError, ModelUnreachable, QuotaSpent
from toolyard.core.tool import Tool
from toolyard.llm.chat import ChatRequest, Finish, Piece, Reply, TextDelta, ToolChoice
from toolyard.llm.message import Message, Part, Reasoning, Role, ToolUse, ToolUseResult
from toolyard.llm.model_settings import Effort, ModelSettings
from toolyard.llm.providers.access import Access
from toolyard.llm.providers.faults import (
    BadAnswer,
    Kind,
    fault_of,
    filtered,
    unreachable,
    unreadable,
)
from toolyard.llm.providers.gathering import Gathering
from toolyard.llm.providers.turns import system_of, turns_of
from toolyard.llm.usage import Usage

if TYPE_CHECKING:
    from google.genai import Client
    from httpx2 import AsyncClient, Request, Response

CONNECT_S = 30.0

_PER_DAY = "PerDay"
_CODES: Mapping[str, Kind] = {
    "API_KEY_INVALID": KeyRefused,
    "API_KEY_EXPIRED": KeyRefused,
    "BILLING_DISABLED": QuotaSpent,
    _PER_DAY: QuotaSpent,
    "CANCELLED": ModelUnreachable,
}
_FINISH: Mapping[str | None, Finish] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "ESCALATION": "content_filter",
    "MODEL_ARMOR": "content_filter",
}
# Results keep a turn of their own: they must be all that follows the uses.
_SPEAKERS: Mapping[Role, str] = {"user": "user", "tool": "tool", "assistant": "model"}
_CHOICES: Mapping[ToolChoice, str] = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
_LEVELS: Mapping[Effort, str] = {
    "none": "MINIMAL",  # the least there is
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
}
_SECONDS = re.compile(r"\d{1,6}(\.\d{1,6})?")
_SIGNATURE = "thought_signature"
"""Where a text keeps its signature, which other providers do not put there."""


_OPENED: ContextVar[list[Response] | None] = ContextVar("_OPENED", default=None)
"""Where the connections of a stream are noted while the library opens them."""


class GeminiDialect:
    """Speaks by the `google-genai` library."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client: Client | None = None
        self._http: AsyncClient | None = None

    def open(self) -> None:
        """As `Dialect.open`."""
        from google.genai import Client
        from google.genai.types import HttpOptions
        from httpx2 import AsyncClient

        access = self._access
        # Its own would be another library's where that is installed, which tries again by itself.
        hooks = {"request": [_connect_in_time], "response": [_note]}
        self._http = AsyncClient(event_hooks=hooks)
        self._client = Client(
            api_key=access.api_key or "none",  # without one it looks for others by itself
            vertexai=False,
            http_options=HttpOptions(base_url=access.base_url, httpx_async_client=self._http),
        )

    async def close(self) -> None:
        """As `Dialect.close`."""
        if self._http is not None and self._client is not None:
            await self._http.aclose()
            self._client.close()

    async def ask(self, request: ChatRequest) -> Reply:
        """As `Dialect.ask`."""
        client: Any = self._client  # its types are of what it takes, more than of what it gives
        answer = await client.aio.models.generate_content(**self._said(request))
        candidate = self._candidate(answer)
        if candidate is None:
            raise unreadable(self._access)
        message = Message("assistant", tuple(_parts(candidate)))
        finish = _finish(candidate.finish_reason, message)
        return Reply(message, _usage(answer.usage_metadata), finish, self._access.name)

    async def listen(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """As `Dialect.listen`."""
        gathering, numbers, usage, reason = Gathering(), count(), Usage(), None
        async with aclosing(self._answers(request)) as answers:
            async for answer in answers:
                if answer.usage_metadata is not None:  # all of it, up to now
                    usage = _usage(answer.usage_metadata)
                candidate = self._candidate(answer)
                if candidate is not None:
                    reason = candidate.finish_reason or reason
                    for part in _parts(candidate):
                        for piece in _deltas(gathering, part, next(numbers)):
                            yield piece
        if reason is None:  # it ended before its end
            raise unreadable(self._access)
        message = gathering.message
        yield Reply(message, usage, _finish(reason, message), self._access.name)

    async def _answers(self, request: ChatRequest) -> AsyncGenerator[Any, None]:
        """The library's, which by itself keeps a connection open that nobody hears to its end."""
        client: Any = self._client
        answers = await client.aio.models.generate_content_stream(**self._said(request))
        opened: list[Response] = []
        try:
            while True:
                token = _OPENED.set(opened)
                try:
                    answer = await anext(answers, None)
                finally:
                    _OPENED.reset(token)
                if answer is None:
                    return
                yield answer
        finally:
            await answers.aclose()
            for response in opened:
                await response.aclose()

    def _candidate(self, answer: Any) -> Any:
        """The one answer, if it has begun."""
        feedback = answer.prompt_feedback
        if feedback is not None and feedback.block_reason is not None:
            raise filtered(self._access, feedback.block_reason_message or feedback.block_reason)
        return answer.candidates[0] if answer.candidates else None

    def _said(self, request: ChatRequest) -> dict[str, Any]:
        contents = [
            {"role": "user" if speaker == "tool" else speaker, "parts": parts}
            for speaker, parts in turns_of(request.messages, _SPEAKERS, _block)
        ]
        return {
            "model": self._access.model,
            "contents": contents,
            "config": _config(request),
        }

    def fault(self, error: Exception) -> ModelError:
        """As `Dialect.fault`."""
        from google.genai.errors import APIError
        from httpx2 import HTTPError

        if isinstance(error, HTTPError):
            return unreachable(self._access)
        if isinstance(error, APIError):
            return fault_of(self._access, _bad_answer(error), _CODES)
        return unreadable(self._access)


def _config(request: ChatRequest) -> dict[str, Any]:
    config: dict[str, Any] = {
        **_settings(request.settings),
        "automatic_function_calling": {"disable": True},
        "automatic_continuation": False,
    }
    if system := system_of(request.messages):
        config["system_instruction"] = system
    if request.tools:
        config["tools"] = [{"function_declarations": [_tool(tool) for tool in request.tools]}]
        mode = _CHOICES[request.tool_choice]
        config["tool_config"] = {"function_calling_config": {"mode": mode}}
    if request.output is not None:
        config["response_mime_type"] = "application/json"
        config["response_json_schema"] = request.output.schema
    if request.settings.extra:
        config["http_options"] = {"extra_body": dict(request.settings.extra)}
    return config


def _settings(settings: ModelSettings) -> dict[str, Any]:
    said: dict[str, Any] = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_output_tokens": settings.max_tokens,
        "stop_sequences": list(settings.stop) or None,
        "seed": settings.seed,
        "thinking_config": settings.effort and _thinking(settings.effort),
    }
    return {name: value for name, value in said.items() if value is not None}


def _thinking(effort: Effort) -> dict[str, Any]:
    """As from Gemini 3 on; those before knew only budgets of tokens."""
    return {"thinking_level": _LEVELS[effort], "include_thoughts": True}


def _tool(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters_json_schema": tool.input_schema,
    }


def _block(part: Part) -> Iterator[dict[str, Any]]:
    if isinstance(part, Text):
        signed = _signed(part.meta and part.meta.get(_SIGNATURE))
        if part.text.strip() or signed:
            yield {"text": part.text, **signed}
    elif isinstance(part, Image):
        yield {"inline_data": {"data": part.data, "mime_type": part.mime_type}}
    elif isinstance(part, ToolUse):
        call = {"id": part.id, "name": part.name, "args": dict(part.arguments)}
        yield {"function_call": call, **_signed(part.signature)}
    elif isinstance(part, ToolUseResult):
        yield {"function_response": _result(part)}
    elif signed := _signed(part.signature):  # thoughts without one are for people only
        yield {"text": part.text, "thought": True, **signed}


def _result(result: ToolUseResult) -> dict[str, Any]:
    text = "\n".join(block.text for block in result.content if isinstance(block, Text))
    told = {
        "id": result.id,
        "name": result.name,
        "response": {"error" if result.is_error else "output": text},
    }
    shown = [each for block in result.content if isinstance(block, Image) for each in _block(block)]
    return {**told, "parts": shown} if shown else told


def _signed(signature: Any) -> dict[str, bytes]:
    """What goes beside a part; nothing if the signature is none of Gemini's."""
    try:
        return {_SIGNATURE: b64decode(signature, validate=True)} if signature else {}
    except ValueError:
        return {}


def _parts(candidate: Any) -> Iterator[Part]:
    said = (candidate.content and candidate.content.parts) or ()
    return chain.from_iterable(map(_part, said))


def _signature_of(part: Any) -> str | None:
    signature: bytes | None = part.thought_signature
    return b64encode(signature).decode() if signature else None


def _part(part: Any) -> Iterator[Part]:
    signature = _signature_of(part)
    if part.function_call is not None:
        call = part.function_call
        # Where it is left out, uses are told apart by their order, which is no name.
        id = call.id or f"use-{uuid4().hex}"
        yield ToolUse(id, call.name, call.args or {}, signature=signature)
    elif part.text and part.thought:
        yield Reasoning(part.text, signature)
    elif part.text or (part.text is not None and signature):
        yield Text(part.text, meta={_SIGNATURE: signature} if signature else None)


def _deltas(gathering: Gathering, part: Part, index: int) -> Iterator[Piece]:
    if isinstance(part, ToolUse):
        written = json.dumps(part.arguments, ensure_ascii=False)
        yield gathering.tool_use(
            index, id=part.id, name=part.name, arguments=written, signature=part.signature
        )
    elif isinstance(part, Reasoning):
        yield gathering.reasoning(part.text, part.signature)
    elif isinstance(part, Text) and part.meta is None:
        yield gathering.text(part.text)
    elif isinstance(part, Text):  # what is signed is not joined with what is not
        gathering.part(part)
        if part.text:
            yield TextDelta(part.text)


def _finish(reason: Any, message: Message) -> Finish:
    finish = _FINISH.get(reason, "other")
    return "tool_use" if finish == "stop" and message.tool_uses else finish


def _usage(counted: Any) -> Usage:
    if counted is None:
        return Usage()
    thought = counted.thoughts_token_count or 0
    read = (counted.prompt_token_count or 0) + (counted.tool_use_prompt_token_count or 0)
    return Usage(
        input_tokens=read,
        output_tokens=(counted.candidates_token_count or 0) + thought,
        cached_tokens=counted.cached_content_token_count or 0,
        reasoning_tokens=thought,
    )


def _bad_answer(error: Any) -> BadAnswer:
    """What an `APIError` tells, whose types are those of libraries that are not here."""
    body: object = error.details
    told = cast("dict[str, object]", body).get("error") if isinstance(body, dict) else None
    said = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    details: Sequence[Mapping[str, Any]] = said.get("details", ())
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    return BadAnswer(
        status=error.code,
        codes=(*_reasons(details), error.status),
        said=str(said.get("message", "")),
        retry_after=_delay(details) or headers.get("retry-after"),
    )


def _reasons(details: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for each in details:
        if reason := each.get("reason"):
            yield reason
        quotas = (str(violation.get("quotaId")) for violation in each.get("violations", ()))
        if any(_PER_DAY in quota for quota in quotas):
            yield _PER_DAY


def _delay(details: Sequence[Mapping[str, Any]]) -> str | None:
    """Seconds, of which Google gives more digits than anybody reads."""
    delays = (_SECONDS.match(each.get("retryDelay", "")) for each in details)
    return next((delay[0] for delay in delays if delay), None)


async def _connect_in_time(request: Request) -> None:
    """The library lets its own limits take the place of the client's."""
    from httpx2 import Timeout

    request.extensions["timeout"] = Timeout(None, connect=CONNECT_S).as_dict()


async def _note(response: Response) -> None:
    opened = _OPENED.get()
    if opened is not None:
        opened.append(response)
