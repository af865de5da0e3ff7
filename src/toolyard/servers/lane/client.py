"""What is known of the client that sent a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolyard.core.context import LogLevel

LEGACY = "2025-11-25"
"""Stands for all handshake revisions: the SDK reads and writes calls and lists of each alike."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The parts that matter to a call."""

    version: str
    capabilities: Mapping[str, Any]
    log_level: LogLevel | None
    wants_progress: bool
    can_ask: bool = False
    """Whether the client can be asked during a call; it is only in a session."""
