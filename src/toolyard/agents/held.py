"""Conversations that wait for a tool, which the tool itself cannot go on with."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Self

from toolyard.core.errors import ConfigError
from toolyard.llm.session import LLMSession


class Held:
    """What is done within has to end before `session` goes on."""

    __slots__ = ("_token", "is_over", "session")

    _token: Token[tuple[Held, ...]]

    def __init__(self, session: LLMSession) -> None:
        self.session = session
        self.is_over = False
        """What a tool began may outlast it, and waits for its turn then."""

    def __enter__(self) -> Self:
        self._token = _held.set((*_held.get(), self))
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.is_over = True
        _held.reset(self._token)


_held: ContextVar[tuple[Held, ...]] = ContextVar("toolyard_held", default=())


def refuse_held(session: LLMSession, name: str) -> None:
    """Raise within what `session`, the conversation of the agent `name`, waits for.

    Raises:
        ConfigError: It would wait for itself.
    """
    if any(each.session is session and not each.is_over for each in _held.get()):
        raise ConfigError(
            f"{name!r} waits for this tool, and cannot go on before it ends: use `run`, a fork, "
            "or `receive_message`."
        )
