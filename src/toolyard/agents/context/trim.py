"""Forgets the oldest exchanges."""

from __future__ import annotations

from collections.abc import Sequence

from toolyard.agents.context.pressure import pressure, share
from toolyard.agents.own_thoughts import OwnThoughts
from toolyard.llm.message import Message
from toolyard.llm.session import LLMSession
from toolyard.llm.token_estimate import tokens_in
from toolyard.llm.trimming import trimmed


class Trim:
    """Forgets the oldest exchanges, then older rounds of tools of the one under way.

    It makes more room than is needed at once, as a provider's cache of prompts is of use only
    while the history begins as it did before.
    """

    name = "trim"

    def __init__(self, *, over: float = 0.85, to: float = 0.6) -> None:
        """As described.

        Args:
            over: From more than which share of the context on it is due.
            to: Which share of it is left, or less; what is under way stays whatever its size.

        Raises:
            ConfigError: These are no shares, or `to` is over `over`.
        """
        self._over = share("over", over)
        self._to = share("to", to, most=over)

    def is_due(self, session: LLMSession) -> bool:
        """As `ContextStrategy.is_due`."""
        return pressure(session) > self._over

    async def compact(self, session: LLMSession, thoughts: OwnThoughts | None) -> None:
        """As `ContextStrategy.compact`."""
        del thoughts  # nothing is written down
        trim(session, self._to * session.context_tokens)


def trim(session: LLMSession, most_tokens: float) -> None:
    """Forget the oldest of `session` until at most `most_tokens` are left.

    What the user said last stays, and so does what the model has not answered yet.
    """
    messages = session.messages
    estimated = sum(map(tokens_in, messages))
    if not estimated or session.history_tokens <= most_tokens:
        return
    real_per_estimated = session.history_tokens / estimated
    most = most_tokens / real_per_estimated
    session.messages = trimmed(messages, most, tokens_in, new=max(1, _unheard(messages)))


def _unheard(messages: Sequence[Message]) -> int:
    """How many messages came since the model spoke."""
    said = (at for at, message in enumerate(reversed(messages)) if message.role == "assistant")
    return next(said, len(messages))
