"""What all models of providers have in common, whatever their dialect."""

import json
import logging
import subprocess
import sys
from dataclasses import replace
from functools import partial

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from tests.llm.speech.openai_speech import OpenAISpeech
from tests.llm.speech.speech import model_at
from tests.support.provider import API_KEY, Answer, Provider, serving

from toolyard.llm.chat import ChatRequest
from toolyard.llm.chat_model import close
from toolyard.llm.message import user
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.session import LLMSession
from toolyard.llm.session_json import session_json

SPEECH = OpenAISpeech()
HELLO = ChatRequest([user("Hello")])
LIBRARIES = ("openai", "anthropic", "google.genai", "any_llm", "genai_prices", "jinja2")


def test_no_library_is_loaded_before_it_is_needed() -> None:
    script = (
        "import sys; from toolyard import LLMSession, chat_model, complete, ListPrices;"
        "chat_model('openai:m', api_key='k');"
        f"print([name for name in {LIBRARIES} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_model_may_be_asked_in_one_event_loop_after_another() -> None:
    kept = replace(SPEECH.text("Hi"), headers={"Connection": "keep-alive"})
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(serving(Provider(kept))) as server,
    ):
        model = model_at(server, SPEECH, API_KEY)

        async def ask(*, is_closed: bool) -> str:
            try:
                return (await model.reply(HELLO)).text
            finally:
                if is_closed:
                    await close(model)

        assert [anyio.run(partial(ask, is_closed=True)) for _ in range(2)] == ["Hi", "Hi"]


async def test_a_model_that_was_not_closed_says_where_it_belongs() -> None:
    async with serving(Provider(SPEECH.text("Hi"))) as server:
        model = model_at(server, SPEECH, API_KEY)
        await model.reply(HELLO)

        def elsewhere() -> None:
            with pytest.raises(RuntimeError, match="another event loop"):
                anyio.run(model.reply, HELLO)

        await anyio.to_thread.run_sync(elsewhere)
        assert (await model.reply(HELLO)).text == "Hi"
        await close(model)


async def test_knobs_that_a_model_refuses_are_left_out_from_then_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = {"message": "no", "code": "unsupported_value", "param": "temperature"}
    answers = (Answer.of({"error": refused}, 400), SPEECH.text("Hi"), SPEECH.text("Hi"))
    request = ChatRequest([user("Hello")], settings=ModelSettings(temperature=0.5, seed=1))
    async with serving(Provider(*answers)) as server:
        model = model_at(server, SPEECH, API_KEY)
        caplog.set_level(logging.WARNING)
        await model.reply(request)
        await model.reply(request)
    first, second, third = (each.body for each in server.requests)
    assert first["temperature"] == 0.5
    assert "temperature" not in second | third
    assert (second["seed"], third["seed"]) == (1, 1)
    assert "takes no temperature" in caplog.text


async def test_members_of_the_providers_own_are_put_into_the_request() -> None:
    settings = ModelSettings(extra={"user": "mai"}, stop=("END",), max_tokens=5, effort="low")
    async with serving(Provider(SPEECH.text("Hi"))) as server:
        model = model_at(server, SPEECH, API_KEY)
        await model.reply(ChatRequest([user("Hello")], settings=settings))
    body = server.requests[0].body
    assert (body["user"], body["stop"], body["reasoning_effort"]) == ("mai", ["END"], "low")
    assert 5 in (body.get("max_tokens"), body.get("max_completion_tokens"))


async def test_no_key_in_a_saved_session() -> None:
    async with serving(Provider(SPEECH.text("Hi"))) as server:
        session = LLMSession(model_at(server, SPEECH, API_KEY))
        await session.send("Hello")
    assert API_KEY not in session_json(session)
    assert json.loads(session_json(session))["messages"]
