"""Messages, as Anthropic says and hears them."""

from collections.abc import Mapping, Sequence
from typing import Any

import anyio
from tests.support.provider import Answer

from toolyard.core.errors import (
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
from toolyard.llm.providers.anthropic_dialect import AnthropicDialect
from toolyard.llm.providers.provider_model import Dialect

READ = {"input_tokens": 7, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 0}
WRITTEN = {"output_tokens": 7, "output_tokens_details": {"thinking_tokens": 2}}
HEAD = {"id": "m-1", "type": "message", "role": "assistant", "model": "m-1-0613"}
FINISH = {"stop": "end_turn", "length": "max_tokens"}


class AnthropicSpeech:
    name = "anthropic"
    sees_results = True
    refuses: Finish = "refusal"

    def dialect(self, access: Access) -> Dialect:
        return AnthropicDialect(access)

    def text(self, text: str, *, finish: str = "stop") -> Answer:
        return whole([{"type": "text", "text": text}], FINISH[finish])

    def thought(self, thought: str, text: str) -> Answer:
        thinking = {"type": "thinking", "thinking": thought, "signature": "S1"}
        return whole([thinking, {"type": "text", "text": text}])

    def uses(self, *uses: tuple[str, str, Mapping[str, Any]]) -> Answer:
        blocks = [
            {"type": "tool_use", "id": id, "name": name, "input": given} for id, name, given in uses
        ]
        return whole(blocks, "tool_use")

    def refusal(self, text: str) -> Answer:
        return whole([{"type": "text", "text": text}], "refusal")

    def stream(self, *texts: str, until: anyio.Event | None = None, first: int = 0) -> Answer:
        events = stream_of([text_block(*texts)])
        return Answer.events(*events, until=until, first=first and first + 2)

    def stream_thought(self, thoughts: Sequence[str], texts: Sequence[str]) -> Answer:
        return Answer.events(*stream_of([thinking_block(*thoughts), text_block(*texts)]))

    def stream_uses(self, *uses: tuple[str, str, Sequence[str]]) -> Answer:
        blocks: list[Any] = []
        for id, name, pieces in uses:
            begun: Mapping[str, Any] = {"type": "tool_use", "id": id, "name": name, "input": {}}
            more = [{"type": "input_json_delta", "partial_json": each} for each in pieces]
            blocks.append((begun, more))
        return Answer.events(*stream_of(blocks, "tool_use"))

    def stream_refusal(self, text: str) -> Answer:
        return Answer.events(*stream_of([text_block(text)], "refusal"))

    def broken_stream(self, text: str) -> Answer:
        error = {"type": "overloaded_error", "message": "Overloaded"}
        begun = stream_of([text_block(text)])[:3]
        return Answer.events(*begun, ("error", {"type": "error", "error": error}))

    def errors(self) -> Sequence[tuple[type[ModelError], Answer]]:
        return [
            (RateLimited, _error(429, "rate_limit_error", "connection", retry_after="7")),
            (RateLimited, _error(429, "rate_limit_error", "quota", "ramp_limit_exceeded")),
            (RateLimited, Answer(429, b"{}")),
            (
                QuotaSpent,
                _error(429, "rate_limit_error", "rate limit", "enforced_spend_limit_reached"),
            ),
            (QuotaSpent, _error(402, "billing_error", "rate limit")),
            (ModelUnreachable, _error(500, "api_error", "invalid")),
            (ModelUnreachable, _error(504, "timeout_error", "context length")),
            (ModelUnreachable, _error(529, "overloaded_error", "rate limit")),
            (ModelUnreachable, _error(409, "conflict_error", "invalid")),
            (ModelUnreachable, Answer(502, b"<html>Bad gateway</html>")),
            (ModelUnreachable, Answer(200, b"[]")),
            (ModelUnreachable, Answer(200, b'{"content": []}')),
            (ModelUnreachable, Answer(200, b"Hello")),
            (ModelUnreachable, Answer(200, b'{"content', cuts=True)),
            (InvalidRequest, _error(400, "invalid_request_error", "max_tokens 429 is too large")),
            (InvalidRequest, _error(404, "not_found_error", "no such model")),
            (InvalidRequest, _error(422, "another_error", "rate limit")),
            (KeyRefused, _error(401, "authentication_error", "rate limit")),
            (KeyRefused, _error(403, "permission_error", "not allowed")),
            (KeyRefused, _error(400, "invalid_request_error", "ask", "organization_on_hold")),
            (TokenLimit, _error(413, "request_too_large", "invalid")),
            (TokenLimit, Answer(413, b"{}")),
        ]

    def heard(self, body: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
        system = [("system", body["system"])] if "system" in body else []
        said = [
            each
            for message in body["messages"]
            for block in message["content"]
            for each in _heard(message["role"], block)
        ]
        return [*system, *said]

    def schema(self, body: Mapping[str, Any]) -> Any:
        assert body["output_config"]["format"]["type"] == "json_schema"
        return body["output_config"]["format"]["schema"]

    def tools(self, body: Mapping[str, Any]) -> Sequence[tuple[str, str, Any]]:
        return [(each["name"], each["description"], each["input_schema"]) for each in body["tools"]]


Block = tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]
"""How a block begins, and what is added to it."""


def text_block(*texts: str) -> Block:
    return {"type": "text", "text": ""}, [{"type": "text_delta", "text": each} for each in texts]


def thinking_block(*thoughts: str) -> Block:
    said = [{"type": "thinking_delta", "thinking": each} for each in thoughts]
    signed = {"type": "signature_delta", "signature": "S1"}
    return {"type": "thinking", "thinking": "", "signature": ""}, [*said, signed]


def whole(blocks: Sequence[Mapping[str, Any]], finish: str = "end_turn") -> Answer:
    counted = {**READ, **WRITTEN}
    return Answer.of({**HEAD, "content": blocks, "stop_reason": finish, "usage": counted})


def stream_of(blocks: Sequence[Block], finish: str = "end_turn") -> list[tuple[str, Any]]:
    counted = {**READ, "output_tokens": 1}
    begun: dict[str, Any] = {**HEAD, "content": [], "stop_reason": None, "usage": counted}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": begun}]
    for index, (block, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        added = ({"type": "content_block_delta", "index": index, "delta": each} for each in deltas)
        events.extend(added)
        events.append({"type": "content_block_stop", "index": index})
    events.append({"type": "message_delta", "delta": {"stop_reason": finish}, "usage": WRITTEN})
    events.append({"type": "message_stop"})
    return [(each["type"], each) for each in events]


def _error(
    status: int, kind: str, message: str, code: str | None = None, retry_after: str | None = None
) -> Answer:
    error = {"type": kind, "message": message, "details": code and {"error_code": code}}
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Answer.of({"type": "error", "error": error, "request_id": "r-1"}, status, **headers)


def _heard(role: str, block: Mapping[str, Any]) -> list[tuple[str, Any]]:
    if block["type"] == "text":
        return [(role, block["text"])]
    if block["type"] == "image":
        source = block["source"]
        return [(role, ("image", source["media_type"], source["data"]))]
    if block["type"] == "tool_use":
        return [(role, ("use", block["id"], block["name"], block["input"]))]
    assert block["type"] == "tool_result"
    shown = [each for part in block["content"] for each in _heard("tool", part)]
    text = "\n".join(each for _, each in shown if isinstance(each, str))
    pictures = [each for each in shown if not isinstance(each[1], str)]
    return [("tool", ("result", block["tool_use_id"], text)), *pictures]
