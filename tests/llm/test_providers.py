"""Every provider, over its real client library, from a server that speaks its wire format."""

import base64
import logging
import traceback
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import pytest
from tests.llm.speech.speech import Speech, model_at
from tests.llm.speech.speeches import SPEECHES
from tests.support.provider import API_KEY, Answer, Provider, serving

from toolyard import Image, Text, Tool
from toolyard.core.errors import KeyRefused, ModelError, ModelUnreachable, RateLimited
from toolyard.llm.chat import (
    ChatRequest,
    OutputSchema,
    Piece,
    ReasoningDelta,
    Reply,
    TextDelta,
    ToolUseDelta,
)
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
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.usage import Usage

COUNTED = Usage(input_tokens=11, output_tokens=7, cached_tokens=4, reasoning_tokens=2)
HELLO = ChatRequest([user("Hello")])
ADD: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
    "required": ["a", "b"],
    "additionalProperties": False,
}
TOOL = Tool("add", "Adds two numbers.", ADD)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

pytestmark = pytest.mark.parametrize("speech", SPEECHES.values(), ids=SPEECHES)


@asynccontextmanager
async def asked(
    speech: Speech, *answers: Answer
) -> AsyncGenerator[tuple[StreamingModel, Provider]]:
    async with serving(Provider(*answers)) as server:
        model = model_at(server, speech, API_KEY)
        yield model, server
        await close(model)


async def all_of(model: StreamingModel, request: ChatRequest = HELLO) -> list[Piece]:
    return [piece async for piece in model.stream(request)]


async def test_text(speech: Speech) -> None:
    async with asked(speech, speech.text("Hi, Mai 🌊")) as (model, server):
        reply = await model.reply(ChatRequest([system("Be brief."), user("Hello")]))
    assert reply == Reply(assistant("Hi, Mai 🌊"), COUNTED, "stop", f"{speech.name}:m-1")
    heard = server.requests[0]
    assert speech.heard(heard.body) == [("system", "Be brief."), ("user", "Hello")]
    assert API_KEY in str(heard.headers)
    assert API_KEY not in heard.line


async def test_a_stream(speech: Speech) -> None:
    async with asked(speech, speech.stream("Hi", ", ", "Mai")) as (model, _):
        *deltas, reply = await all_of(model)
    assert deltas == [TextDelta("Hi"), TextDelta(", "), TextDelta("Mai")]
    assert reply == Reply(assistant("Hi, Mai"), COUNTED, "stop", f"{speech.name}:m-1")


async def test_a_stream_is_heard_while_it_is_said(speech: Speech) -> None:
    heard = anyio.Event()
    async with asked(speech, speech.stream("Hi", "!", until=heard, first=1)) as (model, _):
        pieces = model.stream(HELLO)
        assert await anext(pieces) == TextDelta("Hi")
        heard.set()  # the rest is not sent before
        *_, reply = [piece async for piece in pieces]
    assert isinstance(reply, Reply)
    assert reply.text == "Hi!"


async def test_a_stream_that_nobody_hears_to_its_end_is_closed(speech: Speech) -> None:
    waiting = speech.stream("Hi", "!", until=anyio.Event(), first=1)
    async with asked(speech, waiting) as (model, server):
        pieces = model.stream(HELLO)
        assert await anext(pieces) == TextDelta("Hi")
        with anyio.fail_after(5):
            await pieces.aclose()
            await server.left.wait()


async def test_reasoning(speech: Speech) -> None:
    async with asked(speech, speech.thought("Hm.", "Four.")) as (model, _):
        reply = await model.reply(HELLO)
    assert reply.message.reasoning == "Hm."
    assert reply.text == "Four."
    assert isinstance(reply.message.parts[0], Reasoning)


async def test_reasoning_in_a_stream(speech: Speech) -> None:
    async with asked(speech, speech.stream_thought(["H", "m."], ["Four."])) as (model, _):
        *deltas, reply = await all_of(model)
    assert deltas == [ReasoningDelta("H"), ReasoningDelta("m."), TextDelta("Four.")]
    assert isinstance(reply, Reply)
    assert (reply.message.reasoning, reply.text) == ("Hm.", "Four.")


async def test_tools(speech: Speech) -> None:
    answer = speech.uses(("u-1", "add", {"a": 1, "b": 2}), ("u-2", "add", {}))
    async with asked(speech, answer) as (model, server):
        reply = await model.reply(replace(HELLO, tools=[TOOL]))
    assert [(use.name, use.arguments) for use in reply.tool_uses] == [
        ("add", {"a": 1, "b": 2}),
        ("add", {}),
    ]
    assert len({use.id for use in reply.tool_uses}) == 2
    assert reply.finish == "tool_use"
    assert speech.tools(server.requests[0].body) == [("add", "Adds two numbers.", ADD)]


async def test_tools_in_a_stream(speech: Speech) -> None:
    answer = speech.stream_uses(("u-1", "add", ['{"a": 1,', ' "b": 2}']), ("u-2", "add", ["{}"]))
    async with asked(speech, answer) as (model, _):
        *deltas, reply = await all_of(model, replace(HELLO, tools=[TOOL]))
    assert isinstance(reply, Reply)
    assert [use.arguments for use in reply.tool_uses] == [{"a": 1, "b": 2}, {}]
    assert reply.finish == "tool_use"
    written = {0: "", 1: ""}
    for delta in deltas:
        assert isinstance(delta, ToolUseDelta)
        assert delta.name == "add"
        written[delta.index] += delta.arguments
    assert [written[0].replace(" ", ""), written[1]] == ['{"a":1,"b":2}', "{}"]


async def test_results_of_tools_are_told(speech: Speech) -> None:
    uses = (ToolUse("u-1", "add", {"a": 1, "b": 2}), ToolUse("u-2", "add", {"a": 0, "b": 0}))
    said: list[Message] = [
        user("Add."),
        assistant("Sure.", *uses),
        tool_results(
            ToolUseResult("u-1", "add", (Text("3"),)),
            ToolUseResult("u-2", "add", (Text("Out of zeros."),), is_error=True),
        ),
    ]
    async with asked(speech, speech.text("3")) as (model, server):
        await model.reply(ChatRequest(said, [TOOL]))
    assert speech.heard(server.requests[0].body) == [
        ("user", "Add."),
        ("assistant", "Sure."),
        ("assistant", ("use", "u-1", "add", {"a": 1, "b": 2})),
        ("assistant", ("use", "u-2", "add", {"a": 0, "b": 0})),
        ("tool", ("result", "u-1", "3")),
        ("tool", ("result", "u-2", "Out of zeros.")),
    ]


async def test_pictures(speech: Speech) -> None:
    picture = ("image", "image/png", base64.b64encode(PNG).decode())
    use = ToolUse("u-1", "draw", {})
    said = [
        user("What is this?", Image(PNG)),
        assistant(use),
        tool_results(ToolUseResult("u-1", "draw", (Text("A dot."), Image(PNG)))),
    ]
    async with asked(speech, speech.text("A dot.")) as (model, server):
        await model.reply(ChatRequest(said))
    heard = speech.heard(server.requests[0].body)
    assert heard[:2] == [("user", "What is this?"), ("user", picture)]
    assert [each for _, each in heard].count(picture) == 2
    assert ("tool", ("result", "u-1", "A dot.")) in heard


async def test_an_answer_to_a_schema(speech: Speech) -> None:
    async with asked(speech, speech.text('{"a": 1, "b": 2}')) as (model, server):
        reply = await model.reply(replace(HELLO, output=OutputSchema("sum", ADD)))
    assert reply.text == '{"a": 1, "b": 2}'
    assert speech.schema(server.requests[0].body) == ADD


async def test_a_refusal(speech: Speech) -> None:
    async with asked(speech, speech.refusal("I would rather not.")) as (model, _):
        reply = await model.reply(HELLO)
    assert reply.finish == speech.refuses
    async with asked(speech, speech.stream_refusal("I would rather not.")) as (model, _):
        *_, last = await all_of(model)
    assert isinstance(last, Reply)
    assert last.finish == speech.refuses
    assert reply.text == last.text


async def test_an_answer_that_is_too_long(speech: Speech) -> None:
    async with asked(speech, speech.text("Once upon", finish="length")) as (model, _):
        assert (await model.reply(HELLO)).finish == "length"


async def test_every_error(speech: Speech) -> None:
    for expected, answer in speech.errors():
        async with asked(speech, answer) as (model, server):
            with pytest.raises(ModelError) as whole:
                await model.reply(HELLO)
            assert len(server.requests) == 1, "the library tried again by itself"
            with pytest.raises(ModelError) as streamed:
                await all_of(model)
            assert len(server.requests) == 2
        for raised in (whole.value, streamed.value):
            assert type(raised) is expected, answer
            assert API_KEY not in "".join(traceback.format_exception(raised))
            assert "127.0.0.1" not in str(raised)
            assert str(raised).endswith(".")


async def test_how_long_to_wait_is_passed_on(speech: Speech) -> None:
    refused = next(answer for kind, answer in speech.errors() if kind is RateLimited)
    limited = replace(refused, headers={"Retry-After": "7"})
    async with asked(speech, limited) as (model, _):
        with pytest.raises(RateLimited) as raised:
            await model.reply(HELLO)
    assert raised.value.wait_s == 7


async def test_an_error_in_the_middle_of_a_stream(speech: Speech) -> None:
    async with asked(speech, speech.broken_stream("Hi")) as (model, _):
        pieces = model.stream(HELLO)
        assert await anext(pieces) == TextDelta("Hi")
        with pytest.raises(ModelUnreachable):
            await anext(pieces)


async def test_a_connection_that_breaks_in_the_middle_of_a_stream(speech: Speech) -> None:
    broken = speech.stream("Hi", "!")
    cut = replace(broken, body=broken.body[: len(broken.body) // 2], cuts=True)
    async with asked(speech, cut) as (model, _):
        with pytest.raises(ModelUnreachable):
            await all_of(model)


async def test_nobody_is_there(speech: Speech) -> None:
    async with serving(Provider(speech.text("Hi"))) as server:
        pass
    model = model_at(server, speech, API_KEY)
    with pytest.raises(ModelUnreachable):
        await model.reply(HELLO)
    await close(model)


async def test_an_answer_that_does_not_come_in_time(speech: Speech) -> None:
    hurried = replace(HELLO, settings=ModelSettings(timeout_s=0.3))
    async with asked(speech, replace(speech.text("Hi"), body=b"", hangs=True)) as (model, _):
        with pytest.raises(ModelUnreachable, match=r"within 0\.3 s"):
            await model.reply(hurried)
    waiting = speech.stream("Hi", "!", until=anyio.Event(), first=1)
    async with asked(speech, waiting) as (model, _):
        with pytest.raises(ModelUnreachable, match=r"within 0\.3 s"):
            await all_of(model, hurried)


async def test_a_key_that_is_said_back(speech: Speech) -> None:
    refused = next(answer for kind, answer in speech.errors() if kind is KeyRefused)
    told = replace(
        refused, body=refused.body.replace(b'"message": "', f'"message": "{API_KEY} '.encode())
    )
    async with asked(speech, told) as (model, _):
        with pytest.raises(KeyRefused) as raised:
            await model.reply(HELLO)
    assert API_KEY[3:11] not in str(raised.value)
    assert "THE_KEY" in str(raised.value)


async def test_no_key_in_logs(speech: Speech, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with asked(speech, speech.text("Hi")) as (model, _):
        await model.reply(HELLO)
        assert API_KEY not in repr(vars(model))
    assert API_KEY not in str([vars(record) for record in caplog.records])


async def test_a_closed_model_can_be_asked_again(speech: Speech) -> None:
    async with asked(speech, speech.text("Hi")) as (model, _):
        await model.reply(HELLO)
        await close(model)
        assert (await model.reply(HELLO)).text == "Hi"
