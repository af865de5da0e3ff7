"""What is JSON already, and what only looks like it."""

import math
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic_core import from_json, to_json

from toolyard.core.plain_json import MOST_PARTS, is_plain_json


class Level(IntEnum):
    HIGH = 1


class Name(str):
    __slots__ = ()


def endless() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


def deep() -> list[Any]:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        1.5,
        "",
        "größe 日本",
        [],
        {"a": [1, {"b": None}]},
        ["x"] * (MOST_PARTS - 1),
        {"content": "x" * 1_000_000},
    ],
    ids=range(10),
)
def test_what_a_parser_gives_is_plain(value: Any) -> None:
    assert is_plain_json(value)


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        {"a": [math.inf]},
        (1, 2),
        {"a": (1,)},
        {1: "a"},
        {Name("a"): 1},
        Name("a"),
        Level.HIGH,
        b"a",
        {"a"},
        object(),
        "\ud800",
        {"\udfff": 1},
        ["größe", "a\udc00"],
        ["x"] * MOST_PARTS,
        {str(number): 1 for number in range(MOST_PARTS)},
        endless(),
        deep(),
    ],
    ids=range(18),
)
def test_what_must_be_written_out_to_be_judged_is_not(value: Any) -> None:
    assert not is_plain_json(value)


SCALARS = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(),
    some.floats(),
    some.text(alphabet=some.characters(exclude_categories=())),
    some.binary(),
)
VALUES = some.recursive(
    SCALARS,
    lambda inner: some.one_of(
        some.lists(inner),
        some.tuples(inner, inner),
        some.dictionaries(some.one_of(some.text(), some.integers()), inner),
    ),
)


@given(VALUES)
def test_plain_means_that_writing_and_reading_change_nothing(value: Any) -> None:
    if is_plain_json(value):
        assert from_json(to_json(value)) == value
