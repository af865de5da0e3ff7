"""What was said in a conversation, and about how much that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from toolyard.llm.message import Message
from toolyard.llm.token_estimate import tokens_in
from toolyard.llm.trimming import trimmed


@dataclass(frozen=True, slots=True)
class History:
    """Messages in order, counted once: a long conversation costs no more per turn."""

    messages: tuple[Message, ...] = ()
    tokens: int = 0
    """As `tokens_in` estimates them."""

    @classmethod
    def of(cls, messages: Sequence[Message]) -> Self:
        """A history of `messages`."""
        return cls(tuple(messages), sum(map(tokens_in, messages)))

    def plus(self, messages: Sequence[Message]) -> History:
        """This one, and `messages` after it."""
        if not messages:
            return self
        more = sum(map(tokens_in, messages))
        return History((*self.messages, *messages), self.tokens + more)

    def within(self, most_tokens: float, *, new: int) -> History:
        """The newest of it that fit, as `trimmed` chooses them."""
        if self.tokens <= most_tokens:
            return self
        return History.of(trimmed(self.messages, most_tokens, tokens_in, new=new))


NOTHING_SAID = History()
