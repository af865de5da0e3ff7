"""A request on its way out, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from toolyard.egress.target import Target


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request; its headers have names in lower case and were checked."""

    method: str
    target: Target
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    credentials: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Headers that only the origin of `target` may see."""
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """An answer, its body decoded and perhaps cut short."""

    target: Target
    """Where it came from in the end."""
    status: int
    headers: Mapping[str, str]
    """By name in lower case; several of one name are joined."""
    body: bytes
    truncated: bool
    """Whether the body went on beyond the limit."""
