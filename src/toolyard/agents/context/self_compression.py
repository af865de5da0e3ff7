"""Has the model write a save file of the conversation, and goes on with that."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from toolyard.agents.context.pressure import at_least_one, pressure, share
from toolyard.agents.context.save_file import ORDER, SaveFile, taken_up, task_in
from toolyard.agents.context.trim import Trim, trim
from toolyard.agents.own_thoughts import OwnThoughts
from toolyard.core.errors import BudgetSpent, ModelError, TokenLimit, UnfitReply
from toolyard.core.tool import TOOL_NAME, Tool
from toolyard.llm.message import Message, system, user
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.session import LLMSession
from toolyard.llm.token_estimate import tokens_in, tokens_of_tools

MAX_TOKENS = 2_000
_HALF = 0.5

_log = logging.getLogger("toolyard.agents")


class SelfCompression:
    """Replaces the history by a save file that the model writes, and the task word for word.

    With thoughts, the save file is one of the kind `compression`, and the conversation goes on
    with it and all that it builds on. Where the model writes none, the oldest is forgotten
    instead, as `Trim` does it, and that is logged to `toolyard.agents`.
    """

    name = "self_compression"

    def __init__(self, *, over: float = 0.8, max_tokens: int = MAX_TOKENS) -> None:
        """As described.

        Args:
            over: From more than which share of the context on it is due.
            max_tokens: What the save file may have, the model's reasoning included; never more
                than an eighth of the context.

        Raises:
            ConfigError: A number is out of its range.
        """
        self._over = share("over", over)
        self._max_tokens = at_least_one("max_tokens", max_tokens)
        self._instead = Trim(over=self._over, to=min(0.6, self._over))

    def is_due(self, session: LLMSession) -> bool:
        """As `ContextStrategy.is_due`."""
        return pressure(session) > self._over

    async def compact(self, session: LLMSession, thoughts: OwnThoughts | None) -> None:
        """As `ContextStrategy.compact`."""
        try:
            session.messages = await self._compressed(session, thoughts)
        except BudgetSpent:
            raise
        except ModelError as error:
            _log.warning("The oldest is forgotten in place of being summed up: %s", error)
            await self._instead.compact(session, thoughts)

    async def _compressed(
        self, session: LLMSession, thoughts: OwnThoughts | None
    ) -> Sequence[Message]:
        """The history that takes the place of that of `session`.

        Raises:
            ModelError: There is none; nothing was written down.
        """
        count, task = _Count(session), task_in(session.messages)
        # An answer that ended the task, or tools whose results are yet to be told.
        last = [each for each in session.messages[-1:] if each.role == "assistant"]
        most = min(self._max_tokens, max(1, session.context_tokens // 8))
        if most + count([taken_up("", task), *last]) > self._over * session.context_tokens:
            raise TokenLimit("The task under way fills the context.")  # and would at every turn
        written = await self._written(session, most)
        short = [taken_up(written.text, task), *last]
        if count(short) >= count(session.messages):
            raise UnfitReply("The save file is no smaller than the conversation.", written.text)
        if thoughts is None:
            return short
        refs = [ref for ref in written.refs if ref < thoughts.count]
        thought = await thoughts.commit("compression", written.text, refs)
        restored = [taken_up(await thoughts.bootstrap_prompt(thought.index), task), *last]
        room = min(count(session.messages), _HALF * session.context_tokens)
        # What it builds on may have become too much: it says itself what is essential of that.
        return restored if count(restored) < room else short

    async def _written(self, session: LLMSession, most: int) -> SaveFile:
        """What the model writes, of `most` tokens."""
        fork, count, tools = session.fork(), _Count(session), _named_in(session.messages)
        taken = count([system(session.system_prompt), user(ORDER)]) + count.of_tools(tools)
        room = session.context_tokens - most - taken
        trim(fork, room)
        if fork.history_tokens > room:  # so that all of it would be left out of the request
            raise TokenLimit("What is under way fills the context.")
        try:
            reply = await fork.send(
                ORDER, tools=tools, tool_choice="none", settings=ModelSettings(max_tokens=most)
            )
        finally:
            session.count(fork)
        written = SaveFile.of(reply.text)
        if not written.text or reply.finish not in ("stop", "other"):
            raise UnfitReply("The model wrote no whole save file.", reply.text)
        return written


class _Count:
    """Counts tokens as the provider of `session` does."""

    def __init__(self, session: LLMSession) -> None:
        estimated = sum(map(tokens_in, session.messages))
        self._real_per_estimated = session.history_tokens / estimated if estimated else 1.0

    def __call__(self, messages: Sequence[Message]) -> float:
        return self._real_per_estimated * sum(map(tokens_in, messages))

    def of_tools(self, tools: Sequence[Tool]) -> float:
        return self._real_per_estimated * tokens_of_tools(tools)


def _named_in(messages: Sequence[Message]) -> list[Tool]:
    """The tools that were asked for: some providers take no history of tools without any."""
    names = dict.fromkeys(use.name for message in messages for use in message.tool_uses)
    return [Tool(name, "", {"type": "object"}) for name in names if TOOL_NAME.fullmatch(name)]
