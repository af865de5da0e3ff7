"""Conversations that wait for a tool, which the tool itself cannot go on with."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from toolyard.core.errors import ConfigError
from toolyard.llm.session import LLMSession


class _Hold:
    """Of one conversation, by the tools of one turn."""

    __slots__ = ("is_over", "session")

    def __init__(self, session: LLMSession) -> None:
        self.session = session
        self.is_over = False
        """What a tool began may outlast it, and waits for its turn then."""


_holds: ContextVar[tuple[_Hold, ...]] = ContextVar("toolyard_held", default=())


@contextmanager
def held(session: LLMSession) -> Generator[None]:
    """What is done within has to end before `session` goes on."""
    hold = _Hold(session)
    token = _holds.set((*_holds.get(), hold))
    try:
        yield
    finally:
        hold.is_over = True
        _holds.reset(token)


def refuse_held(session: LLMSession, name: str) -> None:
    """Raise within what `session`, the conversation of the agent `name`, waits for.

    Raises:
        ConfigError: It would wait for itself.
    """
    if any(each.session is session and not each.is_over for each in _holds.get()):
        raise ConfigError(
            f"{name!r} waits for this tool, and cannot go on before it ends: use `run`, a fork, "
            "or `receive_message`."
        )
