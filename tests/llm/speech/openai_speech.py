"""Chat completions, as OpenAI and those like it say and hear them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import anyio
from tests.support.provider import Answer

from toolyard.core.errors import (
    ContentFiltered,
    InvalidRequest,
    KeyRefused,
    ModelError,
    ModelUnreachable,
    QuotaSpent,
    RateLimited,
    TokenLimit,
)
from toolyard.llm.chat import Finish
from toolyard.llm.providers.access import Access
from toolyard.llm.providers.openai_dialect import OpenAIDialect
from toolyard.llm.providers.provider_model import Dialect

USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 7,
    "total_tokens": 18,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
HEAD = {"id": "c-1", "created": 1, "model": "m-1-0613"}


class OpenAISpeech:
    name = "openai"
    sees_results = False
    refuses: Finish = "refusal"

    def dialect(self, access: Access) -> Dialect:
        return OpenAIDialect(access)

    def text(self, text: str, *, finish: str = "stop") -> Answer:
        return whole({"content": text}, finish)

    def thought(self, thought: str, text: str) -> Answer:
        return whole({"content": text, "reasoning_content": thought}, "stop")

    def uses(self, *uses: tuple[str, str, Mapping[str, Any]]) -> Answer:
        calls = [_call(id, name, json.dumps(given)) for id, name, given in uses]
        return whole({"content": None, "tool_calls": calls}, "tool_calls")

    def refusal(self, text: str) -> Answer:
        return whole({"content": None, "refusal": text}, "stop")

    def stream(self, *texts: str, until: anyio.Event | None = None, first: int = 0) -> Answer:
        chunks = _chunks([{"content": text} for text in texts], "stop")
        return Answer.events(*chunks, until=until, first=first and first + 1)

    def stream_thought(self, thoughts: Sequence[str], texts: Sequence[str]) -> Answer:
        said = [{"reasoning_content": each} for each in thoughts]
        return Answer.events(*_chunks([*said, *({"content": each} for each in texts)], "stop"))

    def stream_uses(self, *uses: tuple[str, str, Sequence[str]]) -> Answer:
        deltas: list[Any] = []
        for index, (id, name, pieces) in enumerate(uses):
            begun = {**_call(id, name, ""), "index": index}
            deltas.append({"tool_calls": [begun]})
            more = ({"index": index, "function": {"arguments": each}} for each in pieces)
            deltas.extend({"tool_calls": [each]} for each in more)
        return Answer.events(*_chunks(deltas, "tool_calls"))

    def stream_refusal(self, text: str) -> Answer:
        return Answer.events(*_chunks([{"refusal": text}], "stop"))

    def broken_stream(self, text: str) -> Answer:
        error = {"message": "Overloaded", "type": "server_error", "code": None}
        return Answer.events(_chunk({"content": text}, None), {"error": error})

    def errors(self) -> Sequence[tuple[type[ModelError], Answer]]:
        return [
            (TokenLimit, _error(400, "context_length_exceeded", "Your author wrote too much")),
            (RateLimited, _error(429, "rate_limit_exceeded", "connection", retry_after="7")),
            (RateLimited, _error(429, None, "auth")),
            (QuotaSpent, _error(429, "insufficient_quota", "rate limit")),
            (ModelUnreachable, _error(500, None, "invalid")),
            (ModelUnreachable, _error(503, "server_overloaded", "context length")),
            (ModelUnreachable, Answer(502, b"<html>Bad gateway</html>")),
            (ModelUnreachable, Answer(200, b"[]")),
            (ModelUnreachable, Answer(200, b'{"choices": []}')),
            (ModelUnreachable, Answer(200, b"Hello")),
            (ModelUnreachable, Answer(200, b'{"choices', cuts=True)),
            (InvalidRequest, _error(400, "invalid_value", "max_tokens 429 is too large")),
            (InvalidRequest, _error(404, "model_not_found", "no such model")),
            (InvalidRequest, _error(422, None, "rate limit")),
            (KeyRefused, _error(401, "invalid_api_key", "rate limit")),
            (KeyRefused, _error(403, None, "not allowed")),
            (ContentFiltered, _error(400, "content_filter", "invalid")),
            (TokenLimit, Answer(413, b"{}")),
        ]

    def heard(self, body: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
        return [each for message in body["messages"] for each in _heard(message)]

    def schema(self, body: Mapping[str, Any]) -> Any:
        assert body["response_format"]["type"] == "json_schema"
        return body["response_format"]["json_schema"]["schema"]

    def tools(self, body: Mapping[str, Any]) -> Sequence[tuple[str, str, Any]]:
        functions = [each["function"] for each in body["tools"]]
        return [(each["name"], each["description"], each["parameters"]) for each in functions]


def _call(id: str, name: str, arguments: str) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def whole(said: Mapping[str, Any], finish: str) -> Answer:
    message = {"role": "assistant", **said}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return Answer.of({**HEAD, "object": "chat.completion", "choices": [choice], "usage": USAGE})


def _chunks(deltas: Sequence[Mapping[str, Any]], finish: str) -> list[Any]:
    counted: dict[str, Any] = {
        **HEAD,
        "object": "chat.completion.chunk",
        "choices": [],
        "usage": USAGE,
    }
    begun = _chunk({"role": "assistant", "content": ""}, None)
    said = [_chunk(delta, None) for delta in deltas]
    return [begun, *said, _chunk({}, finish), counted, "[DONE]"]


def _chunk(delta: Mapping[str, Any], finish: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**HEAD, "object": "chat.completion.chunk", "choices": [choice]}


def _error(status: int, code: str | None, message: str, retry_after: str | None = None) -> Answer:
    error = {"message": message, "type": "some_error", "param": None, "code": code}
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Answer.of({"error": error}, status, **headers)


def _heard(message: Mapping[str, Any]) -> list[tuple[str, Any]]:
    role: str = message["role"]
    content: Any = message.get("content")
    if role == "tool":
        return [("tool", ("result", message["tool_call_id"], content))]
    said: list[tuple[str, Any]] = []
    parts: Any = [{"type": "text", "text": content}] if isinstance(content, str) else content
    for part in parts or ():
        if part["type"] == "text":
            said.append((role, part["text"]))
        else:
            head, _, data = part["image_url"]["url"].partition(";base64,")
            said.append((role, ("image", head.removeprefix("data:"), data)))
    for use in message.get("tool_calls", ()):
        function = use["function"]
        given = json.loads(function["arguments"])
        said.append((role, ("use", use["id"], function["name"], given)))
    return said
