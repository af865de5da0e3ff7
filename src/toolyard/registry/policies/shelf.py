"""Large results, kept for a while for whoever asked for them."""

from __future__ import annotations

import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from toolyard.registry.policies.parts import memory_of

MIB = 1024 * 1024


@dataclass(slots=True)
class KeptResult:
    """A result in full: its text, and its data if it has any."""

    owner: str
    text: str
    data: Any
    size: int
    """Bytes of memory that both take."""
    until: float


class ResultShelf:
    """Keeps results under handles that nobody can guess; what is old or too much is dropped.

    Args:
        keep_s: Seconds a result is kept after it was last read.
        most_bytes: Of memory for all results together, and a quarter of it for one owner.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        *,
        keep_s: float = 900.0,
        most_bytes: int = 64 * MIB,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keep_s = keep_s
        self._most_bytes = most_bytes
        self._clock = clock
        self._kept: OrderedDict[str, KeptResult] = OrderedDict()  # the one read longest ago first

    def keep(self, owner: str, text: str, data: Any = None) -> str | None:
        """The handle under which `owner` finds the result; `None` if it is too large to keep."""
        most = self._most_bytes // 4
        size = memory_of([text, data], most)
        if size > most:
            return None
        self._make_room(owner, size)
        handle = secrets.token_hex(16)
        self._kept[handle] = KeptResult(owner, text, data, size, self._clock() + self._keep_s)
        return handle

    def find(self, handle: str, owner: str) -> KeptResult | None:
        """The result under `handle`, if it is still there and `owner`'s."""
        kept = self._kept.get(handle)
        if kept is None or kept.owner != owner or kept.until <= self._clock():
            return None
        kept.until = self._clock() + self._keep_s
        self._kept.move_to_end(handle)
        return kept

    def _make_room(self, owner: str, size: int) -> None:
        now = self._clock()
        for handle in [name for name, kept in self._kept.items() if kept.until <= now]:
            del self._kept[handle]
        self._drop(size, self._most_bytes // 4, owner)
        self._drop(size, self._most_bytes)

    def _drop(self, size: int, most: float, owner: str | None = None) -> None:
        """Drop what was read longest ago, of `owner` or of anybody, until there is room."""
        mine = {handle: kept for handle, kept in self._kept.items() if owner in (None, kept.owner)}
        held = sum(kept.size for kept in mine.values())
        for handle, kept in mine.items():
            if held + size <= most or math.isinf(most):
                return
            del self._kept[handle]
            held -= kept.size
