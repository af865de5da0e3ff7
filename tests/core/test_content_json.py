"""Blocks and results as JSON, and back."""

import json

import pytest

from toolyard.core.content import Audio, Content, Icon, Image, Resource, ResourceLink, Text
from toolyard.core.content_json import content_json, content_of, result_json, result_of
from toolyard.core.tool import ToolResult

BLOCKS: list[Content] = [
    Text("é\x00", {"audience": ["user"]}, {"a": 1}),
    Image(b"\x00\xff", "image/gif"),
    Audio(b"\x01"),
    Resource("file:///a", text="a", mime_type="text/plain"),
    Resource("file:///b", blob=b"\xfe", resource_meta={"b": None}),
    ResourceLink("file:///c", "c", size=3, icons=(Icon("data:,", sizes=("1x1",)),)),
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_comes_back(block: Content) -> None:
    assert content_of(json.loads(json.dumps(content_json(block)))) == block


def test_a_result_comes_back() -> None:
    result = ToolResult(tuple(BLOCKS), {"a": [1, {"b": None}]}, is_error=True)
    assert result_of(json.loads(json.dumps(result_json(result)))) == result
    assert result_of(result_json(ToolResult())) == ToolResult()


def test_data_that_is_no_json_is_left_out() -> None:
    result = ToolResult((Text("nan"),), {"a": float("nan")})
    assert result_of(result_json(result)) == ToolResult((Text("nan"),))


@pytest.mark.parametrize("said", [{"kind": "other"}, {"kind": "image", "data": "?"}, {"text": ""}])
def test_what_is_no_block_is_refused(said: dict[str, str]) -> None:
    with pytest.raises((KeyError, ValueError)):
        content_of(said)
