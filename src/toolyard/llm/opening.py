"""What a conversation begins with, before anything is said."""

from __future__ import annotations

from toolyard.llm.message import Message, system
from toolyard.llm.token_estimate import tokens_in


class Opening:
    """Makes messages of system prompts; mostly the same one is sent, again and again."""

    def __init__(self) -> None:
        self._system_prompt = ""
        self._counted: tuple[tuple[Message, ...], int] = ((), 0)

    def of(self, system_prompt: str) -> tuple[tuple[Message, ...], int]:
        """`system_prompt` as messages, and about how many tokens they are."""
        if self._system_prompt != system_prompt:
            messages = (system(system_prompt),) if system_prompt else ()
            self._system_prompt = system_prompt
            self._counted = (messages, sum(map(tokens_in, messages)))
        return self._counted
