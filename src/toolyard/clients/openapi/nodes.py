"""Parts of a document that somebody else wrote, read only as what they should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from toolyard.core.errors import InvalidTool

Node = Mapping[str, Any]


def table_of(value: Any, what: str) -> Node:
    """`value` as a table; `InvalidTool` that says what it should have been."""
    if isinstance(value, Mapping):
        return cast("Node", value)
    raise InvalidTool(f"{what} is no table.")


def table_in(node: Node, key: str) -> Node:
    """The table at `key`, an empty one if there is none."""
    value = node.get(key)
    return {} if value is None else table_of(value, f"'{key}'")


def list_in(node: Node, key: str) -> Sequence[Any]:
    """The list at `key`, an empty one if there is none."""
    value = node.get(key)
    if value is None:
        return ()
    if isinstance(value, list):
        return cast("list[Any]", value)
    raise InvalidTool(f"'{key}' is no list.")


def text_in(node: Node, key: str) -> str:
    """The text at `key`, an empty one if there is none."""
    value = node.get(key)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise InvalidTool(f"'{key}' is no text.")


def flag_in(node: Node, key: str, *, otherwise: bool = False) -> bool:
    """Whether `key` is true; `otherwise` if it is not said."""
    value = node.get(key)
    return value if isinstance(value, bool) else otherwise
