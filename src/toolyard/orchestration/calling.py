"""Calls functions that whoever made a workflow gave it: members, checks, scores, ways to choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toolyard.core.invocation import awaitable
from toolyard.core.threads import Threads

_THREADS = Threads(32)


async def called(function: Callable[..., Any], *arguments: Any) -> Any:
    """What `function` gives, which may be async; one that is not runs in a thread."""
    return await awaitable(function, _THREADS)(*arguments)
