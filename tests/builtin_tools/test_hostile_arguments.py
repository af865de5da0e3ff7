"""Every argument of every tool, with what no argument should be: refused or answered, no more."""

import math
import os
import shutil
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from toolyard import (
    Calculator,
    CallContext,
    FileSystem,
    HttpClient,
    ImageGeneration,
    InvalidArguments,
    PlaceholderModel,
    ResultReader,
    ResultShelf,
    ToolCall,
    ToolRegistry,
)


def deep() -> Any:
    nested: Any = "x"
    for _ in range(300):
        nested = [nested]
    return nested


HOSTILE: Mapping[str, Any] = {
    "nothing": None,
    "true": True,
    "zero": 0,
    "below zero": -1,
    "a fraction": 0.5,
    "huge": 10**400,
    "huge, as a double": 1e308,
    "no number": math.nan,
    "without end": -math.inf,
    "the empty text": "",
    "a blank": " ",
    "a NUL": "a\0b",
    "line ends": "a\r\nb: c",
    "an escape": "\x1b[2J\x1b]0;x\x07",
    "right to left": "\u202eabc",
    "half a character": "\ud800",
    "beyond the plane": "\U0010ffff",
    "an upward path": "../" * 50 + "etc/passwd",
    "an option": "--help",
    "a command": "$(touch canary); `touch canary` | touch canary",
    "a template": "{path} %s %n ${HOME} {{7*7}}",
    "a URL of a file": "file:///etc/passwd",
    "a URL of metadata": "http://169.254.169.254/latest/meta-data/",
    "a long text": "a" * 300_000,
    "long and wide": "\u00e9" * 300_000,
    "the empty list": [],
    "a list": ["a.txt"],
    "a long list": ["a"] * 100_000,
    "the empty object": {},
    "an object": {"a": 1},
    "a reference": {"$ref": "file:///etc/passwd"},
    "many entries": {str(number): "x" for number in range(10_000)},
    "deep": deep(),
    "bytes": b"a",
    "a set": {"a"},
    "an object of Python": object(),
}

USUAL: Mapping[str, Mapping[str, Any]] = {
    "calculator": {"expression": "1"},
    "read_file": {"path": "a.txt", "start_line": 1, "end_line": 1, "encoding": "text"},
    "write_file": {"path": "b.txt", "content": "x", "encoding": "text"},
    "append_file": {"path": "b.txt", "content": "x", "encoding": "text"},
    "edit_file": {"path": "a.txt", "old_text": "no such", "new_text": "x"},
    "get_file_metadata": {"path": "a.txt"},
    "file_exists": {"path": "a.txt"},
    "read_directory": {"path": ".", "recursive": True, "limit": 10},
    "search_files": {"path": ".", "glob": "*", "content": "x", "limit": 10},
    "create_directory": {"path": "d"},
    "delete_file": {"path": "no-such"},
    "delete_directory": {"path": "no-such"},
    "http_get": {"url": "http://127.0.0.1/", "headers": {}, "query": {}, "timeout_s": 1},
    "http_head": {"url": "http://127.0.0.1/", "headers": {}, "query": {}, "timeout_s": 1},
    "http_post": {"url": "http://127.0.0.1/", "headers": {}, "query": {}, "body": "x"},
    "http_put": {"url": "http://127.0.0.1/", "headers": {}, "query": {}, "body": "x"},
    "http_patch": {"url": "http://127.0.0.1/", "headers": {}, "query": {}, "body": "x"},
    "http_delete": {"url": "http://127.0.0.1/", "headers": {}, "query": {}, "body": "x"},
    "generate_image": {
        "prompt": "a cat",
        "aspect_ratio": "1:1",
        "count": 1,
        "response_format": "image",
    },
    "result_read": {"handle": "0" * 32, "head": 1},
}
"""A call of each tool; the arguments are replaced one after the other."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where there is nothing but the root of the file tools."""
    place = tmp_path_factory.mktemp("place")
    (place / "root").mkdir()
    return place


@pytest.fixture(scope="module")
async def shared_tools(place: Path) -> AsyncGenerator[ToolRegistry]:
    root = place / "root"
    registry = ToolRegistry(
        Calculator(),
        FileSystem(root),
        HttpClient(),
        ImageGeneration(PlaceholderModel()),
        ResultReader(ResultShelf()),
    )
    async with registry:
        yield registry


@pytest.fixture
def tools(shared_tools: ToolRegistry, place: Path) -> ToolRegistry:
    """The tools, over files that no other test has touched."""
    for entry in (place / "root").iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    (place / "root" / "a.txt").write_text("inside")
    return shared_tools


async def test_there_is_a_usual_call_of_every_tool(tools: ToolRegistry) -> None:
    listed = {tool.name: tool for tool in await tools.list_tools(CallContext())}
    assert listed.keys() == USUAL.keys()
    for name, tool in listed.items():
        assert tool.input_schema["additionalProperties"] is False
        assert USUAL[name].keys() <= tool.input_schema["properties"].keys()
        await tools.call_tool(ToolCall(name, USUAL[name]), CallContext())


@pytest.mark.parametrize("value", HOSTILE, ids=str)
@pytest.mark.parametrize("name", USUAL)
async def test_no_value_of_an_argument_breaks_a_tool(
    tools: ToolRegistry, place: Path, name: str, value: str
) -> None:
    for argument in (*USUAL[name], "another"):
        arguments = {**USUAL[name], argument: HOSTILE[value]}
        with anyio.fail_after(10):
            said = await told(tools, name, arguments)
        for never in ("unexpected", "Traceback", "does not fit", str(place), "site-packages"):
            assert never not in said, (argument, said[:300])
        assert len(said) < 5_000
    assert os.listdir(place) == ["root"]
    assert "canary" not in os.listdir()


async def told(tools: ToolRegistry, name: str, arguments: Mapping[str, Any]) -> str:
    try:
        result = await tools.call_tool(ToolCall(name, arguments), CallContext())
    except InvalidArguments as refusal:
        return str(refusal)
    return result.text if result.is_error else ""
