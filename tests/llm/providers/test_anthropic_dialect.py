"""What only Anthropic says and wants."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.llm.speech.anthropic_speech import (
    AnthropicSpeech,
    stream_of,
    text_block,
    thinking_block,
    whole,
)
from tests.llm.speech.speech import model_at
from tests.support.provider import API_KEY, Answer, Provider, serving

from toolyard import Image, Text
from toolyard.core.errors import InvalidRequest, ModelUnreachable
from toolyard.llm.chat import ChatRequest, OutputSchema, Reply
from toolyard.llm.chat_model import StreamingModel, close
from toolyard.llm.message import (
    Message,
    Reasoning,
    ToolUse,
    ToolUseResult,
    assistant,
    system,
    tool_results,
    user,
)
from toolyard.llm.model_settings import Effort, ModelSettings

HELLO = ChatRequest([user("Hello")])
REFUSED = Answer.of({"error": {"type": "invalid_request_error", "message": "Something."}}, 400)
HI = AnthropicSpeech().text("Hi")


@asynccontextmanager
async def asked(*answers: Answer) -> AsyncGenerator[tuple[StreamingModel, Provider]]:
    async with serving(Provider(*answers)) as server:
        model = model_at(server, AnthropicSpeech(), API_KEY)
        yield model, server
        await close(model)


async def body_of(request: ChatRequest) -> Mapping[str, Any]:
    async with asked(HI) as (model, server):
        await model.reply(request)
    return server.requests[0].body


async def test_thoughts_are_given_back_as_they_were() -> None:
    blocks: list[Mapping[str, Any]] = [
        {"type": "thinking", "thinking": "Hm.", "signature": "S1"},
        {"type": "thinking", "thinking": "", "signature": "S2"},
        {"type": "redacted_thinking", "data": "sealed"},
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": "u-1", "name": "add", "input": {"a": 1}},
    ]
    async with asked(whole(blocks, "tool_use"), HI) as (model, server):
        reply = await model.reply(HELLO)
        await model.reply(ChatRequest([user("Hello"), reply.message]))
    assert server.requests[1].body["messages"][1] == {"role": "assistant", "content": blocks}


async def test_thoughts_of_a_stream_are_given_back_as_they_were() -> None:
    sealed: Mapping[str, Any] = {"type": "redacted_thinking", "data": "sealed"}
    said = stream_of([thinking_block("H", "m."), thinking_block(), (sealed, []), text_block("!")])
    async with asked(Answer.events(*said), HI) as (model, server):
        *_, reply = [piece async for piece in model.stream(HELLO)]
        assert isinstance(reply, Reply)
        await model.reply(ChatRequest([user("Hello"), reply.message]))
    assert server.requests[1].body["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "S1"},
        {"type": "thinking", "thinking": "", "signature": "S1"},
        sealed,
        {"type": "text", "text": "!"},
    ]


async def test_thoughts_that_nobody_signed_are_for_people() -> None:
    said: list[Mapping[str, Any]] = [
        {"type": "thinking", "thinking": "Hm."},
        {"type": "thinking", "thinking": "So?", "signature": ""},
        {"type": "text", "text": "Hi"},
    ]
    async with asked(whole(said), HI) as (model, server):
        reply = await model.reply(HELLO)
        await model.reply(ChatRequest([user("Hello"), reply.message, user("And?")]))
    assert reply.message.reasoning == "Hm.So?"
    assert server.requests[1].body["messages"][1]["content"] == [said[2]]


async def test_neighbours_of_one_role_are_one_turn() -> None:
    said: list[Message] = [
        system("Be brief."),
        user("One."),
        system("Be kind."),
        user("Two.", " "),
        assistant(Reasoning("Another's thought."), ""),
        user("Three."),
        assistant(ToolUse("u-1", "draw", {}, malformed="{")),
        tool_results(ToolUseResult("u-1", "draw", (Text(""), Image(b"PNG")), is_error=True)),
        tool_results(ToolUseResult("u-2", "draw", (), is_error=True)),
        user("Well?"),
    ]
    body = await body_of(ChatRequest(said))
    assert body["system"] == "Be brief.\n\nBe kind."
    picture = {"type": "base64", "media_type": "image/png", "data": "UE5H"}
    failed = {"type": "tool_result", "is_error": True}
    assert body["messages"] == [
        {"role": "user", "content": [_text("One."), _text("Two."), _text("Three.")]},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "u-1", "name": "draw", "input": {}}],
        },
        {
            "role": "user",
            "content": [
                {
                    **failed,
                    "tool_use_id": "u-1",
                    "content": [{"type": "image", "source": picture}],
                },
                {**failed, "tool_use_id": "u-2", "content": [_text("It failed.")]},
                _text("Well?"),
            ],
        },
    ]


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


async def test_input_is_counted_wherever_it_came_from() -> None:
    counted = {
        "input_tokens": 3,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
        "output_tokens": 5,
    }
    async with asked(Answer.of({"content": [], "usage": counted})) as (model, _):
        usage = (await model.reply(HELLO)).usage
    assert (usage.input_tokens, usage.cached_tokens, usage.cache_written_tokens) == (123, 100, 20)
    assert (usage.output_tokens, usage.reasoning_tokens) == (5, 0)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("stop_sequence", "stop"),
        ("model_context_window_exceeded", "length"),
        ("pause_turn", "other"),
        ("something_new", "other"),
    ],
)
async def test_why_it_ended(reason: str, finish: str) -> None:
    async with asked(whole([], reason)) as (model, _):
        assert (await model.reply(HELLO)).finish == finish


@pytest.mark.parametrize(
    ("effort", "thinking", "output"),
    [
        (None, None, None),
        ("none", {"type": "disabled"}, None),
        ("low", {"type": "adaptive", "display": "summarized"}, {"effort": "low"}),
    ],
)
async def test_how_much_it_may_think(effort: Effort | None, thinking: Any, output: Any) -> None:
    body = await body_of(replace(HELLO, settings=ModelSettings(effort=effort)))
    assert (body.get("thinking"), body.get("output_config")) == (thinking, output)


async def test_settings() -> None:
    settings = ModelSettings(
        temperature=0.5, stop=("END",), seed=7, effort="high", extra={"top_k": 3}
    )
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}
    body = await body_of(replace(HELLO, settings=settings, output=OutputSchema("n", schema)))
    assert body["max_tokens"] == 16_000
    assert (body["temperature"], body["top_k"], body["stop_sequences"]) == (0.5, 3, ["END"])
    assert "seed" not in body
    assert body["output_config"]["effort"] == "high"
    fitted = body["output_config"]["format"]["schema"]
    assert fitted["additionalProperties"] is False
    assert "minimum" not in fitted["properties"]["n"]


async def test_a_schema_that_cannot_be_fitted_is_sent_as_it_is() -> None:
    schema = {"type": "object", "properties": {"n": {"type": ["integer", "null"]}}}
    body = await body_of(replace(HELLO, output=OutputSchema("n", schema)))
    assert body["output_config"]["format"]["schema"] == schema


async def test_what_a_model_refuses_of_the_knobs_is_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    turned = replace(HELLO, settings=ModelSettings(temperature=0.5, top_p=0.9))
    async with asked(REFUSED, REFUSED, HI) as (model, server):
        assert (await model.reply(turned)).text == "Hi"
        assert (await model.reply(turned)).text == "Hi"
    knobs = [{"temperature", "top_p"} & request.body.keys() for request in server.requests]
    assert knobs == [{"temperature", "top_p"}, {"temperature"}, set(), set()]
    assert "anthropic:m-1 takes no temperature" in caplog.text


async def test_knobs_are_not_blamed_for_what_is_refused_without_them_too() -> None:
    turned = replace(HELLO, settings=ModelSettings(temperature=0.5))
    async with asked(REFUSED, REFUSED, HI) as (model, server):
        with pytest.raises(InvalidRequest):
            await model.reply(turned)
        await model.reply(turned)
    assert server.requests[2].body["temperature"] == 0.5


async def test_an_error_of_a_new_kind_in_the_middle_of_a_stream_is_its_own_fault() -> None:
    error = {"type": "error", "error": {"type": "tired_error", "message": "Invalid request"}}
    begun = stream_of([text_block("Hi")])[:3]
    async with asked(Answer.events(*begun, ("error", error))) as (model, _):
        with pytest.raises(ModelUnreachable):
            _ = [piece async for piece in model.stream(HELLO)]
