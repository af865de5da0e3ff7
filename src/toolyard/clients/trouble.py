"""Trouble with a message, noted in the JSON-RPC error that ends its request."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Literal, cast

Trouble = Literal["unreachable", "broken", "refused", "session", "stale", "unsent", "absent"]
"""`unreachable`: the request did not arrive. `broken`: it may have. `refused`: we may not.
`session`: the server forgot us. `stale`: it says so in an answer to the request, so it may have
begun. `unsent`: a process that has ended got none of it, or not all. `absent`: what answers is
no MCP server."""

MARK = secrets.token_hex(8)
"""Tells our own notes in an error's data from anything a server may send."""


def note_of(trouble: Trouble, status: int = 0) -> Mapping[str, Any]:
    """An error's data that says which trouble it is, with the HTTP status."""
    return {MARK: trouble, "status": status}


def trouble_in(data: object) -> tuple[Trouble, int] | None:
    """Our own note in a JSON-RPC error's data, with the HTTP status."""
    if not isinstance(data, dict) or MARK not in data:
        return None
    note = cast("dict[str, Any]", data)
    return note[MARK], note["status"]
