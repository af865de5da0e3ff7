"""Empties old results of tools, which are the most and the least missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from toolyard.agents.context.pressure import at_least_one, pressure, share
from toolyard.agents.context.strategy import ContextStrategy
from toolyard.agents.own_thoughts import OwnThoughts
from toolyard.core.content import Text
from toolyard.llm.message import Message, Part, ToolUseResult
from toolyard.llm.session import LLMSession
from toolyard.llm.token_estimate import tokens_in

DROPPED = "This result was dropped to save room; run the tool again if it is needed."


class DropOldResults:
    """Empties all results of tools but those of the last rounds; then `inner` is asked.

    What was asked for and said stays. It waits until there is something to be gained by it: a
    provider's cache of prompts is of use only while the history begins as it did before.
    """

    def __init__(
        self,
        inner: ContextStrategy,
        *,
        over: float = 0.7,
        keep_rounds: int = 3,
        gain: float = 0.05,
    ) -> None:
        """As described.

        Args:
            inner: What makes room where that is not enough.
            over: From more than which share of the context on it is due.
            keep_rounds: How many rounds of tools keep their results, the newest, 1 or more.
            gain: Which share of the context must become free by it, before `inner` is due.

        Raises:
            ConfigError: A number is out of its range.
        """
        self._inner = inner
        self._over = share("over", over)
        self._keep_rounds = at_least_one("keep_rounds", keep_rounds)
        self._gain = share("gain", gain)

    @property
    def name(self) -> str:
        """As `ContextStrategy.name`."""
        return f"drop_old_results({self._inner.name})"

    def is_due(self, session: LLMSession) -> bool:
        """As `ContextStrategy.is_due`."""
        if self._inner.is_due(session):
            return True
        if pressure(session) <= self._over:
            return False
        before = sum(map(tokens_in, session.messages))
        after = sum(map(tokens_in, self._emptied(session.messages)))
        gained = session.history_tokens * (before - after)
        return gained >= self._gain * before * session.context_tokens

    async def compact(self, session: LLMSession, thoughts: OwnThoughts | None) -> None:
        """As `ContextStrategy.compact`."""
        before = session.messages
        emptied = self._emptied(before)
        if emptied != before:
            session.messages = emptied
        # Whoever asks for room where nothing is left to drop gets it from `inner`.
        if emptied == before or self._inner.is_due(session):
            await self._inner.compact(session, thoughts)

    def _emptied(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        rounds = [at for at, message in enumerate(messages) if message.role == "tool"]
        old = frozenset(rounds[: -self._keep_rounds])
        return tuple(
            _without_results(message) if at in old else message
            for at, message in enumerate(messages)
        )


def _without_results(message: Message) -> Message:
    return replace(message, parts=tuple(map(_emptied, message.parts)))


def _emptied(part: Part) -> Part:
    if not isinstance(part, ToolUseResult):
        return part
    emptied = replace(part, content=(Text(DROPPED),))
    return emptied if _tokens(emptied) < _tokens(part) else part


def _tokens(result: ToolUseResult) -> int:
    return tokens_in(Message("tool", (result,)))
