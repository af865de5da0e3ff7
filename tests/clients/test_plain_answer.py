"""Answers that are read in one go, and large ones that are not read at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toolyard.clients.bounds import MOST_DEPTH, MOST_VALUES
from toolyard.clients.plain_answer import LARGE_BYTES, plain_answer_in
from toolyard.core.content import Image, Text
from toolyard.core.tool import ToolResult

LARGE = "x" * LARGE_BYTES
LINE = 'a line of "text" é\n'


def answer(*blocks: object, indent: int | None = None, **rest: object) -> bytes:
    """The answer to call 7."""
    result = {"resultType": "complete", "content": list(blocks), **rest}
    message = {"jsonrpc": "2.0", "id": 7, "result": result}
    return json.dumps(message, ensure_ascii=False, indent=indent).encode()


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def result_in(body: bytes) -> ToolResult:
    found = plain_answer_in(bytearray(body))
    assert found is not None
    assert found.id == 7
    return found.result


def test_a_small_answer_is_read_at_once() -> None:
    result = result_in(answer(text(LINE), structuredContent={"a": 1}, isError=True))
    assert result.unread is None
    assert result == ToolResult((Text(LINE),), {"a": 1}, True)


@pytest.mark.parametrize(
    "structured", [None, {"a": [1.50, None, "é", 10**30]}, [1], 0, False, "", {"a": LARGE}]
)
def test_a_large_answer_says_the_same_read_or_unread(structured: Any) -> None:
    blocks = [text(LARGE), text(""), text(LINE)]
    result = result_in(answer(*blocks, structuredContent=structured, _meta={"x/y": 1}))
    assert result.unread is not None
    read = ToolResult(tuple(Text(each["text"]) for each in blocks), structured, meta={"x/y": 1})
    assert result == read


@pytest.mark.parametrize(
    "body",
    [
        answer(text(LARGE), indent=1, structuredContent={"a": 1}),
        answer(text(LARGE), {"type": "image", "data": "AAE=", "mimeType": "image/png"}),
    ],
    ids=["data on several lines", "a picture"],
)
def test_what_cannot_be_passed_on_is_read_at_once(body: bytes) -> None:
    result = result_in(body)
    assert result.unread is None
    assert result.content[0] == Text(LARGE)
    assert result.content[1:] in ((), (Image(b"\0\1"),))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"xxxx", b"xx\xffx"),
        (b"xxxx", b"x\xed\xa0\x80"),
        (b"xxxx", b"xx\nx"),
        (b"xxxx", b"xx\\x"),
        (b"xxxxxx", b"\\ud800"),
        (b'xx"', b'x\xc3"'),
        (b'text": "', b'text": ["'),
        (b"}}", b"}"),
        (b"}}", b"}} x"),
        (b"complete", b"complet"),
        (b'"isError": false', b'"isError": null'),
        (b'"isError": false', b'"isErrors": false'),
        (b'"text", ', b'"text", "annotations": {}, '),
        (b'"text", ', b'"text", "data": "", '),
        (b"[1]", b"[01]"),
        (b"[1]", b"[NaN]"),
        (b"[1]", b'["\xff"]'),
        (b"[1]", b"%b1%b" % (b"[" * MOST_DEPTH, b"]" * MOST_DEPTH)),
        (b"[1]", b"[%b1]" % (b"1," * MOST_VALUES)),
        (b"[1]", b"%b1" % (b"[" * 100_000)),
    ],
)
def test_a_large_answer_with_anything_odd_is_not_taken(old: bytes, new: bytes) -> None:
    body = answer(text(LARGE), isError=False, structuredContent={"a": [1]})
    assert plain_answer_in(body) is not None
    assert old in body
    assert plain_answer_in(body.replace(old, new, 1)) is None


def test_a_text_that_is_none_is_not_passed_on() -> None:
    body = answer({"type": "text", "text": 1}, text(LARGE))
    assert plain_answer_in(body) is None


@pytest.mark.parametrize("most", [MOST_VALUES // 4, MOST_VALUES])
def test_blocks_without_end_are_not_taken(most: int) -> None:
    blocks = b",".join([b'{"type":"text","text":""}'] * most)
    body = answer(text("MARK")).replace(b'{"type": "text", "text": "MARK"}', blocks)
    assert body.count(b"{") > most
    assert plain_answer_in(body) is None


def test_numbers_too_large_for_most_are_passed_on_and_read_as_they_can_be() -> None:
    body = answer(text(LARGE), structuredContent={"a": 1}).replace(b'"a": 1', b'"a": 1e999')
    assert result_in(body).structured == {"a": float("inf")}
