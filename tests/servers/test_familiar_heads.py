"""A head is familiar if it is, byte for byte, one that was understood before."""

from typing import Any

import pytest

from toolyard.servers import familiar_heads
from toolyard.servers.familiar_heads import FamiliarHeads
from toolyard.servers.known_headers import Head
from toolyard.servers.lane.request import Heading

BODY = b'{"id":1}'
HEADERS = [(b"host", b"here"), (b"content-length", b"8"), (b"mcp-name", b"add")]


def head(length: object = len(BODY), *, name: str = "add", host: str = "here") -> bytes:
    fields = f"Host: {host}\r\nContent-Length:  {length}\r\nmcp-name: {name}"
    return f"POST /mcp HTTP/1.1\r\n{fields}\r\n\r\n".encode()


def scope(name: str = "add", length: bytes = b"8") -> dict[str, Any]:
    headers = [HEADERS[0], (b"content-length", length), (b"mcp-name", name.encode())]
    return {"path": "/mcp", "headers": headers, "state": {}}


def known(name: str) -> Head:
    return Head("here", None, Heading("tools/call", name.encode(), None))


def knowing(*names: str) -> FamiliarHeads:
    heads = FamiliarHeads()
    for name in names:
        heads.learn(head(name=name) + BODY, scope(name), len(BODY), known(name))
    return heads


def found(heads: FamiliarHeads, data: bytes) -> tuple[dict[str, Any], Head, bytes]:
    """The scope, what is known of the head, and the body."""
    known_head, digits, body = heads.find(data) or pytest.fail("It is not known.")
    return known_head.scope_with(digits), known_head.known, body


def test_the_same_head_means_the_same_with_another_body() -> None:
    heads = knowing("sub", "add")
    assert found(heads, head() + b'{"id":2}') == (scope(), known("add"), b'{"id":2}')
    assert found(heads, head(name="sub") + BODY) == (scope("sub"), known("sub"), BODY)


def test_a_length_is_what_it_says() -> None:
    whole = b'{"id":1000}'
    assert found(knowing("add"), head(11) + whole)[::2] == (scope(length=b"11"), whole)
    assert found(knowing("add"), head("08") + BODY)[::2] == (scope(length=b"08"), BODY)


def test_what_is_found_is_its_own_request() -> None:
    heads = knowing("add")
    for _ in range(2):
        own, _, _ = found(heads, head() + BODY)
        assert own == scope()
        own["mark"] = own["state"]["mark"] = 1
        own["headers"].append((b"mark", b"1"))


ODD = {
    "nothing": b"",
    "half a head": head()[:40],
    "no body yet": head(),
    "half a body": head() + BODY[:-1],
    "more than the body": head() + BODY + b"G",
    "two requests": (head() + BODY) * 2,
    "another head": head(host="there") + BODY,
    "another name": head(name="sub") + BODY,
    "one more header": head().replace(b"\r\n\r\n", b"\r\nA: b\r\n\r\n") + BODY,
    "one more length": head().replace(b"\r\n\r\n", b"\r\nContent-Length: 8\r\n\r\n") + BODY,
    "another case": head().replace(b"POST", b"post") + BODY,
    "no length": head("") + BODY,
    "a length with a sign": head("+8") + BODY,
    "a length with a blank": head("8 ") + BODY,
    "a length in other digits": head("\u0668") + BODY,
    "two lengths in one": head("8, 8") + BODY,
    "a long length": head("000000000008") + BODY,
    "a length and another line": head("8\r\nA: b") + BODY,
    "a length without an end": head(8).partition(b"8")[0] + b"8" * 20,
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
def test_whatever_else_comes_is_parsed(data: bytes) -> None:
    assert knowing("add").find(data) is None


WRONG: dict[str, tuple[bytes, dict[str, Any], int]] = {
    "half a body": (head() + b"{", scope(), 8),
    "two requests": ((head() + BODY) * 2, scope(), 8),
    "blank lines before it": (b"\r\n\r\n" + head() + BODY, scope(), 8),
    "no length": (
        b"POST /mcp HTTP/1.1\r\nHost: here\r\n\r\n",
        {**scope(), "headers": HEADERS[:1]},
        0,
    ),
    "a large head": (head(name="x" * 5000) + BODY, scope("x" * 5000), 8),
}


@pytest.mark.parametrize(("data", "parsed", "body_bytes"), WRONG.values(), ids=WRONG)
def test_only_a_whole_request_with_a_length_is_learnt(
    data: bytes, parsed: dict[str, Any], body_bytes: int
) -> None:
    heads = FamiliarHeads()
    heads.learn(data, parsed, body_bytes, known("add"))
    assert heads.find(data) is None


def test_the_heads_used_last_are_kept() -> None:
    names = [f"tool{number}" for number in range(familiar_heads.MOST_KEPT + 1)]
    heads = knowing(*names)
    kept = [name for name in names if heads.find(head(name=name) + BODY)]
    assert kept == names[1:]


def test_a_head_that_is_used_again_is_kept() -> None:
    names = [f"tool{number}" for number in range(familiar_heads.MOST_KEPT)]
    heads = knowing(*names)
    assert heads.find(head(name=names[0]) + BODY) is not None
    heads.learn(head(name="new") + BODY, scope("new"), len(BODY), known("new"))
    kept = [name for name in (*names, "new") if heads.find(head(name=name) + BODY)]
    assert kept == [names[0], *names[2:], "new"]
