"""One question to a model, in one line."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from toolyard.core.content import Image, Text
from toolyard.llm.chat import Piece, Reply
from toolyard.llm.chat_model import ChatModel, close
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.models import chat_model
from toolyard.llm.session import LLMSession

T = TypeVar("T")


async def complete(
    *said: str | Text | Image,
    model: str | ChatModel,
    system_prompt: str = "",
    settings: ModelSettings | None = None,
) -> Reply:
    """What `model` answers.

    ```
    reply = await complete("How are you?", model="openai:gpt-5-mini")
    ```

    Args:
        said: Texts and pictures.
        model: One of your own, or a name as in `chat_model`.
        system_prompt: What it is to be and do.
        settings: How it is to answer.

    Raises:
        ModelError: There is no answer.
        ConfigError: There is no model of that name.
    """
    async with _session(model, system_prompt, settings) as session:
        return await session.send(*said)


async def structured_complete(
    kind: type[T],
    *said: str | Text | Image,
    model: str | ChatModel,
    system_prompt: str = "",
    settings: ModelSettings | None = None,
) -> T:
    """What `model` answers as a value of the type `kind`, which is any that pydantic knows.

    Raises:
        UnfitReply: Its answers are none, though it was asked three times.
        PromptError: JSON cannot say the type.
        ModelError: There is no answer.
        ConfigError: There is no model of that name.
    """
    async with _session(model, system_prompt, settings) as session:
        return await session.send_for(kind, *said)


async def stream(
    *said: str | Text | Image,
    model: str | ChatModel,
    system_prompt: str = "",
    settings: ModelSettings | None = None,
) -> AsyncGenerator[Piece, None]:
    """As `complete`, piece by piece; the whole reply comes last."""
    async with (
        _session(model, system_prompt, settings) as session,
        aclosing(session.stream(*said)) as pieces,
    ):
        async for piece in pieces:
            yield piece


@asynccontextmanager
async def _session(
    model: str | ChatModel, system_prompt: str, settings: ModelSettings | None
) -> AsyncGenerator[LLMSession]:
    """A session of one question; a model that was named is closed after it."""
    asked = chat_model(model) if isinstance(model, str) else model
    try:
        yield LLMSession(asked, system_prompt=system_prompt, settings=settings)
    finally:
        if isinstance(model, str):
            await close(asked)
