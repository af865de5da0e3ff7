"""The calculator as a tool."""

import json
from typing import Any

import jsonschema
import pytest

from toolyard.builtin_tools.calculator import Calculator
from toolyard.builtin_tools.functions import CONSTANTS, FUNCTIONS
from toolyard.core.content import Text
from toolyard.core.context import CallContext
from toolyard.core.errors import InvalidArguments, UnknownName
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import TOOL_NAME, Tool, ToolAnnotations, ToolCall, ToolResult

WRONG_ARGUMENTS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["expression: is missing; expected a string."]),
    ({"expression": 5}, ["expression: expected a string, got the number 5."]),
    ({"expression": 5.5}, ["expression: expected a string, got the number 5.5."]),
    (
        {"expression": 10**400},
        ["expression: expected a finite number, got one that is too large or none at all."],
    ),
    ({"expression": None}, ["expression: expected a string, got null."]),
    ({"expression": True}, ["expression: expected a string, got the boolean true."]),
    ({"expression": False}, ["expression: expected a string, got the boolean false."]),
    ({"expression": ["1"]}, ['expression: expected a string, got the array ["1"].']),
    ({"expression": {"a": 1}}, ['expression: expected a string, got the object {"a": 1}.']),
    (
        {"expression": ""},
        ['expression: expected a string of at least 1 characters, got the string "".'],
    ),
    (
        {"expression": "1" * 65_537},
        [
            'expression: expected a string of at most 65536 characters, got the string "'
            + "1" * 77
            + '…".'
        ],
    ),
    (
        {"expression": "1", "expr": "2"},
        ["expr: is not an argument; the arguments are expression."],
    ),
    (
        {"\u202ex": 1},
        [
            "expression: is missing; expected a string.",
            '["\u202ex"]: is not an argument; the arguments are expression.',
        ],
    ),
]


async def call(arguments: dict[str, Any], name: str = "calculator") -> ToolResult:
    async with Calculator() as calculator:
        return await calculator.call_tool(ToolCall(name, arguments), CallContext())


async def the_tool() -> Tool:
    async with Calculator() as calculator:
        (tool,) = await calculator.list_tools(CallContext())
    return tool


async def test_it_is_a_source_with_one_tool_that_only_reads() -> None:
    assert isinstance(Calculator(), ToolProtocol)
    tool = await the_tool()
    assert tool.name == "calculator"
    assert TOOL_NAME.fullmatch(tool.name)
    assert tool.annotations == ToolAnnotations(
        read_only=True, destructive=False, idempotent=True, open_world=False
    )


async def test_its_description_is_plain_text_that_names_all_it_can() -> None:
    description = (await the_tool()).description
    assert description.isascii()
    assert len(description) < 1500
    words = set(description.replace(".", " ").replace(",", " ").replace(";", " ").split())
    assert set(FUNCTIONS) | set(CONSTANTS) <= words


async def test_its_schemas_are_schemas() -> None:
    tool = await the_tool()
    jsonschema.Draft202012Validator.check_schema(tool.input_schema)
    jsonschema.Draft202012Validator.check_schema(tool.output_schema or {})


@pytest.mark.parametrize(
    ("expression", "value", "text"),
    [
        ("mean([1, 2, 3]) + 11", 13.0, "13"),
        ("2^10", 1024.0, "1024"),
        ("5/2", 2.5, "2.5"),
        ("1/3", 1 / 3, "0.3333333333333333"),
        ("0.1+0.2", 0.1 + 0.2, "0.30000000000000004"),
        ("-0", 0.0, "0"),
        ("10^15", 1e15, "1000000000000000"),
        ("10^300", 1e300, "1e+300"),
        ("-2^-20", -(2.0**-20), "-9.5367431640625e-07"),
    ],
)
async def test_a_result_is_a_number_as_data_and_as_text(
    expression: str, value: float, text: str
) -> None:
    result = await call({"expression": expression})
    assert result.structured == {"result": value}
    assert result.content == (Text(text),)
    assert not result.is_error
    schema = (await the_tool()).output_schema
    jsonschema.validate(json.loads(json.dumps(result.structured, allow_nan=False)), schema or {})


async def test_an_expression_without_a_value_is_an_error_result() -> None:
    result = await call({"expression": "1 + sqrt(-1)"})
    assert result.is_error
    assert result.structured is None
    assert result.text == (
        "sqrt needs a number of 0 or more, got -1, in 'sqrt(-1)' at character 5."
    )


@pytest.mark.parametrize(("arguments", "problems"), WRONG_ARGUMENTS, ids=range(13))
async def test_a_wrong_argument_names_what_was_expected_and_what_came(
    arguments: dict[str, Any], problems: list[str]
) -> None:
    with pytest.raises(InvalidArguments) as caught:
        await call(arguments)
    assert list(caught.value.problems) == problems


@pytest.mark.parametrize(
    "arguments", [arguments for arguments, _ in WRONG_ARGUMENTS], ids=range(13)
)
async def test_what_is_refused_is_what_the_listed_schema_refuses(arguments: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(arguments, (await the_tool()).input_schema)


async def test_the_longest_expression_the_schema_allows_is_evaluated() -> None:
    result = await call({"expression": "1" + " " * 65_535})
    assert result.structured == {"result": 1.0}


async def test_another_name_is_unknown() -> None:
    with pytest.raises(UnknownName):
        await call({"expression": "1"}, name="calculate")


async def test_one_calculator_serves_many_calls() -> None:
    async with Calculator() as calculator:
        for number in range(50):
            arguments = {"expression": f"sum([{number}, 1, 2*{number}])"}
            result = await calculator.call_tool(ToolCall("calculator", arguments), CallContext())
            assert result.structured == {"result": 3 * number + 1}


async def test_a_great_many_unknown_arguments_get_a_short_answer() -> None:
    many = {"expression": "1", **{f"argument-{number}": 0 for number in range(50_000)}}
    with pytest.raises(InvalidArguments) as refused:
        await Calculator().call_tool(ToolCall("calculator", many), CallContext())
    assert len(refused.value.problems) == 10
