"""What a service answered, for a model."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from toolyard.core.json_shape import tangle_in
from toolyard.core.portable import ANYTHING, Schema
from toolyard.core.tool import ToolResult
from toolyard.egress.answer import HttpAnswer, result_of

MOST_DEPTH = 100
MOST_VALUES = 200_000

OUTPUT_SCHEMA: Schema = {
    "type": "object",
    "properties": {
        "status": {"type": "integer", "description": "The status code, such as 200"},
        "headers": {
            "type": "object",
            "description": "The headers, names in lower case",
            "additionalProperties": {"type": "string"},
        },
        "body": {
            **ANYTHING,
            "description": "The JSON value; else the text, or a data: URI for what is no text",
        },
        "truncated": {"type": "boolean", "description": "Whether there is more of the body"},
    },
    "required": ["status", "headers", "body", "truncated"],
    "additionalProperties": False,
}
"""The same for every operation: what a service answers is often not what its document says."""


def shown(answer: HttpAnswer) -> ToolResult:
    """`answer` as a result; an error unless the status says that it went well."""
    is_error = not 200 <= answer.status < 300
    return result_of(answer, value=_json_in(answer), is_error=is_error)


def _json_in(answer: HttpAnswer) -> Any:
    """The JSON value of the body; `None` if it is none that can be passed on."""
    kind = answer.media_type
    if answer.truncated or not (kind == "application/json" or kind.endswith("+json")):
        return None
    if tangle_in(answer.content, most_depth=MOST_DEPTH, most_values=MOST_VALUES) is not None:
        return None
    try:
        return from_json(answer.content, allow_inf_nan=False)
    except ValueError:
        return None
