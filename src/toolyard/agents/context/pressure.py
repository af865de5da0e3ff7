"""How full a conversation is, and the shares of it that strategies are given."""

from __future__ import annotations

from toolyard.core.errors import ConfigError
from toolyard.llm.session import LLMSession


def pressure(session: LLMSession) -> float:
    """Which share of what the model can take in the history is; 0 where that is nothing."""
    if session.context_tokens <= 0:
        return 0.0
    return session.history_tokens / session.context_tokens


def share(name: str, value: float, *, most: float = 1.0) -> float:
    """`value`, if it is a share.

    Raises:
        ConfigError: It is not over 0, or over `most`.
    """
    if not 0 < value <= most:
        raise ConfigError(f"{name} is {value:g}; write a share over 0 and up to {most:g}.")
    return value


def at_least_one(name: str, value: int) -> int:
    """`value`, if it is 1 or more; `ConfigError` otherwise."""
    if value < 1:
        raise ConfigError(f"{name} is {value}; write 1 or more.")
    return value
