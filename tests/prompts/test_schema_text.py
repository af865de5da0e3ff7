"""A type is written down so that a model can fill it in."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter

from toolyard import Image, PromptError, PromptField, PromptModel, schema_text


class ReviewResult(PromptModel):
    quality_score: int
    """Overall quality score from 0 to 100"""
    issues: list[str]
    """List of identified issues"""
    recommendations: list[str]
    """Actionable recommendations for improvement"""


class EvaluationResult(PromptModel):
    rule: str
    """The rule being checked"""
    passed: bool
    """Whether this specific rule passed"""


class ProducerOutput(PromptModel):
    evaluation_passed: bool
    """Whether the evaluation passed all checks"""
    results: list[EvaluationResult]
    """List of evaluation results for each rule"""


class Emblem(BaseModel):
    name: str = Field(description="The name of the emblem")


class EmblemResponse(PromptModel):
    obvious_emblem: Emblem
    """An obvious, straightforward emblem"""
    creative_emblem: Emblem
    """A creative, unexpected emblem"""


def test_each_field_has_a_line_with_its_type_and_its_description() -> None:
    assert ReviewResult.prompt_schema() == (
        "### Schema for `ReviewResult`\n"
        "{\n"
        '  "quality_score": "number", // Overall quality score from 0 to 100\n'
        '  "issues": "string[]", // List of identified issues\n'
        '  "recommendations": "string[]" // Actionable recommendations for improvement\n'
        "}"
    )


def test_lists_of_models_are_written_out_where_they_stand() -> None:
    assert schema_text(ProducerOutput) == (
        "### Schema for `ProducerOutput`\n"
        "{\n"
        '  "evaluation_passed": "boolean", // Whether the evaluation passed all checks\n'
        '  "results": [\n'
        "    {\n"
        '      "rule": "string", // The rule being checked\n'
        '      "passed": "boolean" // Whether this specific rule passed\n'
        "    }\n"
        "  ] // List of evaluation results for each rule\n"
        "}"
    )


def test_models_in_models_are_written_out_where_they_stand() -> None:
    assert schema_text(EmblemResponse) == (
        "### Schema for `EmblemResponse`\n"
        "{\n"
        '  "obvious_emblem": {\n'
        '    "name": "string" // The name of the emblem\n'
        "  }, // An obvious, straightforward emblem\n"
        '  "creative_emblem": {\n'
        '    "name": "string" // The name of the emblem\n'
        "  } // A creative, unexpected emblem\n"
        "}"
    )


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Tree(BaseModel):
    children: list[Tree] = []


class Many(PromptModel):
    """All kinds.

    In two lines.
    """

    maybe: str | None
    either: int | str
    nested: Emblem | None = None
    color: Color
    choice: list[Literal["x", 1]]
    pair: tuple[int, date]
    counts: dict[str, int]
    named: dict[str, Emblem]
    lists: list[list[float | None]]
    anything: Any
    tree: Tree
    call: Annotated[str, Field(alias="callName")]
    hidden: Annotated[str, PromptField(skip=True)]
    shown_elsewhere: Annotated[int, PromptField(target="log")]
    picture: Image
    pictures: list[Image]


def test_every_kind_of_type_has_its_form() -> None:
    assert Many.prompt_schema().splitlines() == [
        "### Schema for `Many`",
        "All kinds. In two lines.",
        "{",
        '  "maybe": "string or null",',
        '  "either": "number or string",',
        '  "nested"?: {',
        '    "name": "string" // The name of the emblem',
        "  } | null,",
        '  "color": "red" | "blue",',
        '  "choice": [',
        '    "x" | 1',
        "  ],",
        '  "pair": [',
        '    "number",',
        '    "date string"',
        "  ],",
        '  "counts": {',
        '    "<any name>": "number"',
        "  },",
        '  "named": {',
        '    "<any name>": {',
        '      "name": "string" // The name of the emblem',
        "    }",
        "  },",
        '  "lists": "(number or null)[][]",',
        '  "anything": "anything",',
        '  "tree": {',
        '    "children"?: "Tree[]"',
        "  },",
        '  "callName": "string",',
        '  "shown_elsewhere": "number"',
        "}",
    ]


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (int, '### Schema for `int`\n"number"'),
        (list[int], '### Schema for `list[int]`\n"number[]"'),
        (list[Emblem] | None, "### Schema for `list[Emblem] | None`"),
        (TypeAdapter(list[Emblem]), "### Schema for `list[Emblem]`"),
        (Annotated[list[int], Field(min_length=1)], "### Schema for `list[int]`"),
        (Color, '### Schema for `Color`\n"red" | "blue"'),
        (dict[str, Any], '{\n  "<any name>": "anything"\n}'),
    ],
)
def test_any_type_that_json_can_say_is_written(wanted: Any, text: str) -> None:
    assert text in schema_text(wanted)


@pytest.mark.parametrize("wanted", [object(), type[int]])
def test_what_json_cannot_say_is_refused(wanted: Any) -> None:
    with pytest.raises(PromptError):
        schema_text(wanted)
