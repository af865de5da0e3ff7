"""A client of one connection in one protocol era, down to the bytes of its requests."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.wire import BenchmarkError, Connection, Reply, parse

Era = Literal["modern", "legacy"]
ERAS: tuple[Era, ...] = ("modern", "legacy")
VERSIONS: dict[Era, str] = {"modern": "2026-07-28", "legacy": "2025-11-25"}

CALL = {"name": "add", "arguments": {"a": 1.0, "b": 2.0}}
EXPECTED = {"result": 3.0}

_CLIENT = {"name": "toolyard-benchmarks", "version": "1"}
_FIRST_ID = 10_000_000  # every id has as many digits, so a request's length never changes
_ID_MARK = "99999999"


@dataclass(frozen=True)
class Request:
    """A request that only lacks its id."""

    before: bytes
    after: bytes

    def numbered(self, number: int) -> bytes:
        """The request with its id filled in."""
        return b"%b%d%b" % (self.before, number, self.after)


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
        body = json.dumps({**message, "params": self._with_envelope(params)})
        text = self._head("POST", self._routing(method, params), body)
        before, _, after = text.partition(_ID_MARK)
        return Request(before.encode(), after.encode())

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The result of one request; anything but a result is an error here."""
        return self._result(self._ask(method, params))

    def read(self, answer: bytes) -> dict[str, Any]:
        """The result in a whole answer."""
        return self._result(parse(answer))

    def check(self) -> None:
        """Call the tool once and compare the answer with what it must be."""
        answer = self.ask("tools/call", CALL)
        if answer.get("structuredContent") != EXPECTED:
            raise BenchmarkError(f"A call of `add` answered {answer!r} instead of {EXPECTED!r}.")

    def end_session(self) -> None:
        """Tell the server that the session is over, if there is one."""
        if self._session is not None:
            self.connection.exchange(self._head("DELETE", self._routing("", {}), "").encode())

    def _greet(self) -> None:
        hello = {
            "protocolVersion": VERSIONS["legacy"],
            "capabilities": {},
            "clientInfo": _CLIENT,
        }
        reply = self._ask("initialize", hello)
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

    def _with_envelope(self, params: dict[str, Any]) -> dict[str, Any]:
        if self.era == "legacy":
            return params
        prefix = "io.modelcontextprotocol/"
        envelope = {
            f"{prefix}protocolVersion": VERSIONS["modern"],
            f"{prefix}clientInfo": _CLIENT,
            f"{prefix}clientCapabilities": {},
        }
        return {**params, "_meta": envelope}

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
