"""Makes room early where a conversation only repeats itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from toolyard.agents.context.pressure import at_least_one, pressure, share
from toolyard.agents.context.strategy import ContextStrategy
from toolyard.agents.own_thoughts import OwnThoughts
from toolyard.core.content import Image, Text
from toolyard.llm.message import Message, Part, ToolUse, ToolUseResult
from toolyard.llm.session import LLMSession

Bigram = tuple[str, str]


class NoveltyAware:
    """Is due above `high` always, and above `moderate` while little new is said; `inner` acts."""

    def __init__(
        self,
        inner: ContextStrategy,
        *,
        high: float = 0.9,
        moderate: float = 0.7,
        novelty: float = 0.3,
        window: int = 4,
    ) -> None:
        """As described.

        Args:
            inner: What makes room.
            high: From more than which share of the context on it is due, whatever is said.
            moderate: From more than which share of the context on it is due if little is new.
            novelty: What is little: less than this share of the pairs of words said last.
            window: How many messages are what was said last, 1 or more.

        Raises:
            ConfigError: A number is out of its range, or `moderate` is over `high`.
        """
        self._inner = inner
        self._high = share("high", high)
        self._moderate = share("moderate", moderate, most=high)
        self._novelty = share("novelty", novelty)
        self._window = at_least_one("window", window)

    @property
    def name(self) -> str:
        """As `ContextStrategy.name`."""
        return f"novelty_aware({self._inner.name})"

    def is_due(self, session: LLMSession) -> bool:
        """As `ContextStrategy.is_due`."""
        full = pressure(session)
        if full <= self._moderate:
            return False
        return full > self._high or novelty(session.messages, self._window) < self._novelty

    async def compact(self, session: LLMSession, thoughts: OwnThoughts | None) -> None:
        """As `ContextStrategy.compact`."""
        await self._inner.compact(session, thoughts)


def novelty(messages: Sequence[Message], window: int) -> float:
    """Which share of the pairs of words in the last `window` messages was not said before.

    All is new where there are fewer than two messages, or no pairs of words in the last ones.
    """
    last = {pair for message in messages[-window:] for pair in _bigrams(message)}
    if len(messages) < 2 or not last:
        return 1.0
    new = set(last)
    for message in messages[:-window]:
        new.difference_update(_bigrams(message))
    return len(new) / len(last)


def _bigrams(message: Message) -> Iterator[Bigram]:
    words = [word for part in message.parts for word in re.findall(r"\w+", _text(part).lower())]
    return pairwise(words)


def _text(part: Part) -> str:
    """What a part says; the same tool asked for the same thing says nothing new."""
    if isinstance(part, Text):
        return part.text
    if isinstance(part, ToolUse):
        return f"{part.name} {part.malformed or json.dumps(part.arguments, ensure_ascii=False)}"
    if isinstance(part, ToolUseResult):
        return " ".join(each.text for each in part.content if not isinstance(each, Image))
    return ""
