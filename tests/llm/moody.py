"""A model that says whatever a model may say, and refuses what a provider would refuse."""

import random
from collections.abc import Callable

from google.genai.types import Content
from tests.llm.valid_history import valid_anthropic, valid_gemini, valid_openai

from toolyard import Text, Tool
from toolyard.core.errors import RateLimited
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.message import Message, Part, Reasoning, ToolUse
from toolyard.llm.providers.access import Access
from toolyard.llm.providers.anthropic_dialect import AnthropicDialect
from toolyard.llm.providers.gemini_dialect import GeminiDialect
from toolyard.llm.providers.openai_dialect import OpenAIDialect

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
