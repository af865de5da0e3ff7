"""Any value has a text for a model."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from typing import Any

import pytest
from pydantic import BaseModel

from toolyard import Image, PromptError, Text, prompt_parts, to_prompt


@dataclass
class Point:
    x: int
    y: int | None = None


class Model(BaseModel):
    point: Point
    name: str


class Color(Enum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (42, "42"),
        (1.5, "1.5"),
        (True, "true"),
        (None, "null"),
        (Decimal("1.10"), "1.10"),
        (date(2026, 11, 26), "2026-11-26"),
        (datetime(2026, 11, 26, 12, tzinfo=UTC), "2026-11-26T12:00:00+00:00"),
        (PurePosixPath("a/b"), "a/b"),
        (Color.RED, "1"),
        ([1, "b", None], "[1, b, null]"),
        ((), "[]"),
        ({"a": 1, "b": {"c": [1]}}, "a: 1\nb:\n  c: [1]"),
        (OrderedDict[str, str](a="two\nlines"), "a:\n  two\n  lines"),
        ([{"x": 1, "y": 2}, {"x": 3}], "- x: 1\n  y: 2\n- x: 3"),
        (Point(1), "x: 1\ny: null"),
        (Model(point=Point(1, 2), name="n"), "point:\n  x: 1\n  y: 2\nname: n"),
    ],
)
def test_a_value_is_written_plainly(value: Any, text: str) -> None:
    assert to_prompt(value) == text


def test_pictures_keep_their_place_among_texts() -> None:
    picture = Image(b"x")

    assert prompt_parts(picture) == [picture]
    assert prompt_parts(["See", picture, Text("this."), "", 1]) == [
        Text("See"), picture, Text("this.1"),
    ]  # fmt: skip
    assert to_prompt(["See", picture]) == "See"


def test_what_has_no_end_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)

    with pytest.raises(PromptError, match="is nested too deeply, or in itself"):
        to_prompt({"a": endless})


def test_bytes_are_no_text() -> None:
    with pytest.raises(PromptError, match="make an image of them, or decode them"):
        to_prompt({"a": b"x"})
