"""A result too large for a model is cut, and can be read part by part by its owner."""

import json
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from toolyard import (
    CallContext,
    Caller,
    Image,
    MCPClient,
    MCPServerBuilder,
    Text,
    Toolbox,
    ToolCall,
    ToolRegistry,
    ToolResult,
)
from toolyard.registry.policies.large_results import LargeResults
from toolyard.registry.policies.result_reader import ResultReader
from toolyard.registry.policies.shelf import ResultShelf

MOST = 4_000
ANN, BOB = (CallContext(caller=Caller(name)) for name in ("ann", "bob"))
ROWS = [{"name": f"row {number}", "size": number} for number in range(1_000)]
TEXT = "\n".join(f"line {number}" for number in range(1, 2_001))


async def text(lines: int = 2_000) -> str:
    return "\n".join(f"line {number}" for number in range(1, lines + 1))


async def rows() -> list[dict[str, Any]]:
    return ROWS


async def plain() -> ToolResult:
    return ToolResult((Text(TEXT), Image(b"x" * 100_000)), meta={"k": 1})


async def failing() -> ToolResult:
    return ToolResult((Text(TEXT),), is_error=True)


async def many_keys() -> dict[str, int]:
    return {f"a rather long name {number}": number for number in range(5_000)}


async def invalid() -> ToolResult:
    return ToolResult(structured={"a": "b" * 20_000})


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
async def source(clock: list[float]) -> AsyncGenerator[ToolRegistry]:
    tools = Toolbox()
    for function in (text, rows, plain, failing, many_keys, invalid):
        tools.add(function, description="Give much.")
    shelf = ResultShelf(clock=lambda: clock[0])
    registry = ToolRegistry(
        LargeResults(tools, shelf, most_bytes=MOST), ResultReader(shelf, most_bytes=MOST)
    )
    async with registry:
        yield registry


async def called(
    source: ToolRegistry, tool: str, context: CallContext = ANN, **arguments: Any
) -> ToolResult:
    return await source.call_tool(ToolCall(tool, arguments), context)


def handle_in(result: ToolResult) -> str:
    return result.text.partition('handle "')[2].partition('"')[0]


async def read(
    source: ToolRegistry, handle: str, context: CallContext = ANN, **way: Any
) -> ToolResult:
    return await called(source, "result_read", context, handle=handle, **way)


async def test_a_small_result_is_left_as_it_is(source: ToolRegistry) -> None:
    result = await called(source, "text", lines=10)
    assert "cut" not in result.text
    assert result.structured == {"result": result.text}


async def test_a_large_text_shows_both_ends_and_says_how_to_read_on(source: ToolRegistry) -> None:
    result = await called(source, "text")
    assert result.text.startswith("line 1\nline 2\n")
    assert result.text.endswith("line 2000")
    assert len(result.text) < MOST
    assert f"the result has {len(TEXT)} letters" in result.text
    assert not result.is_error
    assert result.structured["result"].startswith("line 1\n")


async def test_large_data_keeps_its_shape(source: ToolRegistry) -> None:
    result = await called(source, "rows")
    shown = result.structured["result"]
    assert shown == ROWS[: len(shown)]
    assert 0 < len(shown) < len(ROWS)
    (listed,) = [tool for tool in await source.list_tools(ANN) if tool.name == "rows"]
    assert listed.output_schema is not None


async def test_data_that_cannot_be_made_small_is_left_out_as_an_error(source: ToolRegistry) -> None:
    result = await called(source, "many_keys")
    assert (result.structured, result.is_error) == (None, True)
    assert "result_read" in result.text


async def test_other_blocks_stay_and_so_does_what_kind_of_result_it_is(
    source: ToolRegistry,
) -> None:
    result = await called(source, "plain")
    assert [type(block) for block in result.content] == [Text, Image]
    assert (result.meta, result.is_error) == ({"k": 1}, False)
    assert (await called(source, "failing")).is_error


WAYS: list[tuple[dict[str, Any], str]] = [
    ({"head": 2}, "line 1\nline 2"),
    ({"tail": 2}, "line 1999\nline 2000"),
    ({"lines": "100-102"}, "line 100\nline 101\nline 102"),
    ({"lines": "1999-"}, "line 1999\nline 2000"),
    ({"lines": "-1"}, "line 1"),
    ({"lines": "3000-"}, ""),
    ({"grep": "line 199[89]$"}, "1998: line 1998\n1999: line 1999"),
    ({"grep": "no such"}, "No line matches."),
    ({"slice": "0:6"}, "line 1"),
    ({"slice": ":4"}, "line"),
]


@pytest.mark.parametrize(("way", "expected"), WAYS)
async def test_a_part_is_read_in_each_way(
    source: ToolRegistry, way: dict[str, Any], expected: str
) -> None:
    handle = handle_in(await called(source, "plain"))
    assert (await read(source, handle, **way)).text == expected


async def test_jq_reads_data_and_texts_that_are_json(source: ToolRegistry) -> None:
    handle = handle_in(await called(source, "rows"))
    assert (await read(source, handle, jq=".result | length")).text == "1000"
    chosen = await read(source, handle, jq='.result[] | select(.name == "row 7") | .size')
    assert chosen.text == "7"
    assert (await read(source, handle, jq=".result[:2][].name")).text == '"row 0"\n"row 1"'


HOSTILE_JQ = {
    "no program": ".[",
    "a wrong type": ".result.name",
    "without end": "def f: f; f",
    "more and more": "[range(1e9)]",
    "ever larger": 'reduce range(100) as $i ("x"; . + .)',
    "too long": "." + " " * 5_000,
}


@pytest.mark.parametrize("name", HOSTILE_JQ)
async def test_a_jq_program_harms_nobody(source: ToolRegistry, name: str) -> None:
    handle = handle_in(await called(source, "rows"))
    began = time.monotonic()
    result = await read(source, handle, jq=HOSTILE_JQ[name])
    assert result.is_error
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("program", ["env", "$ENV | keys", "input_filename", 'include "x"; .'])
async def test_a_jq_program_sees_nothing_but_the_result(source: ToolRegistry, program: str) -> None:
    handle = handle_in(await called(source, "rows"))
    result = await read(source, handle, jq=program)
    assert result.is_error or result.text in ("{}", "[]", "null") or "LC_CTYPE" in result.text


async def test_jq_needs_json(source: ToolRegistry) -> None:
    handle = handle_in(await called(source, "plain"))
    assert "not JSON" in (await read(source, handle, jq=".")).text


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "exactly one"),
    ({"head": 1, "tail": 1}, "exactly one"),
    ({"lines": "x"}, "not a span"),
    ({"lines": "1:2"}, "not a span"),
    ({"slice": "-"}, "not a span"),
    ({"slice": ":"}, "not a span"),
    ({"grep": "("}, "not a regular expression"),
    ({"grep": "(?=a)b"}, "not a regular expression"),
    ({"grep": "x" * 2_000}, "1000 letters"),
]


@pytest.mark.parametrize(("way", "complaint"), REFUSED)
async def test_a_way_that_makes_no_sense_is_refused(
    source: ToolRegistry, way: dict[str, Any], complaint: str
) -> None:
    handle = handle_in(await called(source, "plain"))
    result = await read(source, handle, **way)
    assert result.is_error
    assert complaint in result.text


async def test_a_pattern_cannot_take_for_ever(source: ToolRegistry) -> None:
    handle = handle_in(await called(source, "invalid"))
    began = time.thread_time()
    await read(source, handle, grep="^(b+)+$x")
    assert time.thread_time() - began < 1


async def test_a_part_that_is_too_large_is_cut_as_well(source: ToolRegistry) -> None:
    handle = handle_in(await called(source, "plain"))
    ways: list[dict[str, Any]] = [{"head": 2_000}, {"slice": "0:20000"}, {"grep": "line"}]
    for way in ways:
        result = await read(source, handle, **way)
        assert "[cut: " in result.text
        assert len(result.text) < MOST


async def test_nobody_else_reads_it(source: ToolRegistry) -> None:
    handle = handle_in(await called(source, "plain"))
    stolen = await read(source, handle, BOB, head=1)
    unknown = await read(source, "0" * 32, BOB, head=1)
    assert stolen.is_error
    assert stolen.text == unknown.text
    assert (await read(source, handle, head=1)).text == "line 1"


async def test_it_is_kept_for_a_while_after_it_was_last_read(
    source: ToolRegistry, clock: list[float]
) -> None:
    handle = handle_in(await called(source, "plain"))
    for _ in range(3):
        clock[0] += 800
        assert not (await read(source, handle, head=1)).is_error
    clock[0] += 901
    assert (await read(source, handle, head=1)).is_error


def test_one_owner_cannot_push_out_the_results_of_others() -> None:
    shelf = ResultShelf(most_bytes=4_000)
    mine = shelf.keep("ann", "a", None, 900)
    for _ in range(20):
        shelf.keep("bob", "b", None, 900)
    assert mine is not None
    assert shelf.find(mine, "ann") is not None
    assert shelf.keep("bob", "b", None, 1_001) is None


def test_what_was_read_longest_ago_makes_room() -> None:
    shelf = ResultShelf(most_bytes=4_000)
    handles = [shelf.keep(f"caller {number}", "a", None, 1_000) for number in range(4)]
    assert shelf.find(str(handles[0]), "caller 0") is not None
    shelf.keep("one more", "a", None, 1_000)
    found = [shelf.find(str(each), f"caller {number}") for number, each in enumerate(handles)]
    assert [each is not None for each in found] == [True, False, True, True]


async def test_a_result_that_cannot_be_kept_says_so() -> None:
    tools = Toolbox()
    tools.add(text, description="Give much.")
    async with LargeResults(tools, ResultShelf(most_bytes=100), most_bytes=MOST) as source:
        result = await source.call_tool(ToolCall("text"), ANN)
    assert "too many to be kept" in result.text


async def test_it_works_across_the_network() -> None:
    tools, shelf = Toolbox(), ResultShelf()
    tools.add(rows, description="Give many rows.")
    server = (
        MCPServerBuilder("large")
        .with_protocol("tools", LargeResults(tools, shelf, most_bytes=MOST))
        .with_protocol("results", ResultReader(shelf))
        .with_port(0)
    )
    async with server.build() as running, MCPClient(running.url) as client:
        result = await client.call_tool(ToolCall("rows"), CallContext())
        assert json.loads(json.dumps(result.structured))["result"][0] == ROWS[0]
        way = {"handle": handle_in(result), "jq": ".result[999].size"}
        last = await client.call_tool(ToolCall("result_read", way), CallContext())
    assert last.text == "999"
