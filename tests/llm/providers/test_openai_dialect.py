"""What only OpenAI says and wants."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from tests.llm.speech.openai_speech import OpenAISpeech
from tests.llm.speech.speech import model_at
from tests.support.provider import API_KEY, Answer, Provider, serving

from toolyard.core.errors import InvalidRequest
from toolyard.llm.chat import ChatRequest
from toolyard.llm.chat_model import StreamingModel, close
from toolyard.llm.message import ToolUse, ToolUseResult, assistant, tool_results, user
from toolyard.llm.model_settings import ModelSettings

HELLO = ChatRequest([user("Hello")])
TURNED = replace(HELLO, settings=ModelSettings(temperature=0.5, top_p=0.9))
HI = OpenAISpeech().text("Hi")


@asynccontextmanager
async def asked(*answers: Answer) -> AsyncGenerator[tuple[StreamingModel, Provider]]:
    async with serving(Provider(*answers)) as server:
        model = model_at(server, OpenAISpeech(), API_KEY)
        yield model, server
        await close(model)


def refusing(name: str, code: str = "unsupported_value") -> Answer:
    return Answer.of({"error": {"message": "No.", "param": name, "code": code}}, 400)


async def test_what_a_model_refuses_of_the_knobs_is_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with asked(refusing("temperature"), HI) as (model, server):
        await model.reply(TURNED)
        await model.reply(TURNED)
    knobs = [{"temperature", "top_p"} & request.body.keys() for request in server.requests]
    assert knobs == [{"temperature", "top_p"}, {"top_p"}, {"top_p"}]
    assert "openai:m-1 takes no temperature" in caplog.text


@pytest.mark.parametrize(
    "answer", [refusing("seed"), refusing("model"), refusing("temperature", "another_code")]
)
async def test_what_is_refused_for_another_reason_is_not_asked_again(answer: Answer) -> None:
    async with asked(answer) as (model, server):
        with pytest.raises(InvalidRequest):
            await model.reply(TURNED)
    assert len(server.requests) == 1


async def test_what_another_provider_signed_is_not_sent() -> None:
    said = [
        user("Hello"),
        assistant(ToolUse("u-1", "add", {}, signature='{"google": {}}')),
        tool_results(ToolUseResult("u-1", "add", ())),
    ]
    async with asked(HI) as (model, server):
        await model.reply(ChatRequest(said))
    assert "google" not in str(server.requests[0].body)
