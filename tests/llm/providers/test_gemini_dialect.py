"""What only Gemini says and wants."""

import logging
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.llm.speech.gemini_speech import GeminiSpeech, error, quota, stream_of, whole
from tests.llm.speech.speech import model_at
from tests.support.provider import API_KEY, Answer, Provider, serving

from toolyard import Text
from toolyard.core.errors import ContentFiltered, QuotaSpent, RateLimited
from toolyard.llm.chat import ChatRequest, Reply, TextDelta
from toolyard.llm.chat_model import StreamingModel, close
from toolyard.llm.message import (
    Reasoning,
    ToolUse,
    ToolUseResult,
    assistant,
    tool_results,
    user,
)
from toolyard.llm.model_settings import ModelSettings

HELLO = ChatRequest([user("Hello")])
HI = GeminiSpeech().text("Hi")
SIGNATURE = b"\xff\xfe\xfd"
"""Looks different in each kind of base64."""
SIGNED = b64encode(SIGNATURE).decode()
SAID: list[Mapping[str, Any]] = [
    {"text": "Hm.", "thought": True, "thoughtSignature": SIGNED},
    {"text": "Let me "},
    {"text": "see.", "thoughtSignature": SIGNED},
    {"functionCall": {"id": "u-1", "name": "add", "args": {"a": 1}}, "thoughtSignature": SIGNED},
    {"functionCall": {"id": "u-2", "name": "add", "args": {}}},
    {"text": "", "thoughtSignature": SIGNED},
]


@asynccontextmanager
async def asked(*answers: Answer) -> AsyncGenerator[tuple[StreamingModel, Provider]]:
    async with serving(Provider(*answers)) as server:
        model = model_at(server, GeminiSpeech(), API_KEY)
        yield model, server
        await close(model)


async def body_of(request: ChatRequest) -> Mapping[str, Any]:
    async with asked(HI) as (model, server):
        await model.reply(request)
    return server.requests[0].body


def given_back(server: Provider) -> list[Any]:
    parts = server.requests[1].body["contents"][1]["parts"]
    for part in parts:
        if signature := part.get("thoughtSignature"):
            assert b64decode(signature, altchars=b"-_") == SIGNATURE
            part["thoughtSignature"] = SIGNED
    return parts


async def test_signatures_are_given_back_where_they_were() -> None:
    async with asked(whole(SAID), HI) as (model, server):
        reply = await model.reply(HELLO)
        await model.reply(ChatRequest([user("Hello"), reply.message]))
    assert reply.message.parts[0] == Reasoning("Hm.", SIGNED)
    assert [use.signature for use in reply.tool_uses] == [SIGNED, None]
    assert given_back(server) == SAID


async def test_signatures_of_a_stream_are_given_back_where_they_were() -> None:
    async with asked(Answer.events(*stream_of(SAID)), HI) as (model, server):
        *deltas, reply = [piece async for piece in model.stream(HELLO)]
        assert isinstance(reply, Reply)
        await model.reply(ChatRequest([user("Hello"), reply.message]))
    texts = [delta.text for delta in deltas if isinstance(delta, TextDelta)]
    assert texts == ["Let me ", "see."]
    assert reply.text == "Let me see."
    assert given_back(server) == SAID


async def test_what_others_signed_is_left_out() -> None:
    said = [
        user("Hello"),
        assistant(Reasoning("Hm.", "no base64"), Reasoning("", sealed="S"), Reasoning("So."), "Hi"),
        user("And?"),
    ]
    contents = (await body_of(ChatRequest(said)))["contents"]
    assert contents[1] == {"role": "model", "parts": [{"text": "Hi"}]}


async def test_uses_without_ids_get_their_own() -> None:
    use: Mapping[str, Any] = {"functionCall": {"name": "add", "args": {}}}
    async with asked(whole([use, use]), Answer.events(*stream_of([use, use]))) as (model, _):
        whole_reply = await model.reply(HELLO)
        *_, reply = [piece async for piece in model.stream(HELLO)]
    assert isinstance(reply, Reply)
    ids = {each.id for each in (*whole_reply.tool_uses, *reply.tool_uses)}
    assert len(ids - {""}) == 4


async def test_results_of_tools_have_a_turn_of_their_own() -> None:
    uses = (ToolUse("u-1", "add", {}, malformed="{"), ToolUse("u-2", "add", {}))
    said = [
        user("One."),
        user("Two.", " "),
        assistant(*uses),
        tool_results(ToolUseResult("u-1", "add", (Text("Odd."),), is_error=True)),
        tool_results(ToolUseResult("u-2", "add", (Text("3"), Text("!")))),
        user("Well?"),
    ]
    assert (await body_of(ChatRequest(said)))["contents"] == [
        {"role": "user", "parts": [{"text": "One."}, {"text": "Two."}]},
        {"role": "model", "parts": [_call("u-1"), _call("u-2")]},
        {
            "role": "user",
            "parts": [_result("u-1", {"error": "Odd."}), _result("u-2", {"output": "3\n!"})],
        },
        {"role": "user", "parts": [{"text": "Well?"}]},
    ]


def _call(id: str) -> Mapping[str, Any]:
    return {"functionCall": {"id": id, "name": "add", "args": {}}}


def _result(id: str, response: Mapping[str, str]) -> Mapping[str, Any]:
    return {"functionResponse": {"id": id, "name": "add", "response": response}}


async def test_settings(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    settings = ModelSettings(
        temperature=0.5, max_tokens=9, stop=("END",), seed=7, effort="none", extra={"labels": {}}
    )
    body = await body_of(replace(HELLO, settings=settings))
    assert "AFC" not in caplog.text  # the library would run tools by itself
    assert body["labels"] == {}
    assert body["generationConfig"] == {
        "temperature": 0.5,
        "maxOutputTokens": 9,
        "stopSequences": ["END"],
        "seed": 7,
        "thinkingConfig": {"thinking_level": "MINIMAL", "include_thoughts": True},
    }


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("PROHIBITED_CONTENT", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "other"),
    ],
)
async def test_why_it_ended(reason: str, finish: str) -> None:
    async with asked(whole([], reason)) as (model, _):
        assert (await model.reply(HELLO)).finish == finish


async def test_an_answer_that_could_go_on_is_not_asked_for_more() -> None:
    paused = {"finishReason": "CONTINUATION", "continuationToken": SIGNED}
    body = {"candidates": [{**paused, "content": {"parts": [{"text": "Once"}]}}]}
    async with asked(Answer.of(body), Answer.events(body), HI) as (model, server):
        reply = await model.reply(HELLO)
        assert [piece async for piece in model.stream(HELLO)] == [TextDelta("Once"), reply]
    assert (reply.text, reply.finish) == ("Once", "length")
    assert len(server.requests) == 2


async def test_an_end_without_content() -> None:
    async with asked(Answer.of({"candidates": [{"finishReason": "MAX_TOKENS"}]})) as (model, _):
        reply = await model.reply(HELLO)
    assert (reply.message.parts, reply.finish) == ((), "length")


async def test_a_request_that_is_blocked_says_why() -> None:
    blocked = {"promptFeedback": {"blockReason": "BLOCKLIST"}, "usageMetadata": {}}
    async with asked(Answer.of(blocked), Answer.events(blocked)) as (model, _):
        with pytest.raises(ContentFiltered, match="in another way: BLOCKLIST"):
            await model.reply(HELLO)
        with pytest.raises(ContentFiltered, match="in another way: BLOCKLIST"):
            _ = [piece async for piece in model.stream(HELLO)]


@pytest.mark.parametrize(("period", "kind"), [("PerMinute", RateLimited), ("PerDay", QuotaSpent)])
async def test_how_long_to_wait_stands_in_the_details(period: str, kind: type[RateLimited]) -> None:
    told = {
        "@type": "type.googleapis.com/google.rpc.RetryInfo",
        "retryDelay": "34.074824224s",
    }
    async with asked(error(429, "RESOURCE_EXHAUSTED", "", quota(period), told)) as (model, _):
        with pytest.raises(kind) as raised:
            await model.reply(HELLO)
    assert type(raised.value) is kind
    assert raised.value.wait_s == pytest.approx(34.074824)


async def test_nothing_in_the_environment_leads_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "another")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("GOOGLE_VERTEX_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_GENAI_USE_ENTERPRISE", "true")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "another")
    async with asked(HI) as (model, server):
        await model.reply(HELLO)
    heard = server.requests[0]
    assert heard.headers["x-goog-api-key"] == API_KEY
    assert heard.line.startswith("POST /v1/v1/models/m-1:generateContent ")
