"""What was said in a conversation, and about how much that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

from toolyard.llm.message import Message
from toolyard.llm.token_estimate import tokens_in
from toolyard.llm.trimming import trimmed


class History(NamedTuple):
    """Messages in order, counted once: a long conversation costs no more per turn."""

    written: list[Message]
    """Its messages, and maybe more that others wrote after them; it only ever grows.

    A tuple for each turn would be new, and so the garbage collector would look through it again.
    """
    length: int
    tokens: int
    """As `tokens_in` estimates them."""

    @classmethod
    def of(cls, messages: Sequence[Message]) -> Self:
        """A history of `messages`."""
        return cls(list(messages), len(messages), sum(map(tokens_in, messages)))

    @property
    def messages(self) -> tuple[Message, ...]:
        """All of them, the oldest first."""
        written = self.written
        return tuple(written if len(written) == self.length else written[: self.length])

    @property
    def last(self) -> Message | None:
        """The newest, if there is any."""
        return self.written[self.length - 1] if self.length else None

    def plus(self, messages: Sequence[Message]) -> History:
        """This one, and `messages` after it."""
        if not messages:
            return self
        written = self.written
        if len(written) > self.length:  # somebody else went on from here
            written = written[: self.length]
        written.extend(messages)
        return History(written, len(written), self.tokens + sum(map(tokens_in, messages)))

    def within(self, most_tokens: float, *, new: int) -> History:
        """The newest of it that fit, as `trimmed` chooses them."""
        if self.tokens <= most_tokens:
            return self
        return History.of(trimmed(self.messages, most_tokens, tokens_in, new=new))
