"""Examples are valid, and take what the author gave first."""

import json
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, TypeAdapter

from toolyard import PromptError, PromptField, PromptModel, example_text, examples_section


class User(PromptModel):
    """Represents a user of the system."""

    id: str = Field(examples=["user-12345"])
    name: str = Field(examples=["Taro Yamada"])


class Concept(PromptModel):
    """Defines a concept for image generation."""

    prompt: str = Field(examples=["a futuristic city at night"])
    style: Annotated[str, Field(examples=["anime", "photo"])]


def test_a_section_shows_an_example_of_each_type() -> None:
    assert examples_section(User, Concept) == (
        "### Examples\n"
        "\n"
        "Here are examples of the data structures you should use.\n"
        "\n"
        "---\n"
        "#### `User`\n"
        "{\n"
        '  "id": "user-12345",\n'
        '  "name": "Taro Yamada"\n'
        "}\n"
        "---\n"
        "#### `Concept`\n"
        "{\n"
        '  "prompt": "a futuristic city at night",\n'
        '  "style": "anime"\n'
        "}\n"
        "---"
    )


class Color(Enum):
    RED = "red"


class Tree(BaseModel):
    children: list["Tree"]
    parent: "Tree | None" = None


class Many(PromptModel):
    given: int = Field(default=3, examples=[7])
    default: list[int] = Field(default=[1, 2])
    maybe: User | None
    color: Color
    kind: Literal["a", "b"]
    pair: tuple[int, bool]
    table: dict[str, float]
    low: Annotated[int, Field(ge=10)]
    above: Annotated[int, Field(gt=10)]
    high: Annotated[float, Field(le=0.5)]
    several: Annotated[list[int], Field(min_length=2)]
    day: date
    moment: datetime
    key: UUID
    tree: Tree
    call: Annotated[str, Field(alias="callName")]
    hidden: Annotated[str, PromptField(skip=True)]
    anything: Any


def test_what_has_no_example_gets_its_default_or_something_that_is_valid() -> None:
    example = json.loads(Many.prompt_example())

    assert Many.model_validate({**example, "hidden": "x"}).given == 7
    assert example["default"] == [1, 2]
    assert example["maybe"] == {"id": "user-12345", "name": "Taro Yamada"}
    assert (example["color"], example["kind"], example["pair"]) == ("red", "a", [1, True])
    assert (example["low"], example["above"], example["high"]) == (10, 11, 0.5)
    assert example["tree"] == {"children": [], "parent": None}
    assert "hidden" not in example
    assert "callName" in example


def test_an_example_that_would_not_be_valid_is_refused_with_what_to_do() -> None:
    class Code(PromptModel):
        code: Annotated[str, Field(pattern="^[A-Z]{3}$")]

    with pytest.raises(PromptError, match=r"^Code needs an example of code: .*examples="):
        Code.prompt_example()


def test_other_types_have_examples_too() -> None:
    assert json.loads(example_text(list[User])) == [{"id": "user-12345", "name": "Taro Yamada"}]
    assert example_text(TypeAdapter(int)) == "1"
