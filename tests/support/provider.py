"""A provider on the loopback: it answers what a test says, and remembers what it was asked."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import anyio
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.buffered import BufferedByteReceiveStream

P = TypeVar("P", bound="Provider")

API_KEY = "sk-5tarfish-9Qx2-willow-77"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request gets."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    hangs: bool = False
    """Nothing comes after the headers."""
    cuts: bool = False
    """The connection is closed in the middle of the body."""
    rest: bytes = b""
    """More of the body, sent once `until` is set."""
    until: anyio.Event | None = None

    @classmethod
    def of(cls, body: Any, status: int = 200, **headers: str) -> "Answer":
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(body).encode(), named)

    @classmethod
    def events(cls, *events: Any, until: anyio.Event | None = None, first: int = 0) -> "Answer":
        """A stream of events; what comes after the `first` ones waits for `until`.

        An event is the JSON after `data:`, a text as it is, or a pair of its name and the JSON.
        """
        written = [_event(each) for each in events]
        kind = {"Content-Type": "text/event-stream"}
        begun, rest = b"".join(written[:first]), b"".join(written[first:])
        if until is None:
            return cls(200, begun + rest, kind)
        return cls(200, begun, kind, rest=rest, until=until)


@dataclass(frozen=True, slots=True)
class Request:
    line: str
    headers: Mapping[str, str]
    body: Any


class Provider:
    """Gives its answers in order, the last one again and again."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = answers
        self.requests: list[Request] = []
        self.url = ""
        self.left = anyio.Event()
        """Someone has gone away before the end of an answer."""

    async def serve(self, stream: ByteStream) -> None:
        async with stream:
            with suppress(anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead):
                reader = BufferedByteReceiveStream(stream)
                while await self._answer(stream, reader):  # or until the client has heard enough
                    pass

    async def _answer(self, stream: ByteStream, reader: BufferedByteReceiveStream) -> bool:
        """Answer one request; whether the connection stays open."""
        head = (await reader.receive_until(b"\r\n\r\n", 65536)).decode()
        line, *rest = head.split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (each.partition(": ") for each in rest)
        }
        body = json.loads(await reader.receive_exactly(int(headers["content-length"])))
        answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
        self.requests.append(Request(line, headers, body))
        length = len(answer.body + answer.rest) + (100 if answer.cuts or answer.hangs else 0)
        said = {"Content-Length": str(length), "Connection": "close", **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} Said", *(f"{k}: {v}" for k, v in said.items())]
        await stream.send(("\r\n".join(lines) + "\r\n\r\n").encode())
        if answer.body:
            await stream.send(answer.body)
        if answer.until is not None:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._see_leaving, stream)
                await answer.until.wait()
                tasks.cancel_scope.cancel()
            await stream.send(answer.rest)
        if answer.hangs:
            await anyio.sleep_forever()
        return said["Connection"] == "keep-alive"

    async def _see_leaving(self, stream: ByteStream) -> None:
        with suppress(anyio.BrokenResourceError, anyio.EndOfStream):
            await stream.receive()
        self.left.set()


def _event(event: Any) -> bytes:
    name, data = cast("tuple[str, Any]", event) if isinstance(event, tuple) else ("", event)
    text = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


@asynccontextmanager
async def serving(made: P) -> AsyncGenerator[P]:
    """Have `made` answer, until the block ends."""
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(SocketAttribute.local_port)
        made.url = f"http://127.0.0.1:{port}/v1"
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, made.serve)
            with anyio.fail_after(15):
                yield made
            tasks.cancel_scope.cancel()
