"""How tangled JSON is, told from its bytes alone."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolyard.core.json_shape import tangle_in

TEXTS = st.text(st.sampled_from('[]{},"\\a\n'), max_size=6)
VALUES = st.recursive(
    st.none() | st.integers(0, 9) | TEXTS,
    lambda held: st.lists(held, max_size=4) | st.dictionaries(TEXTS, held, max_size=4),
    max_leaves=40,
)


def inner(value: Any) -> list[Any] | None:
    """What an array or an object holds; `None` for anything else."""
    if isinstance(value, dict):
        return list(cast("dict[str, Any]", value).values())
    return cast("list[Any]", value) if isinstance(value, list) else None


def depth_of(value: Any) -> int:
    """How deep arrays and objects are inside each other."""
    held = inner(value)
    return 0 if held is None else 1 + max(map(depth_of, held), default=0)


def values_of(value: Any) -> int:
    """How many commas and opening brackets there are, but in strings."""
    held = inner(value)
    return 0 if held is None else max(1, len(held)) + sum(map(values_of, held))


@given(VALUES, st.integers(0, 9), st.integers(0, 40), st.booleans())
def test_depth_and_values_are_those_of_the_json_whatever_its_strings_hold(
    value: Any, most_depth: int, most_values: int, is_ascii: bool
) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii, separators=(",", ":")).encode()
    found = tangle_in(text, most_depth=most_depth, most_values=most_values)

    if values_of(value) > most_values:
        assert found == "values"
    elif depth_of(value) > most_depth:
        assert found == "depth"
    else:
        assert found is None


@pytest.mark.parametrize("depth", [7, 8, 9, 100])
@pytest.mark.parametrize("pattern", [b"[%b]", b'{"a":%b}', b'[[],{"a":"["},%b,[[]]]'])
def test_the_last_level_counts(depth: int, pattern: bytes) -> None:
    text = b"0"
    for _ in range(depth):
        text = pattern % text

    assert tangle_in(text, most_depth=depth + 2, most_values=10_000) is None
    assert tangle_in(text, most_depth=depth - 1, most_values=10_000) == "depth"


@pytest.mark.parametrize("text", [b"[" * 100, b"[" * 100 + b"]" * 50, b"{[" * 50 + b"1" * 10])
def test_brackets_that_nobody_closes_count(text: bytes) -> None:
    assert tangle_in(text, most_depth=40, most_values=1_000) == "depth"


def test_quotes_without_end_are_too_many_values() -> None:
    assert tangle_in(b'"["' * 1_000, most_depth=4, most_values=100) == "values"
    assert tangle_in(b'["\\"' + b'\\"["' * 1_000, most_depth=4, most_values=100) == "values"


def test_zeros_may_hide_anything() -> None:
    assert tangle_in(b"[\0" * 10, most_depth=4, most_values=100) == "encoding"
