"""How much a server takes from its clients before it refuses."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

from toolyard.core.errors import ConfigError

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds, the rest are counts. All must be above 0."""

    body_bytes: int = 4 * MIB
    header_bytes: int = 16 * KIB
    """The request line and all headers together."""
    headers: int = 100
    depth: int = 64
    """How deep JSON in a body may nest."""
    elements: int = 100_000
    """How many values JSON in a body may hold."""
    answer_bytes: int = 16 * MIB
    """Of a tool's result, a document or a prompt."""
    sessions: int = 1_000
    """Sessions of the handshake revisions that may be open at once."""
    sessions_per_caller: int = 500
    connections: int = 1_000
    connections_per_address: int = 500
    concurrency: int = 256
    """Tool calls that may run at once, and as many lists and reads."""
    page_size: int = 1_000
    """Tools, prompts or resources in one answer to a list request."""
    call_s: float = 300.0
    """How long a tool may work."""
    header_s: float = 10.0
    """How long a client may take to send the headers of a request."""
    body_s: float = 30.0
    """How long a client may take to send a whole request."""
    write_s: float = 30.0
    """How long a client may leave an answer unread before it is cut off."""
    session_idle_s: float = 1_800.0
    keep_alive_s: float = 75.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (isinstance(value, int | float) and 0 < value < math.inf):
                raise ConfigError(f"The limit {field.name!r} must be a number above 0.")
            if field.type == "int" and value != int(value):
                raise ConfigError(f"The limit {field.name!r} must be a whole number.")

    def but(self, **limits: float) -> Limits:
        """The same with other values for these, by name.

        Raises:
            ConfigError: There is no such limit, or it cannot have that value.
        """
        if unknown := sorted(limits.keys() - self.__dataclass_fields__.keys()):
            known = ", ".join(self.__dataclass_fields__)
            raise ConfigError(f"There is no limit {', '.join(unknown)}; there are {known}.")
        return replace(self, **limits)  # pyright: ignore[reportArgumentType]
