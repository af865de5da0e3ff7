"""A client of one connection in one protocol era, down to the bytes of its requests."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from benchmarks.wire import BenchmarkError, Connection, Reply, parse

Era = Literal["modern", "legacy", "stateless"]
"""How a client speaks: of the handshake revisions, `legacy` with a session, `stateless` without."""
ERAS: tuple[Era, ...] = ("modern", "legacy")
"""Those that every server speaks as it comes."""
VERSIONS: dict[Era, str] = {
    "modern": "2026-07-28",
    "legacy": "2025-11-25",
    "stateless": "2025-11-25",
}

_CLIENT = {"name": "toolyard-benchmarks", "version": "1"}
HELLO = {"protocolVersion": VERSIONS["legacy"], "capabilities": {}, "clientInfo": _CLIENT}
"""With which a client of the legacy era introduces itself."""
_PREFIX = "io.modelcontextprotocol/"
_ENVELOPE = {
    f"{_PREFIX}protocolVersion": VERSIONS["modern"],
    f"{_PREFIX}clientInfo": _CLIENT,
    f"{_PREFIX}clientCapabilities": {},
}
_FIRST_ID = 10_000_000  # every id has as many digits, so a request's length never changes
_ID_MARK = "99999999"
NAMES: Mapping[str, str] = {
    "modern": "modern era",
    "legacy": "legacy era",
    "stateless": "legacy era without sessions",
}
"""What tables call them."""


@dataclass(frozen=True)
class Call:
    """A call, and the structured content that must be its answer."""

    tool: str
    arguments: dict[str, Any]
    answer: dict[str, Any]

    @property
    def params(self) -> dict[str, Any]:
        """What a request of it carries."""
        return {"name": self.tool, "arguments": self.arguments}

    @cached_property
    def written(self) -> tuple[bytes, bytes]:
        """The members of its answer, without blanks between them and with."""
        tight = json.dumps(self.answer, separators=(",", ":"))[1:-1]
        return tight.encode(), json.dumps(self.answer)[1:-1].encode()


ADD = Call("add", {"a": 1.0, "b": 2.0}, {"result": 3.0})


@dataclass(frozen=True)
class Request:
    """A request that only lacks its id."""

    before: bytes
    after: bytes

    def numbered(self, number: int) -> bytes:
        """The request with its id filled in."""
        return b"%b%d%b" % (self.before, number, self.after)


def with_envelope(era: Era, params: dict[str, Any]) -> dict[str, Any]:
    """What a request of the era carries: in the modern one, who asks is in each."""
    return {**params, "_meta": _ENVELOPE} if era == "modern" else params


class Conversation:
    """One client: its connection and, in the legacy era, its session."""

    def __init__(self, port: int, token: str, era: Era) -> None:
        self.connection = Connection(port)
        self.era: Era = era
        self.ids = itertools.count(_FIRST_ID)
        self._token = token
        self._session: str | None = None
        if era == "legacy":
            self._greet()

    def prepare(self, method: str, params: dict[str, Any]) -> Request:
        """A request to send many times."""
        message = {"jsonrpc": "2.0", "id": int(_ID_MARK), "method": method}
        body = json.dumps({**message, "params": with_envelope(self.era, params)})
        text = self._head("POST", self._routing(method, params), body)
        before, _, after = text.partition(_ID_MARK)
        return Request(before.encode(), after.encode())

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The result of one request; anything but a result is an error here."""
        return self._result(self._ask(method, params))

    def read(self, answer: bytes) -> dict[str, Any]:
        """The result in a whole answer."""
        return self._result(parse(answer))

    def check(self, call: Call = ADD) -> None:
        """Call the tool once and compare the answer with what it must be."""
        answer = self.ask("tools/call", call.params)
        if answer.get("structuredContent") != call.answer:
            said, wanted = repr(answer)[:300], repr(call.answer)[:300]
            raise BenchmarkError(f"`{call.tool}` answered {said} instead of {wanted}.")

    def end_session(self) -> None:
        """Tell the server that the session is over, if there is one."""
        if self._session is not None:
            self.connection.exchange(self._head("DELETE", self._routing("", {}), "").encode())

    def _greet(self) -> None:
        reply = self._ask("initialize", HELLO)
        self._result(reply)
        self._session = reply.headers.get("mcp-session-id")
        body = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"})
        self.connection.exchange(self._head("POST", self._routing("", {}), body).encode())

    def _ask(self, method: str, params: dict[str, Any]) -> Reply:
        request = self.prepare(method, params).numbered(next(self.ids))
        return parse(self.connection.exchange(request))

    def _result(self, reply: Reply) -> dict[str, Any]:
        if reply.status != 200:
            raise BenchmarkError(f"The server answered {reply.status}: {reply.body[:300]!r}")
        message = reply.message()
        if "result" not in message:
            raise BenchmarkError(f"The server answered an error: {message.get('error')!r}")
        return message["result"]

    def _routing(self, method: str, params: dict[str, Any]) -> dict[str, str]:
        if self.era == "modern":
            name = {"Mcp-Name": params["name"]} if "name" in params else {}
            return {"MCP-Protocol-Version": VERSIONS["modern"], "Mcp-Method": method, **name}
        if self._session is None:
            return {} if method == "initialize" else {"MCP-Protocol-Version": VERSIONS["legacy"]}
        return {"MCP-Protocol-Version": VERSIONS["legacy"], "Mcp-Session-Id": self._session}

    def _head(self, verb: str, routing: dict[str, str], body: str) -> str:
        headers = {
            "Host": f"127.0.0.1:{self.connection.socket.getpeername()[1]}",
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **routing,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{verb} /mcp HTTP/1.1\r\n{lines}\r\n{body}"
