"""A result too large for a model is cut, and can be read part by part by its owner."""

import json
from typing import Any

import pytest
from tests.registry.policies.large import ANN, BOB, MOST, ROWS, TEXT, called, handle_in, read, rows
from tests.registry.policies.large import text as long_text

from toolyard import (
    CallContext,
    Image,
    LargeResults,
    MCPClient,
    MCPServerBuilder,
    Resource,
    ResultReader,
    ResultShelf,
    Text,
    Toolbox,
    ToolCall,
    ToolRegistry,
)


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


async def test_a_document_in_a_result_is_text_and_its_bytes_are_not(source: ToolRegistry) -> None:
    result = await called(source, "document")
    assert [type(block) for block in result.content] == [Text, Resource]
    assert result.text.startswith("line 1\n")
    assert (await read(source, handle_in(result), tail=1)).text == "line 2000"


async def test_data_without_any_text_is_shown_and_read_as_json(source: ToolRegistry) -> None:
    result = await called(source, "data_alone")
    assert result.text.startswith('{"a":"bbb')
    assert result.structured["a"].startswith("bbb")
    handle = handle_in(result)
    assert (await read(source, handle, slice="0:8")).text == '{"a":"bb'
    assert (await read(source, handle, jq=".a | length")).text == "20000"


WAYS: list[tuple[dict[str, Any], str]] = [
    ({"head": 2}, "line 1\nline 2"),
    ({"tail": 2}, "line 1999\nline 2000"),
    ({"lines": "100-102"}, "line 100\nline 101\nline 102"),
    ({"lines": "1999-"}, "line 1999\nline 2000"),
    ({"lines": "-1"}, "line 1"),
    ({"lines": "0-1"}, "line 1"),
    ({"lines": "1999-5000"}, "line 1999\nline 2000"),
    ({"grep": "line 199[89]$"}, "1998: line 1998\n1999: line 1999"),
    ({"grep": "no such"}, "No line matches."),
    ({"slice": "0:6"}, "line 1"),
    ({"slice": ":4"}, "line"),
    ({"slice": f"{len(TEXT) - 5}:99999"}, " 2000"),
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
    shelf = ResultShelf(most_bytes=40_000)
    mine = shelf.keep("ann", "a" * 9_000)
    for _ in range(20):
        shelf.keep("bob", "b" * 9_000)
    assert mine is not None
    assert shelf.find(mine, "ann") is not None
    assert shelf.keep("bob", "b" * 10_001) is None


def test_what_was_read_longest_ago_makes_room() -> None:
    shelf = ResultShelf(most_bytes=40_000)
    handles = [shelf.keep(f"caller {number}", "a" * 9_800) for number in range(4)]
    assert shelf.find(str(handles[0]), "caller 0") is not None
    shelf.keep("one more", "a" * 9_800)
    found = [shelf.find(str(each), f"caller {number}") for number, each in enumerate(handles)]
    assert [each is not None for each in found] == [True, False, True, True]


def test_what_is_kept_counts_as_the_memory_that_it_takes() -> None:
    """Lists of nothing are short as JSON, and large in memory."""
    shelf = ResultShelf(most_bytes=4 * 1024 * 1024)
    many: list[list[int]] = [[] for _ in range(100_000)]
    assert len(json.dumps(many, separators=(",", ":"))) < 1024 * 1024
    assert shelf.keep("ann", "x" * 70_000, many) is None


async def test_a_result_that_cannot_be_kept_says_so() -> None:
    tools = Toolbox()
    tools.add(long_text, description="Give much.")
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
