"""The providers themselves, where there is a key for them: one short call and one stream each."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from toolyard.llm.chat import ChatRequest, Reply, TextDelta
from toolyard.llm.chat_model import ChatModel, StreamingModel, close
from toolyard.llm.message import system, user
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.models import PROVIDERS, chat_model

CHEAPEST = {
    "openai": "gpt-5-nano",
    "anthropic": "claude-haiku-5-5",
    "gemini": "gemini-3.5-flash-lite",
    "xai": "grok-4-1-fast-non-reasoning",
    "openrouter": "openai/gpt-5-nano",
}
REQUEST = ChatRequest(
    [system("Answer with one word."), user("What is the capital of France?")],
    settings=ModelSettings(max_tokens=2000, timeout_s=30),
)

pytestmark = [
    pytest.mark.real_key,
    pytest.mark.timeout(120),
    pytest.mark.parametrize("provider", CHEAPEST),
]


@asynccontextmanager
async def real(provider: str) -> AsyncGenerator[ChatModel]:
    """The cheapest model of `provider`; skips the test where there is no key, in CI too."""
    if PROVIDERS[provider].key is None:
        pytest.skip(f"there is no {PROVIDERS[provider].keys[0]}")
    model = chat_model(f"{provider}:{CHEAPEST[provider]}")
    yield model
    await close(model)


def judge(reply: Reply) -> None:
    assert "Paris" in reply.text
    assert reply.finish == "stop"
    assert reply.usage.input_tokens > 5
    assert reply.usage.output_tokens > 0


async def test_a_call(provider: str) -> None:
    async with real(provider) as model:
        judge(await model.reply(REQUEST))


async def test_a_stream(provider: str) -> None:
    async with real(provider) as model:
        assert isinstance(model, StreamingModel)
        *deltas, reply = [piece async for piece in model.stream(REQUEST)]
    assert isinstance(reply, Reply)
    judge(reply)
    texts = (delta.text for delta in deltas if isinstance(delta, TextDelta))
    assert "".join(texts) == reply.text
