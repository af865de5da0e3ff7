"""What a large result holds while it is still JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Unread:
    """Texts and data that nobody has looked into, each well-formed JSON in UTF-8, on one line."""

    texts: Sequence[memoryview]
    """Each a JSON string."""
    structured: memoryview | None
    """Any JSON value, if there is one."""
    read: Callable[[memoryview], Any]
    """Gives the value of either."""
