"""What a source gave, as JSON text can carry it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, TypeVar, cast

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
    except UnicodeEncodeError:
        return plain(sendable_within(value), most_bytes)
    except (ValueError, TypeError, RecursionError) as error:
        raise ToolError("The answer holds something that JSON cannot say.") from error
    if size > most_bytes:
        raise ToolError(f"The answer is larger than {most_bytes:g} bytes; ask for less at a time.")
    return value


def _as_dict(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    raise TypeError(type(value).__name__)


_WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_as_dict)
