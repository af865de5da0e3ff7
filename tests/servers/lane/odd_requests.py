"""Requests of 2026-07-28, well formed and not: a plain one, and changes that may be made to it."""

# ruff: noqa: E501 - tables

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from hypothesis import strategies as st
from tests.servers.harness import META, MODERN, TOKEN

Headers = list[tuple[bytes, bytes]]

INFO = "io.modelcontextprotocol/clientInfo"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
VERSION = "io.modelcontextprotocol/protocolVersion"
LOG_LEVEL = "io.modelcontextprotocol/logLevel"
ABSENT: Any = object()
"""In place of a value: there is none."""


@dataclass
class Odd:
    """A request on its way to be odd; `raw` replaces the body that `message` says."""

    message: Any
    headers: Headers
    raw: bytes | None = None

    @property
    def body(self) -> bytes:
        """What is sent."""
        compact = json.dumps(self.message, separators=(",", ":"))
        return compact.encode() if self.raw is None else self.raw


def some(*values: Any) -> tuple[Any, ...]:
    """Values of many types."""
    return values


def plain(method: str, params: Mapping[str, Any]) -> Odd:
    """A request in which nothing is odd."""
    said = {**params, "_meta": {**META, INFO: {"name": "tester", "version": "1"}}}
    odd = _request(method, said, MODERN)
    odd.headers.append((b"mcp-method", method.encode()))
    if "name" in params:
        odd.headers.append((b"mcp-name", str(params["name"]).encode()))
    return odd


def plain_legacy(method: str, params: Mapping[str, Any], revision: str | None) -> Odd:
    """A request of the handshake revisions in which nothing is odd."""
    return _request(method, {**params, "_meta": {"example.com/own": 1}}, revision)


def by(token: str, odd: Odd) -> Odd:
    """The same from another client."""
    return _header(b"authorization", b"Bearer " + token.encode())(odd)


def _request(method: str, params: Mapping[str, Any], revision: str | None) -> Odd:
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    headers = [
        (b"accept", b"application/json, text/event-stream"),
        (b"content-type", b"application/json"),
        (b"authorization", b"Bearer " + TOKEN.encode()),
    ]
    if revision is not None:
        headers.append((b"mcp-protocol-version", revision.encode()))
    return Odd(message, headers)


def _put(path: tuple[str, ...], value: Any) -> Callable[[Odd], Odd]:
    """The same with `value` at `path` of the message."""

    def change(odd: Odd) -> Odd:
        whole: Any = json.loads(json.dumps(odd.message))
        inner = whole
        for step in path[:-1]:
            inner = cast("dict[str, Any]", inner).get(step) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            last = cast("dict[str, Any]", inner)
            last[path[-1]] = value
            if value is ABSENT:
                del last[path[-1]]
        return replace(odd, message=whole)

    return change


def _header(name: bytes, *values: bytes) -> Callable[[Odd], Odd]:
    """The same with these headers in place of all of that name."""

    def change(odd: Odd) -> Odd:
        others = [pair for pair in odd.headers if pair[0] != name]
        return replace(odd, headers=[*others, *((name, value) for value in values)])

    return change


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Odd], Odd]:
    return lambda odd: replace(odd, raw=change(odd.body))


def _named(name: Any) -> Callable[[Odd], Odd]:
    return lambda odd: _header(b"mcp-name", str(name).encode())(_put(("params", "name"), name)(odd))


def _method(method: str) -> Callable[[Odd], Odd]:
    return lambda odd: _header(b"mcp-method", method.encode())(_put(("method",), method)(odd))


NOT_TEXT: tuple[Any, ...] = (None, 1, 1.5, True, [], {}, ["x"], {"x": 1})

IDS: tuple[Any, ...] = (
    0,
    -1,
    1 << 70,
    "",
    "a",
    "\u00e9\u2028",
    "x" * 300,
    1.0,
    1.5,
    1e300,
    None,
    True,
    [],
    {},
    ABSENT,
)
SCALARS: tuple[Any, ...] = (
    0,
    -1,
    5.0,
    1.5,
    1 << 63,
    1 << 64,
    10**30,
    -(10**400),
    "",
    "x",
    "\u00e9",
    None,
    True,
    [],
    {},
)


def cursor_after(text: str) -> str:
    """The cursor of the page that follows the tool of that name."""
    return urlsafe_b64encode(f"after:{text}".encode()).decode().rstrip("=")


SECOND = cursor_after("say")
CURSORS: tuple[Any, ...] = (
    *map(cursor_after, ("say", "loud", "mirror", "add", "told", "dialect", "gone", "", "\u00e9")),
    *map(cursor_after, ("say ", "SAY", "say:", "\u0000", "x" * 70_000)),
    *(SECOND + end for end in ("=", "==", "A", "\n", " ", "\u0000", "\u00e9", "\ud800")),
    cursor_after("loud")[:-1] + "B",  # the last of its bits mean nothing
    cursor_after("say\u00fe\u00ff").replace("_", "/").replace("-", "+"),
    *("", " " + SECOND, SECOND.lower(), "YWZ0ZXI", "QUZURVI6c2F5", "c2F5", "x", "1", "\ud800"),
    *("x" * 70_000, [SECOND], {"cursor": SECOND}),
    *NOT_TEXT,
)
"""Those that lead on, those that are given out by no page, stale ones, and what is no cursor."""

MESSAGE_CHANGES: list[Callable[[Odd], Odd]] = [
    *(_put(("id",), value) for value in IDS),
    *(_put(("jsonrpc",), value) for value in some("1.0", "2", 2, 2.0, None, ABSENT)),
    *(_put(("method",), value) for value in some("tools/list", "tools/call", "TOOLS/CALL", "", None, 1)),
    *(_method(value) for value in some("tools/list", "tools/call", "ping", "tools/other", "server/discover")),
    *(_put((key,), 1) for key in ("extra", "result", "error")),
    *(_put(("params",), value) for value in some(None, [], "x", {}, ABSENT)),
    *(_put(("params", "extra"), value) for value in some(None, 1)),
    *(_put(("params", "cursor"), value) for value in CURSORS),
    *(_put(("params", "task"), value) for value in some(None, {}, {"ttl": 1})),
    *(_put(("params", "inputResponses"), value) for value in some(None, {}, {"who": {"action": "cancel"}}, 1)),
    *(_put(("params", "requestState"), value) for value in some(None, "", "forged", 1)),
    *(_put(("params", "name"), value) for value in some(ABSENT, *NOT_TEXT, "other", "ad d", "add ")),
    *(_named(value) for value in some("add", "say", "none", "secret", "ask", "bug", "told", "odd", "mirror",
                                  "loud", "wrong", "many", "scoped", "x" * 500, "\u00e9")),
    *(_put(("params", "arguments"), value) for value in some(ABSENT, *NOT_TEXT, {"a": 1}, {"a": 1, "b": 2, "c": 3})),
    *(_put(("params", "arguments", name), value) for name in ("a", "v") for value in SCALARS),
    _put(("params", "arguments"), {"v": {"deep": [[[[{"x": [None, True]}]]]]}}),
    _put(("params", "arguments"), {"v": "x" * 70_000}),
    _put(("params", "arguments"), {"v": [0] * 5_000}),
]  # fmt: skip

META_CHANGES: list[Callable[[Odd], Odd]] = [
    *(_put(("params", "_meta"), value) for value in some(ABSENT, *NOT_TEXT)),
    *(_put(("params", "_meta", VERSION), value) for value in some(ABSENT, "2025-11-25", "2099-01-01", 1, None)),
    *(_put(("params", "_meta", CAPABILITIES), value) for value in some(
        ABSENT, None, 1, [], {"elicitation": {}}, {"elicitation": {"form": {}, "url": {}}}, {"x": 1},
        {"sampling": {"tools": {}}}, {"roots": {"listChanged": True}}, {"roots": 1}, {"experimental": {"x": {}}},
        {"extensions": {"a/b": {}}}, {"roots": {"listChanged": None}}, {"roots": {"list_changed": 1}},
        {"roots": {"listChanged": "yes"}}, {"elicitation": {"form": {"x": 1}}}, {"elicitation": {"url": None}},
        {"sampling": None}, {"sampling": {}}, {"tasks": {}}, {"roots": {}, "sampling": {}, "elicitation": {}})),
    *(_put(("params", "_meta", INFO), value) for value in some(
        ABSENT, None, 1, {}, {"name": "x"}, {"name": 1, "version": "1"},
        {"name": "x", "version": "1", "title": "X", "icons": [{"src": "https://x.example/i.png"}]},
        {"name": "x", "version": "1", "icons": [1]}, {"name": "x", "version": "1", "other": 1},
        {"name": "x", "version": "1", "title": "X", "description": "D", "websiteUrl": "https://x.example"},
        *({"name": "x", "version": "1", key: value} for key in ("title", "description", "websiteUrl", "website_url")
          for value in (None, 1)))),
    *(_put(("params", "_meta", "progressToken"), value) for value in some(1, "t", 0, "", None, 1.5, True, [], 1 << 70)),
    *(_put(("params", "_meta", LOG_LEVEL), value) for value in some("debug", "emergency", "loud", 1, None)),
    *(_put(("params", "_meta", key), value) for key, value in (
        ("example.com/own", {"x": [1, None]}), ("traceparent", "00-" + "1" * 32 + "-" + "2" * 16 + "-01"),
        ("traceparent", 1), ("x" * 5_000, 1), ("", 1), ("io.modelcontextprotocol/other", 1))),
]  # fmt: skip

HEADER_CHANGES: list[Callable[[Odd], Odd]] = [
    *(_header(b"accept", *values) for values in (
        (), (b"*/*",), (b"application/json",), (b"text/event-stream",), (b"application/*, text/*",),
        (b"application/json;q=0.1, text/event-stream;q=0",), (b"APPLICATION/JSON, Text/Event-Stream",),
        (b"application/json", b"text/event-stream"), (b"application/jsonx, text/event-stream",), (b"",))),
    *(_header(b"content-type", *values) for values in (
        (), (b"application/json; charset=utf-8",), (b"application/json;charset=utf-16",), (b"text/plain",),
        (b"Application/JSON",), (b"application/json-patch+json",), (b"",))),
    *(_header(b"mcp-protocol-version", *values) for values in (
        (), (b"2025-11-25",), (b"2099-01-01",), (b"2026-07-28", b"2026-07-28"), (b"2026-07-28 ",), (b"",))),
    *(_header(b"mcp-protocol-version", each) for each in (b"2024-11-05", b"2025-03-26", b"2025-06-18")),
    *(_header(b"mcp-method", *values) for values in (
        (), (b"tools/list",), (b"tools/call",), (b"Tools/Call",), (b"tools/call", b"tools/call"), (b"ping",))),
    *(_header(b"mcp-name", *values) for values in (
        (), (b"add",), (b"add", b"add"), (b"ADD",), (b"=?base64?YWRk?=",), (b"=?base64?!!?=",), (b"say",), (b"",))),
    *(_header(b"x-one-of-many", *[b"1"] * count) for count in (92, 93, 94, 95, 96)),
    *(_header(b"mcp-param-colour", *values) for values in ((b"red",), (b"red", b"red"), (b"blue",))),
    *(_header(b"authorization", *values) for values in (
        (), (b"Bearer wrong",), (b"bearer " + TOKEN.encode(),), (b"Bearer narrow-token-for-these-tests-0123456789",),
        (b"Basic eA==",), (b"Bearer",), (b"Bearer " + TOKEN.encode() + b" ",))),
    *(_header(name, value) for name, value in (
        (b"origin", b"http://localhost:1234"), (b"origin", b"https://evil.example"), (b"origin", b"null"),
        (b"mcp-session-id", b"none"), (b"last-event-id", b"1"), (b"host", b"evil.example"),
        (b"connection", b"close"), (b"x-own", b"1"), (b"content-encoding", b"gzip"))),
]  # fmt: skip

BYTE_CHANGES: list[Callable[[Odd], Odd]] = [
    _bytes(lambda body: b"\xef\xbb\xbf" + body),
    _bytes(lambda body: body.decode(errors="replace").encode("utf-16")),
    _bytes(lambda body: body + b"\n \t"),
    _bytes(lambda body: b" \r\n" + body),
    _bytes(lambda body: body[:-1]),
    _bytes(lambda body: body + b"{}"),
    _bytes(lambda body: b"[" + body + b"]"),
    _bytes(lambda body: b""),
    _bytes(lambda body: b"null"),
    _bytes(lambda body: body.replace(b'"add"', b'"\\u0061dd"')),
    _bytes(lambda body: body.replace(b'"id":7', b'"id":7,"id":8')),
    _bytes(lambda body: body.replace(b'"id":7', b'"id":07')),
    _bytes(lambda body: body.replace(b'"id":7', b'"id":-0')),
    _bytes(lambda body: body.replace(b'"id":7', b'"id":7e0')),
    _bytes(lambda body: body.replace(b'"id":7', b'"ID":7')),
    _bytes(lambda body: body.replace(b'"method":"tools/', b'"method":"ping","method":"tools/')),
    _bytes(lambda body: body.replace(b'"_meta":{', b'"_meta":{"x":"\\ud800",')),
    _bytes(lambda body: body.replace(b'"_meta":{', b'"_meta":{"progressToken":1,"progressToken":"",')),
    _bytes(lambda body: body.replace(b'"a":1', b'"a":1,"a":2')),
    _bytes(lambda body: body.replace(b'"a":1', b'"a":NaN')),
    _bytes(lambda body: body.replace(b'"a":1', b'"a":Infinity')),
    _bytes(lambda body: body.replace(b'"a":1', b'"a":1e999')),
    _bytes(lambda body: body.replace(b'"a":1', b'"a":1E2')),
    _bytes(lambda body: body.replace(b'"a":1', b'"a":' + b"1" * 5_000)),
    _bytes(lambda body: body.replace(b'"v":', b'"v":"\\ud800","w":')),
    _bytes(lambda body: body.replace(b'"v":', b'"v":"a\nb","w":')),
    _bytes(lambda body: body.replace(b'"v":', b'"v":"\xff","w":')),
    _bytes(lambda body: body.replace(b'"v":', b'"v":"\\u0000","w":')),
    _bytes(lambda body: body.replace(b'"v":', b'"v":"' + "\u20ac\U0001f600".encode() + b'","w":')),
    _bytes(lambda body: body.replace(b'"params"', b'"params":{},"params"')),
    _bytes(lambda body: body.replace(b'"cursor":"', b'"cursor":1,"cursor":"')),
    _bytes(lambda body: body.replace(b'"_meta":', b'"cursor":null,"_meta":')),
    _bytes(lambda body: body.replace(b'"cursor":"Y', b'"cursor":"\\u0059')),
    _bytes(lambda body: body.replace(b'"cursor"', b'"Cursor"')),
    _bytes(lambda body: body.replace(b'"arguments"', b'"arguments":' + b"[" * 80 + b"]" * 80 + b',"x"')),
    _bytes(lambda body: body.replace(b",", b" ,\t").replace(b":", b" : ")),
]  # fmt: skip

CHANGES = [*MESSAGE_CHANGES, *META_CHANGES, *HEADER_CHANGES, *BYTE_CHANGES]

PLAIN: list[tuple[str, Mapping[str, Any]]] = [
    ("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}}),
    ("tools/call", {"name": "say", "arguments": {"v": "x"}}),
    ("tools/call", {"name": "told", "arguments": {}}),
    ("tools/call", {"name": "ask", "arguments": {}}),
    ("tools/list", {}),
    ("tools/list", {"cursor": SECOND}),
]


REVISIONS = (None, "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""What requests of the handshake revisions say in their header, if anything."""


@st.composite
def odd_requests(draw: st.DrawFn, *, legacy: bool = False) -> Odd:
    """A plain request with up to three changes."""
    method, params = draw(st.sampled_from(PLAIN))
    revision = draw(st.sampled_from(REVISIONS)) if legacy else None
    odd = plain_legacy(method, params, revision) if legacy else plain(method, params)
    for change in draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=3)):
        odd = change(odd)
    return odd
