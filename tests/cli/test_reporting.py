"""How results look, at a terminal and to a script."""

import json
from typing import Any

import pytest

from toolyard.cli.reporting import show_result, show_tools, written_tool
from toolyard.core.content import Audio, Content, Image, Resource, ResourceLink, Text
from toolyard.core.tool import Tool, ToolAnnotations, ToolResult


@pytest.mark.parametrize(
    ("block", "shown", "written"),
    [
        (Text("a [/] \x1b[1m"), "a [/] [1m", {"type": "text", "text": "a [/] \x1b[1m"}),
        (
            Image(b"\x89PNG", "image/png"),
            "[image/png, 4 bytes; --json has them]",
            {"type": "image", "mimeType": "image/png", "data": "iVBORw=="},
        ),
        (
            Audio(b"RIFF"),
            "[audio/wav, 4 bytes; --json has them]",
            {"type": "audio", "mimeType": "audio/wav", "data": "UklGRg=="},
        ),
        (
            Resource("file:///a", text="", mime_type="text/plain"),
            "",
            {
                "type": "resource",
                "resource": {"uri": "file:///a", "mimeType": "text/plain", "text": ""},
            },
        ),
        (
            Resource("file:///a\x1b", blob=b"\x00"),
            "[file:///a, 1 bytes; --json has them]",
            {"type": "resource", "resource": {"uri": "file:///a\x1b", "blob": "AA=="}},
        ),
        (
            ResourceLink("file:///a", "see", mime_type="text/plain"),
            "see: file:///a",
            {
                "type": "resource_link",
                "uri": "file:///a",
                "name": "see",
                "mimeType": "text/plain",
            },
        ),
    ],
)
def test_a_block_is_shown_and_written_as_mcp_has_it(
    capsys: pytest.CaptureFixture[str], block: Content, shown: str, written: dict[str, Any]
) -> None:
    show_result(ToolResult((block,)), as_json=False)
    assert capsys.readouterr().out == f"{shown}\n"
    show_result(ToolResult((block,)), as_json=True)
    assert json.loads(capsys.readouterr().out) == {"content": [written], "isError": False}


def test_an_error_is_no_result_but_json_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    show_result(ToolResult.error("No [/] way."), as_json=False)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "No [/] way.\n")
    show_result(ToolResult.error("No."), as_json=True)
    told = capsys.readouterr()
    assert json.loads(told.out)["isError"] is True
    assert told.err == ""


@pytest.mark.parametrize("structured", [{}, {"a": 1}, [], 0, False])
def test_structure_without_blocks_is_shown(
    capsys: pytest.CaptureFixture[str], structured: Any
) -> None:
    result = ToolResult(structured=structured)
    show_result(result, as_json=False)
    assert json.loads(capsys.readouterr().out) == structured
    show_result(result, as_json=True)
    assert json.loads(capsys.readouterr().out)["structuredContent"] == structured


def test_structure_is_json_whatever_a_server_calls_a_number(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = ToolResult(structured={"a": 1e999})
    for as_json in (False, True):
        show_result(result, as_json=as_json)
        assert '{"a": null}' in capsys.readouterr().out


def test_structure_beside_blocks_is_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    show_result(ToolResult((Text("three"),), {"result": 3}), as_json=False)
    assert capsys.readouterr().out == "three\n"


def test_a_tool_is_written_under_mcps_names() -> None:
    hints = ToolAnnotations(read_only=True, destructive=False, title="Add")
    tool = Tool("add", "Add.", {"type": "object"}, {"type": "object"}, "Adds", hints)
    assert written_tool(tool) == {
        "name": "add",
        "title": "Adds",
        "description": "Add.",
        "inputSchema": {"type": "object"},
        "outputSchema": {"type": "object"},
        "annotations": {"title": "Add", "readOnlyHint": True, "destructiveHint": False},
    }
    assert "annotations" not in written_tool(Tool("add", "", {}))


def test_a_tool_is_one_line_however_long_where_nobody_looks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    schema: dict[str, Any] = {
        "properties": {f"argument_{n}": {} for n in range(9)},
        "required": ["argument_0"],
    }
    show_tools([Tool("t" * 64, "Does [red]much[/red].\nMore.", schema), Tool("u", "", {})])
    told = capsys.readouterr()
    _, first, second = told.out.splitlines()
    assert first.startswith("t" * 64 + "  argument_0* argument_1 ")
    assert first.rstrip().endswith("argument_8  Does [red]much[/red].")
    assert second.startswith("u ")
    assert told.err == "2 tools. * is required.\n"


ODD_SCHEMAS: list[tuple[dict[str, Any], str]] = [
    ({"properties": {"a": {}}, "required": 5}, "a"),
    ({"properties": {"a": 5}, "required": [[], "a", {}]}, "a*"),
    ({"properties": 5, "required": ["a"]}, ""),
    ({"properties": None, "required": None}, ""),
    ({"properties": ["a"]}, ""),
]


@pytest.mark.parametrize(("schema", "shown"), ODD_SCHEMAS)
def test_a_schema_that_makes_no_sense_is_listed_as_far_as_it_does(
    capsys: pytest.CaptureFixture[str], schema: dict[str, Any], shown: str
) -> None:
    show_tools([Tool("t", "Does.", schema)])
    assert capsys.readouterr().out.splitlines()[1].split() == ["t", *shown.split(), "Does."]
