"""What a server serves, whichever way a request comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolyard.core.context import EventHandler
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.servers.calls import Calls
from toolyard.servers.limits import Limits
from toolyard.servers.mirrors import Mirrors
from toolyard.servers.tool_calls import ToolCalls

FRESH_MS = 5_000
"""How long a client may reuse a list without asking again; changes are announced besides."""
LIST_HINTS: Mapping[str, Any] = {"ttlMs": FRESH_MS, "cacheScope": "private"}
"""The same, as a list says it."""
SERVER_INFO = "io.modelcontextprotocol/serverInfo"
"""Where an answer says who gave it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How a server introduces itself to clients."""

    name: str
    version: str
    instructions: str | None = None

    @property
    def stamp(self) -> Mapping[str, Any]:
        """What every answer says besides."""
        return {SERVER_INFO: {"name": self.name, "version": self.version}}


@dataclass(frozen=True, slots=True)
class Served:
    """A registry, and what its calls and lists keep to."""

    identity: Identity
    registry: ToolRegistry
    calls: Calls
    tools: ToolCalls
    mirrors: Mirrors
    limits: Limits
    emit: EventHandler
    stateless: bool = False
    """Whether clients of the handshake revisions get no sessions."""
    session_mark: str = ""
    """How the ids of its sessions begin."""
    state_keys: Sequence[str | bytes] = field(default=(), repr=False)
    """Open what calls remember between their tries, and the first seals it.

    A key that nobody else has, if none is given.
    """
