"""What a source gave, as JSON text can carry it."""

from __future__ import annotations

import json
import math
from typing import Any, TypeVar

from toolyard.core.errors import ToolError
from toolyard.core.text_safety import sendable_within

Value = TypeVar("Value")


def plain(value: Value, most_bytes: float = math.inf) -> Value:
    """`value`, its texts made `sendable` if they are not.

    Raises:
        ToolError: It is no JSON value, or larger than `most_bytes`.
    """
    try:
        size = len(_WRITER.encode(value).encode())
    except (UnicodeEncodeError, TypeError):  # letters, or mappings that are no dictionaries
        value = sendable_within(value)
        size = _size(value)
    except (ValueError, RecursionError) as error:
        raise _unsayable() from error
    if size > most_bytes:
        raise ToolError(f"The answer is larger than {most_bytes:g} bytes; ask for less at a time.")
    return value


def _size(value: Any) -> int:
    try:
        return len(_WRITER.encode(value).encode())
    except (ValueError, TypeError, RecursionError) as error:
        raise _unsayable() from error


def _unsayable() -> ToolError:
    return ToolError("The answer holds something that JSON cannot say.")


_WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
