"""Requests of every kind, right and wrong, as the bytes that go over the wire."""

import base64
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

MODERN, LEGACY = "2026-07-28", "2025-11-25"
META: Mapping[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
}
ACCEPT = ("Accept: application/json, text/event-stream", "Content-Type: application/json")

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")
PATHS = (
    *("/", "/mcp", "/mcp/", "//mcp", "/MCP", "/mcp/x", "/mcp;x", "/%6dcp", "/mcp%00", "/mcp%0a"),
    *("/healthz", "/readyz", "/metrics", "/metrics/", "/console", "/favicon.ico", "/docs"),
    *("/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"),
    *("/.well-known/oauth-authorization-server", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd"),
    *(
        "/mcp?x=%ff",
        "/mcp#x",
        "*",
        "mcp",
        "http://127.0.0.1/mcp",
        "http://[/mcp",
        "/" + "a" * 20_000,
    ),
)
FORGED = "2026-01-01 00:00:00,000 INFO toolyard: all is well"
"""What would pass for a line of the log if it stood at the beginning of one."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the server accepts, and what it once accepted or was never meant for it."""

    good: str
    expired: str
    limited: str
    in_file: str
    jwt: str
    stale_jwt: str
    foreign_jwt: str


def post(target: str, body: object, *fields: str, authorization: str = "") -> bytes:
    """A POST; what is not bytes is sent as JSON."""
    return request("POST", target, *ACCEPT, *_bearer(authorization), *fields, body=body)


def request(method: str, target: str, *fields: str, body: object = b"") -> bytes:
    """One request on a connection of its own; a Host in `fields` takes the place of ours."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    own = () if any(field.startswith("Host:") for field in fields) else ("Host: 127.0.0.1",)
    sized = (f"Content-Length: {len(content)}",) if content else ()
    lines = (f"{method} {target} HTTP/1.1", *own, *fields, *sized, "Connection: close", "", "")
    return "\r\n".join(lines).encode("latin-1") + content


def _bearer(token: str) -> Sequence[str]:
    return (f"Authorization: Bearer {token}",) if token else ()


def everywhere(tokens: Tokens) -> Iterator[bytes]:
    """Every method on every path, let in and not."""
    bearers = ("", tokens.good, tokens.limited, f"{tokens.good}x")
    for method, path, token in itertools.product(METHODS, PATHS, bearers):
        yield request(method, path, *_bearer(token))


def misplaced(tokens: Tokens) -> Iterator[bytes]:
    """Tokens in every place and form but the right one, and wrong ones in the right one."""
    body = modern("tools/list")
    for token in (tokens.good, tokens.expired, tokens.in_file, tokens.jwt):
        for fields, path in itertools.product(_places(token), ("/mcp", "/metrics", "/healthz")):
            yield request("POST", path, *ACCEPT, *fields, body=body)
            yield request("GET", path, *fields)
        for query in ("access_token", "token", "api_key", "bearer"):
            yield post(f"/mcp?{query}={token}", body)
            yield post(f"/mcp?{query}={token}", body, authorization=tokens.good)
        for path in (f"/{token}", f"/mcp/{token}", f"/{token}/mcp"):
            yield post(path, body)
            yield post(path, body, authorization=tokens.good)
        yield request("POST", "/mcp", "Content-Type: text/plain", body=f"token={token}".encode())
        yield post("/mcp", {**body, "access_token": token})
        yield post("/mcp", {**body, "access_token": token}, authorization=tokens.good)
    for wrong in _wrong(tokens):
        yield post("/mcp", body, authorization=wrong)


def _places(token: str) -> Iterator[Sequence[str]]:
    basic = base64.b64encode(f"user:{token}".encode()).decode()
    for scheme in (
        f"Basic {basic}",
        f"Token {token}",
        token,
        f"Bearer: {token}",
        f"Bearer,{token}",
    ):
        yield (f"Authorization: {scheme}",)
    yield (f"Authorization: Bearer {token}", f"Authorization: Bearer {token}")
    yield (f"Authorization: Bearer {token}, Bearer {token}",)
    named = ("Cookie", "X-Api-Key", "X-Auth-Token", "Proxy-Authorization", "User-Agent", "Host")
    names = (*named, "Origin", "Referer", "X-Forwarded-For", "Mcp-Session-Id", "Last-Event-ID")
    for name in names:
        yield (f"{name}: {token}",)
    right = f"Authorization: Bearer {token}"
    for name in ("Host", "Origin", "Content-Length", "Transfer-Encoding", "Mcp-Method"):
        yield (right, f"{name}: {token}")


def _wrong(tokens: Tokens) -> Iterator[str]:
    good = tokens.good
    yield from (tokens.expired, tokens.stale_jwt, tokens.foreign_jwt, good[:-1], good[1:], good * 2)
    yield from (good.upper(), good.swapcase(), good * 250, f"{good}=", f"{good}\x7f", f"{good}\xe9")
    head, _, rest = tokens.jwt.partition(".")
    yield from (f"{head}..", f".{rest}", tokens.jwt[:-4], f"{tokens.jwt}A", tokens.jwt + ".e30")


def modern(method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A request of 2026-07-28."""
    whole = {"_meta": dict(META), **(params or {})}
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": whole}


def legacy(method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A request of the handshake revisions."""
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": dict(params or {})}


INITIALIZE = legacy(
    "initialize",
    {
        "protocolVersion": LEGACY,
        "capabilities": {"elicitation": {}},
        "clientInfo": {"name": "attacker", "version": "1"},
    },
)


def modern_post(method: str, params: Mapping[str, Any], token: str) -> bytes:
    """A request of 2026-07-28 with the headers it wants."""
    name = params.get("name", params.get("uri"))
    named = () if not _is_plain(name) else (f"Mcp-Name: {name}",)
    fields = (f"MCP-Protocol-Version: {MODERN}", f"Mcp-Method: {method}", *named)
    return post("/mcp", modern(method, params), *fields, authorization=token)


def legacy_post(method: str, params: Mapping[str, Any], token: str, session: str) -> bytes:
    """A request within a session of the handshake revisions."""
    return post("/mcp", legacy(method, params), f"Mcp-Session-Id: {session}", authorization=token)


def _is_plain(name: object) -> bool:
    return isinstance(name, str) and name.isascii() and name.isprintable()


Asked = tuple[str, Mapping[str, Any]]


def questions(listed: Mapping[str, Sequence[str]]) -> Iterator[Asked]:
    """Every call, document, prompt and completion that is there, and many that are not.

    Args:
        listed: The names of the `tools`, `prompts` and `resources` that a server lists.
    """
    absent = ("absent", "", "../../etc/passwd", "x" * 3000, "\u202e", 7, None)
    for name in (*listed["tools"], *absent, f"absent\n{FORGED}"):
        yield "tools/call", {"name": name, "arguments": {}}
    for arguments in WRONG_ARGUMENTS:
        yield "tools/call", {"name": "take", "arguments": arguments}
        yield "tools/call", {"name": "calculator", "arguments": arguments}
    for name in (*listed["prompts"], *absent):
        yield "prompts/get", {"name": name, "arguments": {}}
        yield from completions({"type": "ref/prompt", "name": name})
    for uri in (*listed["resources"], "leak://family/x", "file:///etc/passwd", *absent):
        yield "resources/read", {"uri": uri}
        yield from completions({"type": "ref/resource", "uri": uri})
    for method in METHODS_OF_THE_PROTOCOL:
        for params in ({}, {"cursor": "x"}, {"cursor": 1}, {"level": "loud"}, {"uri": 1}):
            yield method, params


def completions(about: Mapping[str, Any]) -> Iterator[Asked]:
    for argument in ("name", "member", 1):
        yield "completion/complete", {"ref": about, "argument": {"name": argument, "value": "x"}}


WRONG_ARGUMENTS: Sequence[object] = (
    *({"number": "x"}, {"number": 1.5}, {"choice": 1}, {"number": 1, "more": 1}, [], "x", 1),
    *({"expression": "1/0"}, {"expression": "__import__('os')"}, {"expression": "x" * 5000}),
    *({"expression": 1}, {"expression": "9**9**9"}, {"number": 10**400}),
)
METHODS_OF_THE_PROTOCOL = (
    *("server/discover", "initialize", "ping", "tools/list", "prompts/list", "resources/list"),
    *("resources/templates/list", "resources/subscribe", "resources/unsubscribe", "tasks/get"),
    *("logging/setLevel", "absent/method", "", "rpc.discover", "notifications/cancelled"),
)
MALFORMED: Sequence[bytes] = (
    *(b"", b"{", b"[]", b"null", b"1", b'"x"', b"{}", b"\xff\xfe", b"[" * 5000, b'{"a":' * 100),
    *(b'{"jsonrpc": "2.0"}', b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', b"\x00" * 100),
    *(b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', b'{"id": NaN}', b'{"id": 1e999}'),
    *(b'{"jsonrpc": "2.0", "id": {}, "method": "ping"}', b'{"jsonrpc": "2.0", "id": 1}'),
    *(b'{"jsonrpc": "2.0", "id": 1, "method": 5}', b'{"jsonrpc":"2.0","id":1,"result":{}}'),
    b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": [1]}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"_meta": 1}}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "take"}, "id": 2}',
)
RAW: Sequence[bytes] = (
    *(
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x00\xa5",
        b"x" * 70_000,
    ),
    b"GET /healthz HTTP/1.1\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: x\r\n\r\n",
    b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)


def malformed(token: str) -> Iterator[bytes]:
    """Bodies and bytes that are no request at all."""
    fields: Iterable[Sequence[str]] = ((), (f"MCP-Protocol-Version: {MODERN}",), ("Mcp-Method: x",))
    for body, more in itertools.product(MALFORMED, fields):
        yield post("/mcp", body, *more, authorization=token)
        yield post("/mcp", body, *more)
    for kind in ("text/plain", "application/xml", "", "application/json; charset=utf-16"):
        typed = (f"Content-Type: {kind}", f"Authorization: Bearer {token}")
        yield request("POST", "/mcp", *typed, body=modern("ping"))
    for version in ("1900-01-01", "x" * 300, "2025-06-18", "\xff"):
        versioned = f"MCP-Protocol-Version: {version}"
        yield post("/mcp", modern("tools/list"), versioned, authorization=token)
    yield request("GET", f"/%0A{quote(FORGED)}")
    yield from RAW
