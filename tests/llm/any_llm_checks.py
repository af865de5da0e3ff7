"""What only any-llm says and wants; `test_any_llm.py` runs this where any-llm is."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from tests.llm.speech.any_llm_speech import AnyLLMSpeech
from tests.llm.speech.openai_speech import whole
from tests.llm.speech.speech import model_at
from tests.support.provider import API_KEY, Answer, Provider, serving

from toolyard.core.errors import ConfigError, InvalidRequest, KeyRefused, QuotaSpent
from toolyard.llm.chat import ChatRequest, OutputSchema
from toolyard.llm.chat_model import StreamingModel, close
from toolyard.llm.message import tool_results, user
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.models import chat_model

HELLO = ChatRequest([user("Hello")])
HI = AnyLLMSpeech().text("Hi")


@asynccontextmanager
async def asked(*answers: Answer) -> AsyncGenerator[tuple[StreamingModel, Provider]]:
    async with serving(Provider(*answers)) as server:
        model = model_at(server, AnyLLMSpeech(), API_KEY)
        yield model, server
        await close(model)


async def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(KeyRefused, match="no key for openai; set OPENAI_API_KEY or give api_key"):
        await chat_model("any:openai:m-1").reply(HELLO)


async def test_the_key_of_the_environment_goes_to_the_provider_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", API_KEY)
    async with serving(Provider(HI)) as server:
        model = chat_model("any:openai:m-1", base_url=server.url)
        reply = await model.reply(HELLO)
        await close(model)
    assert reply.model == "any:openai:m-1"
    assert API_KEY not in str(server.requests[0])


async def test_a_provider_that_is_not_known() -> None:
    with pytest.raises(ConfigError, match="no provider 'nobody'"):
        await chat_model("any:nobody:m-1").reply(HELLO)


async def test_a_provider_whose_own_library_is_missing() -> None:
    with pytest.raises(ConfigError, match=r"pip install 'any-llm-sdk\[mistral\]'"):
        await chat_model("any:mistral:m-1", api_key=API_KEY).reply(HELLO)


async def test_what_stands_beside_a_use_is_given_back() -> None:
    beside = {"google": {"thought_signature": "S1"}}
    call: Mapping[str, Any] = {
        "id": "u-1",
        "type": "function",
        "function": {"name": "add", "arguments": "{}"},
        "extra_content": beside,
    }
    async with asked(whole({"content": None, "tool_calls": [call]}, "tool_calls"), HI) as (
        model,
        server,
    ):
        reply = await model.reply(HELLO)
        await model.reply(ChatRequest([user("Hello"), reply.message, tool_results()]))
    assert server.requests[1].body["messages"][1]["tool_calls"] == [call]


async def test_what_a_model_refuses_of_the_knobs_is_left_out() -> None:
    error = {"message": "No.", "param": "temperature", "code": "unsupported_parameter"}
    turned = replace(
        HELLO, settings=ModelSettings(temperature=0.5, max_tokens=7, extra={"user": "Mai"})
    )
    async with asked(Answer.of({"error": error}, 400), HI) as (model, server):
        await model.reply(turned)
    bodies = [request.body for request in server.requests]
    assert ["temperature" in body for body in bodies] == [True, False]
    assert bodies[1]["max_completion_tokens"] == 7
    assert bodies[1]["user"] == "Mai"


async def test_a_setting_that_a_provider_does_not_know_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    errors: Any = import_module("any_llm.exceptions")
    provider: Any = import_module("any_llm.providers.openai").OpenaiProvider
    convert = provider._convert_completion_params

    def strict(params: Any, **more: Any) -> Any:
        if params.seed is not None:
            raise errors.UnsupportedParameterError("seed", "openai")
        return convert(params, **more)

    monkeypatch.setattr(provider, "_convert_completion_params", staticmethod(strict))
    async with asked(HI) as (model, server):
        await model.reply(replace(HELLO, settings=ModelSettings(seed=7, stop=("END",))))
    assert "seed" not in server.requests[0].body
    assert server.requests[0].body["stop"] == ["END"]


async def test_an_answer_to_a_schema_that_a_provider_does_not_know() -> None:
    output = OutputSchema("n", {"type": "object", "properties": {}})
    model = chat_model("any:zai:m-1", api_key=API_KEY, base_url="http://127.0.0.1:1")
    with pytest.raises(InvalidRequest, match="response_format"):
        await model.reply(replace(HELLO, output=output))
    await close(model)


async def test_a_known_error_in_the_middle_of_a_stream() -> None:
    error = {"message": "Rate limit.", "type": "server_error", "code": "insufficient_quota"}
    async with asked(Answer.events({"error": error})) as (model, _):
        with pytest.raises(QuotaSpent):
            _ = [piece async for piece in model.stream(HELLO)]
