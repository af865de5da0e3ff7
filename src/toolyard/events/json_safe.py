"""Any value as one that JSON can say, for records and logs that nothing must stop."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

DEEPEST = 50
_LARGEST = 1 << 1024
"""No float is larger; Python refuses to write numbers that are much longer."""


def json_safe(value: object, depth: int = 0) -> Any:
    """`value` as it is where JSON has it, or what stands for it.

    Bytes are told by how many there are, an unknown object by its class alone, for it may hold
    a secret; what is no finite number is a text.
    """
    if isinstance(value, str | None | bool):
        return value
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    if isinstance(value, Decimal | UUID | date):
        return str(value)
    if isinstance(value, Mapping | Sequence | Set):
        return _within(cast("Any", value), depth + 1) if depth < DEEPEST else "…"
    return f"<{type(value).__name__}>"


def _within(value: Mapping[Any, Any] | Sequence[Any] | Set[Any], depth: int) -> Any:
    if isinstance(value, Mapping):
        pairs = value.items()
        return {str(json_safe(key, depth)): json_safe(inner, depth) for key, inner in pairs}
    return [json_safe(inner, depth) for inner in value]


def _number(value: float) -> Any:
    if isinstance(value, int):
        return value if -_LARGEST < value < _LARGEST else f"<{value.bit_length()} bits>"
    return value if math.isfinite(value) else str(value)
