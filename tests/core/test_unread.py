"""A result that is read once somebody looks into it."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from toolyard.core.content import Text
from toolyard.core.tool import ToolResult
from toolyard.core.unread import Unread


def later(*texts: str, structured: Any = None, is_error: bool = False) -> ToolResult:
    """A result that nobody has looked into."""

    def read(text: memoryview) -> Any:
        return json.loads(bytes(text))

    written = [memoryview(json.dumps(text).encode()) for text in texts]
    data = None if structured is None else memoryview(json.dumps(structured).encode())
    return ToolResult.later(Unread(written, data, read), is_error=is_error)


def test_it_is_the_same_as_one_that_was_read_at_once() -> None:
    read = ToolResult((Text("a"), Text("é")), {"b": [1]}, True)
    assert later("a", "é", structured={"b": [1]}, is_error=True) == read
    assert read == later("a", "é", structured={"b": [1]}, is_error=True)
    assert repr(later("a")) == repr(ToolResult((Text("a"),)))
    assert copy.copy(later("a")) == ToolResult((Text("a"),))
    assert later() != later("a")
    assert later("a", "b").text == "a\nb"


def test_what_is_not_looked_into_is_not_read() -> None:
    result = later("a", is_error=True)
    assert (result.is_error, result.meta) == (True, None)
    assert result.unread is not None


@pytest.mark.parametrize("name", ["content", "structured"])
def test_whoever_looks_into_it_may_change_what_is_found(name: str) -> None:
    result = later("a", structured={"b": 1})
    assert getattr(result, name)
    assert result.unread is None
    result.structured["b"] = 2
    assert result == ToolResult((Text("a"),), {"b": 2})


def test_a_changed_result_holds_what_it_was_changed_to() -> None:
    result = replace(later("a", structured={"b": 1}), content=(Text("c"),))
    assert result.unread is None
    assert result == ToolResult((Text("c"),), {"b": 1})


def test_nothing_else_is_made_up() -> None:
    with pytest.raises(AttributeError, match="no 'colour'"):
        later("a").colour  # type: ignore[attr-defined]  # noqa: B018
