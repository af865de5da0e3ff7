"""What JSON can say as it is, told from everything else."""

from __future__ import annotations

import datetime
import math
from collections import OrderedDict
from enum import StrEnum
from typing import Any

import pytest

from toolyard.core.json_value import is_json


class Colour(StrEnum):
    """A kind of text that is not plain text."""

    RED = "red"


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


PLAIN: list[Any] = [
    None,
    True,
    1,
    10**30,
    1.5,
    "a",
    [],
    {},
    {"a": [1, {"b": None}], "": -0.0},
    nested(100),
]
ODD: list[Any] = [
    math.nan,
    math.inf,
    (1,),
    {1},
    b"a",
    {1: 2},
    {None: 1},
    datetime.date(2026, 1, 1),
    Colour.RED,
    {Colour.RED: 1},
    OrderedDict(a=1),
    object(),
    nested(100_000),
]


@pytest.mark.parametrize("value", PLAIN)
def test_what_a_parser_gives_is_json(value: Any) -> None:
    assert is_json(value)
    assert is_json({"a": [0, value]})


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_what_no_parser_gives_is_not(value: Any) -> None:
    assert not is_json(value)
    assert not is_json([{"a": [0, value]}])
