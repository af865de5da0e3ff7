"""Who an agent is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who an agent is, to itself and to others."""

    id: str
    """By which programs tell it from others."""
    name: str
    expertise: str = ""
    """What it knows and can do, for itself and for whoever chooses among agents."""
    personality: str = ""
    """How it goes about things."""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Whatever else its owner wants to know of it; the model never sees it."""

    @property
    def introduction(self) -> str:
        """The start of its system prompt."""
        lines = [f"You are {self.name}."]
        if self.expertise:
            lines.append(f"Your expertise: {self.expertise}")
        if self.personality:
            lines.append(f"Your approach: {self.personality}")
        return "\n".join(lines)
