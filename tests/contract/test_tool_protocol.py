"""What holds for every source of tools, wherever they are."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import anyio
import jsonschema
import pytest
from tests.contract.sources import COMMON, EVERY, Kind

from toolyard import (
    Calculator,
    CallContext,
    Image,
    ImageGeneration,
    Memory,
    PlaceholderModel,
    Text,
    Tool,
    ToolCall,
    ToolProtocol,
)
from toolyard.core.context import LogLevel
from toolyard.core.errors import CallTimeout, InvalidArguments, RemoteFault, UnknownName
from toolyard.core.inputs import InputRequest
from toolyard.core.protocol import Change, ChangeProtocol
from toolyard.core.tool import TOOL_NAME

CONTEXT = CallContext()
GOOD: Mapping[str, tuple[Mapping[str, Any], Any]] = {
    "add": ({"a": 1, "b": 2.5}, {"result": 3.5}),
    "upper": ({"text": "äb", "times": 2}, {"texts": ["ÄB", "ÄB"]}),
    "wait": ({"seconds": 0}, {"result": 0}),
}
BAD: Sequence[tuple[str, Mapping[str, Any], str]] = [
    ("add", {"a": "one", "b": 2}, "a"),
    ("add", {"a": 1}, "b"),
    ("add", {"a": 1, "b": 2, "c": 3}, "c"),
    ("upper", {"text": None}, "text"),
    ("upper", {"text": "x", "times": 1.5}, "times"),
    ("wait", {"seconds": [1]}, "seconds"),
]


def schemas_in(given: Any) -> Iterator[Any]:
    """`given` and all schemas that stand in it, by the keywords that hold any."""
    yield given
    if not isinstance(given, Mapping):
        return
    schema = cast("Mapping[str, Any]", given)
    for keyword in ("items", "additionalProperties", "not", "if", "then", "else", "contains"):
        if keyword in schema:
            yield from schemas_in(schema[keyword])
    for keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
        for inner in schema.get(keyword, ()):
            yield from schemas_in(inner)
    for keyword in ("properties", "$defs", "patternProperties"):
        for inner in schema.get(keyword, {}).values():
            yield from schemas_in(inner)


def assert_portable(schema: Mapping[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    for inner in schemas_in(schema):
        assert inner is not True
        assert inner != {}
        if inner is not False:
            assert not isinstance(inner.get("type"), list)
            assert inner.get("$ref", "#").startswith("#")


def test_it_is_a_tool_protocol(source: ToolProtocol) -> None:
    assert isinstance(source, ToolProtocol)


async def test_the_list_is_the_same_twice(source: ToolProtocol) -> None:
    first = await source.list_tools(CONTEXT)
    assert list(first) == list(await source.list_tools(CONTEXT))
    names = [tool.name for tool in first]
    assert len(set(names)) == len(names)


async def test_the_order_is_the_one_in_which_tools_were_offered(
    source: ToolProtocol, common: Kind
) -> None:
    names = [tool.name for tool in await source.list_tools(CONTEXT)]
    expected = [common.prefix + name for name in ("add", "upper", "wait", "refuse")]
    assert [name for name in names if name in expected] == expected


async def test_every_tool_is_fit_for_every_host(source: ToolProtocol) -> None:
    for tool in await source.list_tools(CONTEXT):
        assert TOOL_NAME.fullmatch(tool.name)
        assert tool.description.strip()
        assert tool.input_schema["type"] == "object"
        assert_portable(tool.input_schema)
        if tool.output_schema is not None:
            assert_portable(tool.output_schema)


@pytest.mark.parametrize("name", GOOD)
async def test_a_result_is_what_its_schema_says_and_has_a_text(
    source: ToolProtocol, common: Kind, name: str
) -> None:
    arguments, expected = GOOD[name]
    tool = await _tool(source, common.prefix + name)
    jsonschema.validate(arguments, tool.input_schema)
    result = await source.call_tool(common.call(name, arguments), CONTEXT)
    assert not result.is_error
    assert result.structured == expected
    assert tool.output_schema is not None
    jsonschema.validate(result.structured, tool.output_schema)
    assert any(isinstance(block, Text) for block in result.content)


async def test_the_calculators_result_is_what_its_schema_says() -> None:
    async with Calculator() as source:
        tool = await _tool(source, "calculator")
        result = await source.call_tool(ToolCall("calculator", {"expression": "2^10"}), CONTEXT)
    assert tool.output_schema is not None
    jsonschema.validate(result.structured, tool.output_schema)
    assert "1024" in result.text


async def test_an_image_is_a_block_and_described_as_its_schema_says() -> None:
    async with ImageGeneration(PlaceholderModel()) as source:
        tool = await _tool(source, "generate_image")
        result = await source.call_tool(ToolCall("generate_image", {"prompt": "a cat"}), CONTEXT)
    assert tool.output_schema is not None
    jsonschema.validate(result.structured, tool.output_schema)
    assert [type(block) for block in result.content] == [Text, Image]


async def test_what_a_memory_answers_is_what_its_schema_says() -> None:
    async with Memory() as source:
        tool = await _tool(source, "memory")
        assert tool.output_schema is not None
        for command in ("P k v 60", "G k META", "L META", "CLAIM t me 60", "T A", "SPEC", "C"):
            result = await source.call_tool(ToolCall("memory", {"command": command}), CONTEXT)
            jsonschema.validate(result.structured, tool.output_schema)
            assert json.loads(result.text) == result.structured


async def _tool(source: ToolProtocol, name: str) -> Tool:
    (tool,) = [tool for tool in await source.list_tools(CONTEXT) if tool.name == name]
    return tool


@pytest.mark.parametrize("name", ["nobody", "", "add ", "ADD", "own_", "x" * 5000])
async def test_an_unknown_tool_is_refused_by_name(
    source: ToolProtocol, kind: Kind, kind_name: str, name: str
) -> None:
    """A server far away says so in its own words, which are passed on with its code."""
    far = kind.remote and not kind_name.startswith("registry")
    expected = RemoteFault if far else UnknownName
    with pytest.raises(expected) as refused:
        await source.call_tool(ToolCall(name), CONTEXT)
    if isinstance(refused.value, RemoteFault):
        assert refused.value.wire_code == -32602
    assert repr(name[:200]) in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(("name", "arguments", "named"), BAD)
async def test_a_wrong_argument_is_named(
    source: ToolProtocol, common: Kind, name: str, arguments: Mapping[str, Any], named: str
) -> None:
    tool = await _tool(source, common.prefix + name)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(arguments, tool.input_schema)
    try:
        result = await source.call_tool(common.call(name, arguments), CONTEXT)
    except InvalidArguments as refusal:
        said = str(refusal)
    else:
        assert result.is_error
        said = result.text
    assert f"- {named}: " in said


async def test_a_refusal_is_an_error_result(source: ToolProtocol, common: Kind) -> None:
    result = await source.call_tool(common.call("refuse", {}), CONTEXT)
    assert (result.is_error, result.text) == (True, "not today")


async def test_concurrent_calls_do_not_mix_their_results(
    source: ToolProtocol, common: Kind
) -> None:
    given: dict[int, Any] = {}

    async def call(number: int) -> None:
        arguments = {"a": number, "b": 0.5}
        given[number] = (await source.call_tool(common.call("add", arguments), CONTEXT)).structured

    async with anyio.create_task_group() as tasks:
        for number in range(30):
            tasks.start_soon(call, number)
    assert given == {number: {"result": number + 0.5} for number in range(30)}


class Began:
    """A channel that tells when the tool said its first word."""

    capabilities: Mapping[str, Any] = {}
    log_level: LogLevel | None = None
    wants_progress = True
    can_ask = False

    def __init__(self) -> None:
        self.event = anyio.Event()

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        self.event.set()

    async def log(self, level: str, data: Any, logger: str | None) -> None:
        raise AssertionError(level)

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        raise AssertionError(request)


async def test_a_cancelled_call_ends_at_once_and_the_next_one_runs(
    source: ToolProtocol, common: Kind
) -> None:
    began = Began()
    context = CallContext(channel=began)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(source.call_tool, common.call("wait", {"seconds": 60}), context)
        await began.event.wait()
        tasks.cancel_scope.cancel()
    result = await source.call_tool(common.call("add", {"a": 1, "b": 1}), CONTEXT)
    assert result.structured == {"result": 2}


async def test_one_cancelled_call_leaves_the_others(source: ToolProtocol, common: Kind) -> None:
    began, results = Began(), list[Any]()

    async def call() -> None:
        result = await source.call_tool(common.call("wait", {"seconds": 0.3}), CONTEXT)
        results.append(result.structured)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        async with anyio.create_task_group() as cancelled:
            context = CallContext(channel=began)
            cancelled.start_soon(source.call_tool, common.call("wait", {"seconds": 60}), context)
            await began.event.wait()
            cancelled.cancel_scope.cancel()
    assert results == [{"result": 0.3}]


async def test_a_subscriber_can_come_and_go(source: ToolProtocol, kind_name: str) -> None:
    unchanging = ("bash", "calculator", "filesystem", "http", "images", "memory", "OpenAPI")
    if kind_name.startswith(unchanging):
        assert not isinstance(source, ChangeProtocol)
        return
    assert isinstance(source, ChangeProtocol)
    heard: list[Change] = []
    unsubscribe = source.subscribe(heard.append)
    unsubscribe()
    unsubscribe()


async def test_a_source_can_be_left_and_entered_again(kind_name: str) -> None:
    async with EVERY[kind_name].make() as made:
        for _ in range(2):
            async with made as entered:
                first = await entered.list_tools(CONTEXT)
                assert bool(first) == (not kind_name.startswith("empty"))


async def test_a_source_can_be_left_by_a_cancellation(kind_name: str) -> None:
    async def use() -> None:
        async with EVERY[kind_name].make() as made, made:
            tasks.cancel_scope.cancel()
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(use)


@pytest.mark.parametrize("remote", [name for name, kind in COMMON.items() if kind.remote])
async def test_a_call_far_away_ends_at_its_deadline(remote: str) -> None:
    """A source in this process is ended by its server's or its caller's own scope."""
    async with COMMON[remote].make() as made, made as source:
        began = anyio.current_time()
        soon = CallContext(deadline=began + 0.2)
        with pytest.raises(CallTimeout, match="wait"):
            await source.call_tool(ToolCall("wait", {"seconds": 60}), soon)
        assert anyio.current_time() - began < 2
        assert (await source.call_tool(ToolCall("refuse"), CONTEXT)).text == "not today"
