"""A small MCP server that does everything right, or has the illnesses its URL names.

Over HTTP: `/any-origin+any-host/mcp`. Over standard streams: `python patient.py noise`.
"""

import itertools
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

TOKEN = "the-patient-knows-this-one"
MODERN, LEGACY = "2026-07-28", "2025-11-25"

Headers = Mapping[str, str]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

VISITS = itertools.count()


class Problem(Exception):
    """A JSON-RPC error, with its HTTP status for the modern era."""

    def __init__(self, code: int, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class Refused(Exception):
    """An HTTP status without any message."""

    def __init__(self, status: int, **headers: str) -> None:
        super().__init__(status)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def deep(levels: int) -> Any:
    return {"not": deep(levels - 1)} if levels else {"type": "string"}


def tool(name: str, **more: Any) -> dict[str, Any]:
    number = {"type": "number", "description": "A number."}
    return {
        "name": name,
        "description": "Do something with a number.",
        "inputSchema": {"type": "object", "properties": {"n": number}, "required": ["n"]},
        "annotations": {"readOnlyHint": True},
        **more,
    }


class Patient:
    """Answers one request; `ill` asks whether it has an illness."""

    def __init__(self, illnesses: str) -> None:
        self._illnesses = frozenset(illnesses.split("+"))

    def ill(self, illness: str) -> bool:
        return illness in self._illnesses

    def admit(self, method: str, headers: Headers, query: str) -> None:
        if self.ill("busy") and next(VISITS) % 2:
            raise Refused(429, retry_after="0")
        if self.ill("never-ready"):
            raise Refused(503)
        if headers["host"].startswith("evil") and not self.ill("any-host"):
            raise Refused(421)
        if "origin" in headers and not self.ill("any-origin"):
            raise Refused(400 if self.ill("odd-origin") else 403)
        self._check_token(headers, query)
        if method == "GET" and not self.ill("streams"):
            raise Refused(405)

    def _check_token(self, headers: Headers, query: str) -> None:
        given = headers.get("authorization", "")
        if self.ill("open") or given == f"Bearer {TOKEN}":
            return
        if given and self.ill("any-token"):
            return
        if TOKEN in query and self.ill("query-token"):
            return
        if self.ill("open-discovery"):
            raise Refused(401, www_authenticate="Bearer")
        if self.ill("mute-challenge"):
            raise Refused(401)
        if self.ill("odd-challenge"):
            raise Refused(404)
        raise Refused(401, www_authenticate='Bearer realm="patient"')

    def answer(self, request: Message, headers: Headers, *, modern: bool) -> dict[str, Any]:
        method, params = request["method"], request.get("params", {})
        if modern and headers:
            self._compare(request, headers)
        if method == "server/discover" and not self.ill("legacy-only"):
            return self._discovery()
        if method == "initialize" and not self.ill("modern-only"):
            return self._introduction()
        if method == "tools/list":
            return self._list(params, modern=modern)
        if method == "tools/call":
            return self._call(params["name"], modern=modern)
        raise Problem(-32601, 200 if self.ill("friendly-404") else 404)

    def _compare(self, request: Message, headers: Headers) -> None:
        said, name = headers.get("mcp-method"), request["params"].get("name")
        if said != request["method"] and not self.ill("any-method-header"):
            raise Problem(-32020)
        if headers.get("mcp-name") != name and not self.ill("any-name-header"):
            raise Problem(-32020)

    def _keep(self) -> dict[str, Any]:
        if self.ill("no-caching"):
            return {}
        return {"ttlMs": 0, "cacheScope": "public" if self.ill("public") else "private"}

    def _capabilities(self) -> dict[str, Any]:
        if self.ill("no-tools"):
            return {}
        return {"tools": {} if self.ill("silent-changes") else {"listChanged": True}}

    def _discovery(self) -> dict[str, Any]:
        info = {} if self.ill("nameless") else {"name": "patient", "version": "1"}
        return {
            "supportedVersions": [MODERN],
            "capabilities": self._capabilities(),
            "resultType": "complete",
            "instructions": "x" * (5000 if self.ill("talkative") else 5),
            "_meta": {"io.modelcontextprotocol/serverInfo": info},
            **self._keep(),
        }

    def _introduction(self) -> dict[str, Any]:
        return {
            "protocolVersion": LEGACY,
            "capabilities": self._capabilities(),
            "serverInfo": {"name": "patient", "version": "1"},
        }

    def _list(self, params: Message, *, modern: bool) -> dict[str, Any]:
        anything = self.ill("any-cursor") or self.ill("hoards")
        page = {"0": 0, "1": 1}.get(params.get("cursor", "0"), 0 if anything else -1)
        if page < 0:
            raise Problem(-32603 if self.ill("cursor-crash") else -32602)
        names = ["alpha", "beta"]
        if self.ill("shuffles"):  # both pages of a list are asked for, one after the other
            names = names[:: -1 if next(VISITS) // 2 % 2 else 1]
        if self.ill("two-faced") and not modern:
            names[1] = "gamma"
        more: dict[str, Any] = {"inputSchema": True} if self.ill("malformed-tool") else {}
        if self.ill("deep"):
            more = {"outputSchema": deep(500)}
        listed: dict[str, Any] = {"tools": [tool(names[page], **more)], "resultType": "complete"}
        if self.ill("empty"):
            return {**listed, "tools": [], **self._keep()}
        if self.ill("hoards"):
            return {**listed, "tools": [tool("alpha")] * 5000, "nextCursor": str(next(VISITS))}
        if page == 0 or self.ill("endless"):
            listed["nextCursor"] = "1"
        return {**listed, **self._keep()}

    def _call(self, name: str, *, modern: bool) -> dict[str, Any]:
        if self.ill("slow"):
            time.sleep(0.3)
        known = name in ("alpha", "beta")
        guesses = self.ill("guesses-tools") or (self.ill("old-guesses") and not modern)
        if not known and not guesses:
            raise Problem(-32602)
        if self.ill("arguments-crash"):
            raise Problem(-32603, 500)
        if self.ill("arguments-protocol"):
            raise Problem(-32602)
        said = [] if self.ill("mute-error") else [{"type": "text", "text": "n: is missing"}]
        return {"content": said, "isError": not self.ill("runs"), "resultType": "complete"}

    def message(self, request: Message, headers: Headers, *, modern: bool) -> tuple[int, Message]:
        """The HTTP status and the JSON-RPC message."""
        reply: Message = {"jsonrpc": "2.0", "id": request.get("id")}
        try:
            return 200, {**reply, "result": self.answer(request, headers, modern=modern)}
        except Problem as problem:
            error = {"code": problem.code, "message": "Something is wrong."}
            return problem.status, {**reply, "error": error}


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """The patient over HTTP; its first path segment names its illnesses."""
    segments = scope["path"].strip("/").split("/")
    headers = {key.decode(): value.decode() for key, value in scope["headers"]}
    body = (await receive()).get("body", b"")
    try:
        status, message = _served(scope, segments, headers, body)
    except Refused as refused:
        status, message = refused.status, None
        headers = refused.headers
    else:
        headers = {}
    await _respond(send, status, headers, message)


def _served(
    scope: Message, segments: list[str], headers: Headers, body: bytes
) -> tuple[int, Message | None]:
    patient = Patient(segments[0])
    if patient.ill("moved") and segments[-1] == "mcp":
        raise Refused(307, location=f"/{segments[0]}/there")
    if segments[-1] not in ("mcp", "there"):
        raise Refused(404)
    request: Message = json.loads(body) if body else {}
    modern = headers.get("mcp-protocol-version") == MODERN
    if request.get("method") != "server/discover" or not patient.ill("open-discovery"):
        patient.admit(scope["method"], headers, scope["query_string"].decode())
    if "id" not in request:
        return (200 if scope["method"] == "GET" else 202), None
    return patient.message(request, headers, modern=modern)


async def _respond(send: Send, status: int, headers: Headers, message: Message | None) -> None:
    kind = {"content-type": "application/json"} if message else {}
    given = [(key.encode(), value.encode()) for key, value in {**headers, **kind}.items()]
    body = json.dumps(message).encode() if message else b""
    given.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": given})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def listening(application: Any, *, lifespan: bool = False) -> Generator[str]:
    """Serve an ASGI application in a thread; gives its URL, without a path."""
    import socket  # here, as a process of this file starts faster without

    import uvicorn

    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings = uvicorn.Config(
            application,
            lifespan="on" if lifespan else "off",
            ws="none",
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(settings)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


def main(illnesses: str) -> None:
    """The patient over standard streams."""
    patient = Patient(illnesses)
    if patient.ill("dead"):
        return
    if patient.ill("noise"):
        print("Starting up ...", flush=True)
    settled: bool | None = None
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request or patient.ill("silent"):
            continue
        modern = "_meta" in request.get("params", {})
        settled = modern if settled is None else settled
        status, message = patient.message(request, {}, modern=modern)
        if patient.ill("one-era") and settled != modern:
            message = {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32022}}
        del status
        print(json.dumps(message), flush=True)
    if patient.ill("stays"):
        threading.Event().wait()
    sys.exit(3 if patient.ill("bad-exit") else 0)


if __name__ == "__main__":
    main(sys.argv[1])
