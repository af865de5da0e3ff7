"""Content blocks made from whatever a function returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from pydantic_core import from_json, to_json

from toolyard.core.content import Audio, Content, Image, Resource, ResourceLink, Text
from toolyard.core.text_safety import sendable, sendable_within
from toolyard.core.tool import ToolResult

BLOCKS = (Text, Image, Audio, Resource, ResourceLink)


class Unfit(Exception):
    """A function returned something that cannot be passed on; the text says why.

    `detail` is for the log: it names places and types, never values.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.detail = detail


def blocks_of(value: Any) -> tuple[Content, ...]:
    """`value` for a model: blocks as they are, text as text, nothing for `None`, else as JSON.

    Raises:
        Unfit: JSON cannot say it.
    """
    if value is None:
        return ()
    if isinstance(value, BLOCKS):
        return (value,)
    if isinstance(value, str):
        return (Text(sendable(value)),)
    if isinstance(value, list | tuple):
        several = cast("Sequence[Any]", value)
        if any(isinstance(each, BLOCKS) for each in several):
            return tuple(block for each in several for block in blocks_of(each))
    return (Text(json_text(value)),)


def result_of(value: Any) -> ToolResult:
    """The result for a value nobody announced; `Unfit` if it cannot be passed on."""
    return value if isinstance(value, ToolResult) else ToolResult(content=blocks_of(value))


def json_text(value: Any) -> str:
    """`value` as JSON text, whose numbers are finite.

    Raises:
        Unfit: JSON cannot say it.
    """
    try:
        data = to_json(value)
    except ValueError:
        data = _cleaned_json(value)
    refuse_endless(data)
    return data.decode()


def _cleaned_json(value: Any) -> bytes:
    try:
        return to_json(sendable_within(value))
    except ValueError as error:
        raise Unfit("JSON cannot say what it returned") from error


def refuse_endless(data: bytes) -> None:
    """Raise `Unfit` if the JSON `data` holds NaN or an infinity."""
    if b"NaN" not in data and b"Infinity" not in data:
        return
    try:
        from_json(data, allow_inf_nan=False)  # the words may just be text
    except ValueError as error:
        raise Unfit("it returned a number that is not finite, which JSON cannot say") from error
