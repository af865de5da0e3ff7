"""Conversations at random: whatever is said and forgotten, every provider would take the rest."""

import random
from collections.abc import Callable

import pytest
from google.genai.types import Content
from tests.llm.test_providers import PNG
from tests.llm.valid_history import valid_anthropic, valid_gemini, valid_openai

from toolyard import Image, Text, Tool
from toolyard.core.errors import ModelError, RateLimited
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.message import (
    Message,
    Part,
    Reasoning,
    ToolUse,
    ToolUseResult,
)
from toolyard.llm.providers.access import Access
from toolyard.llm.providers.anthropic_dialect import AnthropicDialect
from toolyard.llm.providers.gemini_dialect import GeminiDialect
from toolyard.llm.providers.openai_dialect import OpenAIDialect
from toolyard.llm.session import LLMSession
from toolyard.llm.session_json import session_json, session_of

SENDS = 32_000
"""About one in three forgets something."""
TOOL = Tool("add", "Adds.", {"type": "object"})
ACCESS = Access("any", "m", "k")
OPENAI, ANTHROPIC, GEMINI = OpenAIDialect(ACCESS), AnthropicDialect(ACCESS), GeminiDialect(ACCESS)


def refuse(request: ChatRequest) -> None:
    """Raise where one of the providers would refuse the request, as its dialect writes it."""
    valid_openai(OPENAI._body(request))
    valid_anthropic(ANTHROPIC._body(request))
    written = [Content.model_validate(each) for each in GEMINI._said(request)["contents"]]
    valid_gemini(
        {"contents": [each.model_dump(by_alias=True, exclude_none=True) for each in written]}
    )


class Moody:
    """Says anything that a model may say, and refuses to answer now and then."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._uses = 0
        self.forgot = 0
        self._known = 0

    async def reply(self, request: ChatRequest) -> Reply:
        refuse(request)
        self.forgot += len(request.messages) < self._known
        self._known = len(request.messages)
        if self._dice.random() < 0.1:
            raise RateLimited("Busy.")
        parts = [self._part() for _ in range(self._dice.randrange(5))]
        return Reply(Message("assistant", tuple(parts)))

    def _part(self) -> Part:
        self._uses += 1
        words = "word " * self._dice.randrange(1, 60)
        kinds: list[Callable[[], Part]] = [
            lambda: Text(words),
            lambda: Text(self._dice.choice(["", " ", "\n"])),
            lambda: Reasoning(words),
            lambda: Reasoning(words, signature="c2lnbmVk"),
            lambda: Reasoning("", sealed="c2VhbGVk"),
            lambda: ToolUse(f"u-{self._uses}", "add", {"a": words}),
            lambda: ToolUse(f"u-{self._uses}", "add", {}, malformed='{"a": '),
        ]
        return self._dice.choice(kinds)()


def said(dice: random.Random, session: LLMSession) -> list[str | Text | Image | ToolUseResult]:
    """Something that may be said now: texts, pictures, some of the results that are waited for."""
    contents: list[tuple[Text | Image, ...]] = [
        (Text("3"),),
        (),
        (Text(""),),
        (Text("long " * 200),),
        (Text("see"), Image(PNG)),
        (Image(PNG),),
    ]
    results = [
        ToolUseResult(use.id, use.name, dice.choice(contents), is_error=dice.random() < 0.2)
        for use in session.pending
        if dice.random() < 0.8
    ]
    rest = [dice.choice(["go on", "word " * 100, Image(PNG)]) for _ in range(dice.randrange(3))]
    return [*results, *rest] or ["well?"]


@pytest.mark.parametrize("seed", range(4))
async def test_every_provider_takes_what_is_left(seed: int) -> None:
    dice = random.Random(seed)
    moody = Moody(dice)
    session = LLMSession(moody, system_prompt="Be odd.", context_tokens=400)
    failed = 0
    for _ in range(SENDS // 4):
        session.context_tokens = dice.choice([60, 400, 3_000])
        try:
            await session.send(*said(dice, session), tools=[TOOL])
        except ModelError:
            failed += 1
        chance = dice.random()
        if chance < 0.05:
            session = session.fork()
        elif chance < 0.1:
            session = session_of(session_json(session), moody)
    assert failed > 100
    assert moody.forgot > 2_500  # in four runs
