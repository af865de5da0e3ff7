"""Whether the MCP SDK is in memory; known without it."""

from __future__ import annotations

_is_loaded = False


def is_loaded() -> bool:
    """Whether whatever is asked of the SDK is asked at once."""
    return _is_loaded


def note_loaded() -> None:
    """From now on it is."""
    global _is_loaded
    _is_loaded = True
