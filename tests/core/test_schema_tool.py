from collections.abc import Callable
from typing import Any

import anyio
import pytest

from toolyard.core.content import Image, Text
from toolyard.core.context import CallContext, Caller
from toolyard.core.errors import InvalidArguments, InvalidTool, NameClash
from toolyard.core.tool import ToolAnnotations, ToolCall, ToolResult
from toolyard.core.toolbox import Toolbox

CONTEXT = CallContext(caller=Caller("ann"))
INPUT: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "x-mcp-header": "City"}, "days": {"type": "integer"}},
    "required": ["city"],
    "additionalProperties": False,
}
OUTPUT: dict[str, Any] = {
    "type": "object",
    "properties": {"celsius": {"type": ["number", "null"]}},
    "required": ["celsius"],
}


def offering(handler: Any, output_schema: Any = None) -> Toolbox:
    tools = Toolbox()
    tools.add_schema(
        "weather", handler, description="The weather.", input_schema=INPUT,
        output_schema=output_schema, title="Weather", read_only=True,
    )  # fmt: skip
    return tools


def returning(value: Any) -> Callable[[Any], Any]:
    return lambda arguments: value


async def called(tools: Toolbox, **given: Any) -> ToolResult:
    with anyio.fail_after(5):
        return await tools.call_tool(ToolCall("weather", given), CONTEXT)


async def test_a_handler_is_listed_with_its_schemas() -> None:
    (listed,) = await offering(in_loop, OUTPUT).list_tools(CONTEXT)
    assert listed.input_schema == INPUT
    assert listed.output_schema == {
        **OUTPUT,
        "properties": {"celsius": {"anyOf": [{"type": "number"}, {"type": "null"}]}},
    }
    assert listed.title == "Weather"
    assert listed.annotations == ToolAnnotations(read_only=True)


async def in_loop(arguments: dict[str, Any]) -> str:
    return f"{arguments['city']}"


async def in_loop_with_context(arguments: dict[str, Any], context: CallContext) -> str:
    return f"{arguments['city']} {context.caller.name}"


def in_thread(arguments: dict[str, Any]) -> str:
    return f"{arguments['city']}"


def in_thread_with_context(arguments: dict[str, Any], context: CallContext | None = None) -> str:
    return f"{arguments['city']} {context.caller.name if context else ''}"


def with_a_setting(arguments: dict[str, Any], setting: str = "set") -> str:
    return f"{arguments['city']} {setting}"


@pytest.mark.parametrize(
    ("handler", "text"),
    [
        (in_loop, "Bonn"),
        (in_loop_with_context, "Bonn ann"),
        (in_thread, "Bonn"),
        (in_thread_with_context, "Bonn ann"),
        (with_a_setting, "Bonn set"),
    ],
)
async def test_a_handler_takes_the_arguments_and_the_context_if_it_wants(
    handler: Any, text: str
) -> None:
    assert await called(offering(handler), city="Bonn") == ToolResult(content=(Text(text),))


async def test_a_handler_cannot_change_the_callers_arguments() -> None:
    def spoil(arguments: dict[str, Any]) -> None:
        arguments["city"] = "x"

    given = {"city": "Bonn"}
    await offering(spoil).call_tool(ToolCall("weather", given), CONTEXT)
    assert given == {"city": "Bonn"}


async def test_wrong_arguments_are_explained() -> None:
    tools = offering(in_loop)
    assert (await called(tools, city="Bonn", days=5.0)).text == "Bonn"
    with pytest.raises(InvalidArguments) as refusal:
        await called(tools, days="two", x=1)
    assert refusal.value.problems == (
        'days: expected an integer, got the string "two".',
        "city: is missing; expected a string.",
        "x: is not an argument; the arguments are city, days.",
    )
    with pytest.raises(InvalidArguments, match="finite"):
        await called(tools, city="Bonn", days=float("inf"))


async def test_a_schema_that_recurses_without_end_refuses_instead_of_crashing() -> None:
    tools = Toolbox()
    loop = {"type": "object", "not": {"$ref": "#/$defs/a"}, "$defs": {"a": {"$ref": "#/$defs/a"}}}
    tools.add_schema("weather", in_loop, description="x", input_schema=loop)
    with pytest.raises(InvalidArguments, match="satisfies not"):
        await called(tools, city="Bonn")


@pytest.mark.parametrize(
    ("returned", "result"),
    [
        ({"celsius": 1}, ToolResult(content=(Text('{"celsius":1}'),), structured={"celsius": 1})),
        (
            ToolResult(structured={"celsius": None}),
            ToolResult(content=(Text('{"celsius":null}'),), structured={"celsius": None}),
        ),
        (
            ToolResult(content=(Image(b"x"),), structured={"celsius": 1}),
            ToolResult(content=(Image(b"x"),), structured={"celsius": 1}),
        ),
        (ToolResult.error("Cloudy."), ToolResult.error("Cloudy.")),
    ],
)
async def test_structured_content_that_fits_is_passed_on_with_its_text(
    returned: Any, result: ToolResult
) -> None:
    assert await called(offering(returning(returned), OUTPUT), city="Bonn") == result


@pytest.mark.parametrize(
    "returned",
    [
        {}, {"celsius": "warm"}, {"celsius": float("nan")}, {"celsius": object()}, "warm", None,
        [1], ToolResult.of({}), ToolResult(content=(Text("warm"),)),
    ],
)  # fmt: skip
async def test_what_the_output_schema_refuses_is_an_error(returned: Any) -> None:
    result = await called(offering(returning(returned), OUTPUT), city="Bonn")
    assert result.is_error
    assert result.text.startswith("The tool 'weather' failed: ")
    assert "warm" not in result.text


async def test_a_dictionary_is_structured_also_without_an_output_schema() -> None:
    result = await called(offering(returning({"a": [1]})), city="Bonn")
    assert result == ToolResult(content=(Text('{"a":[1]}'),), structured={"a": [1]})


async def test_a_handler_that_python_does_not_describe_is_given_the_arguments() -> None:
    result = await called(offering(dict), city="Bonn")
    assert result.structured == {"city": "Bonn"}


def of_nothing() -> None: ...
def of_three(a: Any, b: Any, c: Any) -> None: ...


@pytest.mark.parametrize("handler", [of_nothing, of_three])
def test_a_handler_that_takes_something_else_is_refused(handler: Any) -> None:
    with pytest.raises(InvalidTool, match="must take the arguments as one dictionary"):
        offering(handler)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"name": "the weather"}, "cannot be the name"),
        ({"description": ""}, "no description"),
        ({"description": "x\u200b"}, r"U\+200B"),
        ({"input_schema": {"type": "string"}}, "input schema .* object at its root"),
        ({"output_schema": {"type": "string"}}, "output schema .* object at its root"),
        ({"input_schema": {"type": "object", "description": "\u202e"}}, r"U\+202E"),
        ({"timeout_s": -1}, "above 0"),
    ],
)
def test_what_cannot_be_offered_is_refused(changed: dict[str, Any], complaint: str) -> None:
    options: dict[str, Any] = {"name": "weather", "description": "x", "input_schema": INPUT}
    with pytest.raises(InvalidTool, match=complaint):
        Toolbox().add_schema(handler=in_loop, **{**options, **changed})


def test_a_name_can_be_given_once() -> None:
    tools = offering(in_loop)
    with pytest.raises(NameClash, match="'weather'"):
        tools.add_schema("weather", in_loop, description="x", input_schema=INPUT)
