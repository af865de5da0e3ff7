"""Content, as Gemini says and hears it."""

import json
from base64 import b64encode, urlsafe_b64decode
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
from toolyard.llm.providers.gemini_dialect import GeminiDialect
from toolyard.llm.providers.provider_model import Dialect

USAGE = {
    "promptTokenCount": 11,
    "cachedContentTokenCount": 4,
    "candidatesTokenCount": 5,
    "thoughtsTokenCount": 2,
    "totalTokenCount": 18,
}
FINISH = {"stop": "STOP", "length": "MAX_TOKENS"}


class GeminiSpeech:
    name = "gemini"
    sees_results = True
    refuses: Finish = "content_filter"

    def dialect(self, access: Access) -> Dialect:
        return GeminiDialect(access)

    def text(self, text: str, *, finish: str = "stop") -> Answer:
        return whole([{"text": text}], FINISH[finish])

    def thought(self, thought: str, text: str) -> Answer:
        return whole([{"text": thought, "thought": True}, {"text": text}])

    def uses(self, *uses: tuple[str, str, Mapping[str, Any]]) -> Answer:
        return whole([_call(id, name, given) for id, name, given in uses])

    def refusal(self, text: str) -> Answer:
        return whole([{"text": text}], "SAFETY")

    def stream(self, *texts: str, until: anyio.Event | None = None, first: int = 0) -> Answer:
        return Answer.events(
            *stream_of([{"text": each} for each in texts]), until=until, first=first
        )

    def stream_thought(self, thoughts: Sequence[str], texts: Sequence[str]) -> Answer:
        said: list[Any] = [{"text": each, "thought": True} for each in thoughts]
        return Answer.events(*stream_of([*said, *({"text": each} for each in texts)]))

    def stream_uses(self, *uses: tuple[str, str, Sequence[str]]) -> Answer:
        """Each comes whole."""
        calls = [_call(id, name, json.loads("".join(pieces))) for id, name, pieces in uses]
        return Answer.events(*stream_of(calls))

    def stream_refusal(self, text: str) -> Answer:
        return Answer.events(*stream_of([{"text": text}], "SAFETY"))

    def broken_stream(self, text: str) -> Answer:
        error = {"code": 503, "status": "UNAVAILABLE", "message": "The model is overloaded."}
        return Answer.events(stream_of([{"text": text}])[0], {"error": error})

    def errors(self) -> Sequence[tuple[type[ModelError], Answer]]:
        return [
            (RateLimited, error(429, "RESOURCE_EXHAUSTED", "connection")),
            (RateLimited, error(429, "RESOURCE_EXHAUSTED", "quota", quota("PerMinute"))),
            (RateLimited, Answer(429, b"{}")),
            (QuotaSpent, error(429, "RESOURCE_EXHAUSTED", "rate limit", quota("PerDay"))),
            (QuotaSpent, error(402, "RESOURCE_EXHAUSTED", "rate limit")),
            (QuotaSpent, error(403, "PERMISSION_DENIED", "no key", reason("BILLING_DISABLED"))),
            (ModelUnreachable, error(500, "INTERNAL", "invalid")),
            (ModelUnreachable, error(503, "UNAVAILABLE", "context length")),
            (ModelUnreachable, error(504, "DEADLINE_EXCEEDED", "rate limit")),
            (ModelUnreachable, error(499, "CANCELLED", "invalid")),
            (ModelUnreachable, Answer(502, b"<html>Bad gateway</html>")),
            (ModelUnreachable, Answer(200, b"[]")),
            (ModelUnreachable, Answer(200, b'{"candidates": []}')),
            (ModelUnreachable, Answer(200, b"Hello")),
            (ModelUnreachable, Answer(200, b'{"candidates', cuts=True)),
            (InvalidRequest, error(400, "INVALID_ARGUMENT", "API key 429")),
            (InvalidRequest, error(400, "FAILED_PRECONDITION", "billing")),
            (InvalidRequest, error(404, "NOT_FOUND", "no such model")),
            (KeyRefused, error(400, "INVALID_ARGUMENT", "rate limit", reason("API_KEY_INVALID"))),
            (KeyRefused, error(401, "UNAUTHENTICATED", "invalid")),
            (KeyRefused, error(403, "PERMISSION_DENIED", "not allowed")),
            (ContentFiltered, Answer.of({"promptFeedback": {"blockReason": "SAFETY"}})),
            (TokenLimit, Answer(413, b"{}")),
        ]

    def heard(self, body: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
        parts = body.get("systemInstruction", {"parts": []})["parts"]
        system = [("system", part["text"]) for part in parts]
        said = [
            each
            for content in body["contents"]
            for part in content["parts"]
            for each in _heard("assistant" if content["role"] == "model" else "user", part)
        ]
        return [*system, *said]

    def schema(self, body: Mapping[str, Any]) -> Any:
        assert body["generationConfig"]["responseMimeType"] == "application/json"
        return body["generationConfig"]["responseJsonSchema"]

    def tools(self, body: Mapping[str, Any]) -> Sequence[tuple[str, str, Any]]:
        functions = [each for tool in body["tools"] for each in tool["functionDeclarations"]]
        # The library leaves some names as they are in Python; Gemini takes both.
        return [
            (each["name"], each["description"], each["parameters_json_schema"])
            for each in functions
        ]


def _call(id: str, name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"functionCall": {"id": id, "name": name, "args": given}}


def whole(parts: Sequence[Mapping[str, Any]], finish: str = "STOP") -> Answer:
    return Answer.of(_answer(parts, finish))


def stream_of(parts: Sequence[Mapping[str, Any]], finish: str = "STOP") -> list[Any]:
    """One part at a time, the last with the end."""
    reasons = [*(None for _ in parts[1:]), finish]
    return [_answer([part], reason) for part, reason in zip(parts, reasons, strict=True)]


def _answer(parts: Sequence[Mapping[str, Any]], finish: str | None) -> dict[str, Any]:
    candidate = {"index": 0, "content": {"role": "model", "parts": parts}}
    ended = {"finishReason": finish} if finish else {}
    head = {"modelVersion": "m-1-0613", "responseId": "r-1", "usageMetadata": USAGE}
    return {"candidates": [{**candidate, **ended}], **head}


def error(status: int, kind: str, message: str, *details: Mapping[str, Any]) -> Answer:
    said = {"message": message, "code": status, "status": kind, "details": details}
    return Answer.of({"error": said}, status)


def reason(code: str) -> Mapping[str, Any]:
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return {"@type": kind, "reason": code, "domain": "googleapis.com"}


def quota(period: str) -> Mapping[str, Any]:
    violation = {"quotaId": f"GenerateRequests{period}PerProjectPerModel", "quotaValue": "20"}
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}


def _heard(role: str, part: Mapping[str, Any]) -> list[tuple[str, Any]]:
    if "text" in part:
        return [(role, part["text"])]
    if "inlineData" in part or "inline_data" in part:
        blob = part.get("inlineData") or part["inline_data"]
        data = b64encode(urlsafe_b64decode(blob["data"])).decode()
        return [(role, ("image", blob["mime_type"], data))]
    if "functionCall" in part:
        call = part["functionCall"]
        return [(role, ("use", call["id"], call["name"], call["args"]))]
    told = part["functionResponse"]
    (text,) = told["response"].values()
    pictures = [each for shown in told.get("parts", ()) for each in _heard("tool", shown)]
    return [("tool", ("result", told["id"], text)), *pictures]
