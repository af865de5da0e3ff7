"""A request as bytes, however odd, and its answer."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
import httptools
from anyio.abc import SocketStream
from tests.servers.lane.odd_requests import Odd

LIKE = ("content-type", "www-authenticate", "allow", "mcp-session-id", "retry-after")
"""The headers that matter; how long the body is says the body."""


@dataclass
class Answer:
    """What came back, as far as it matters."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    is_complete: bool = False

    def on_header(self, name: bytes, value: bytes) -> None:
        known = name.decode().lower()
        if known in LIKE:
            self.headers[known] = "random" if known == "mcp-session-id" else value.decode()

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.is_complete = True

    @property
    def said(self) -> Any:
        """The messages in it; what is another text each time is left out: sealed state."""
        kind = self.headers.get("content-type", "")
        if kind.startswith("text/event-stream"):
            lines = self.body.decode().split("\r\n")
            return [_known(json.loads(line[6:])) for line in lines if line.startswith("data: ")]
        if kind.startswith("application/json") and self.body:
            return _known(json.loads(self.body))
        return self.body


def _known(message: Any) -> Any:
    with suppress(KeyError, TypeError):
        message["result"]["requestState"] = "sealed" if message["result"]["requestState"] else ""
    return message


def as_bytes(port: int, odd: Odd) -> bytes:
    """What goes to the server at `port`."""
    body = odd.body
    headers = [(b"host", b"127.0.0.1:%d" % port), (b"content-length", b"%d" % len(body))]
    given = {name for name, _ in odd.headers}
    lines = [b"%b: %b\r\n" % pair for pair in headers if pair[0] not in given]
    lines += [b"%b: %b\r\n" % pair for pair in odd.headers]
    return b"POST /mcp HTTP/1.1\r\n%b\r\n%b" % (b"".join(lines), body)


async def answer_on(connection: SocketStream) -> Answer:
    """The next answer; raises `EndOfStream` if the server hangs up instead."""
    answer = Answer()
    parser = httptools.HttpResponseParser(answer)
    with anyio.fail_after(20):
        while not answer.is_complete:
            parser.feed_data(await connection.receive())
            answer.status = parser.get_status_code()
    return answer


async def asked(port: int, odd: Odd) -> Answer:
    """Send `odd` to the server at `port` on a connection of its own."""
    async with await anyio.connect_tcp("127.0.0.1", port) as connection:
        await connection.send(as_bytes(port, odd))
        return await answer_on(connection)
