"""How far one run of an agent may go."""

from __future__ import annotations

from dataclasses import dataclass

from toolyard.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLimits:
    """What one run may do at most; money and tokens are a `Budget`'s."""

    tool_rounds: int = 50
    """How often the model may ask for tools before it must answer with what it has."""
    tools_per_turn: int = 100
    """Of those that it asks for in one turn, so many are run; it is told of each other that it was
    not."""
    tools_at_once: int = 8
    """Of these."""
    tool_s: float = 120.0
    """Seconds that one tool may take."""
    approval_s: float = 600.0
    """Seconds that a decision about a tool may take; after that it is not run."""
    result_letters: int = 100_000
    """Of what the model is told of one tool; more is cut off, and it is told so."""
    output_tries: int = 3
    """How often the model may answer until its answer is of the type that is wanted."""

    def __post_init__(self) -> None:
        if self.tool_rounds < 0:
            raise ConfigError("tool_rounds must be 0 or more.")
        for name in (
            "tools_per_turn",
            "tools_at_once",
            "tool_s",
            "approval_s",
            "result_letters",
            "output_tries",
        ):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} must be more than 0.")
