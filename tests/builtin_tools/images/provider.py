"""A provider on the loopback: it answers what a test says, and remembers what it was asked."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.buffered import BufferedByteReceiveStream

from toolyard import ImageModel, image_model

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

    @classmethod
    def of(cls, body: Any, status: int = 200, **headers: str) -> "Answer":
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(body).encode(), named)


@dataclass(frozen=True, slots=True)
class Request:
    line: str
    headers: Mapping[str, str]
    body: Any


class Provider:
    """Gives its answers in order, the last one again and again."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = list(answers)
        self.requests: list[Request] = []
        self.url = ""

    def model(self, provider: str, **options: Any) -> ImageModel:
        """The real client of `provider`, sent here."""
        return image_model(provider, api_key=API_KEY, base_url=self.url, **options)

    async def serve(self, stream: ByteStream) -> None:
        async with stream:
            with suppress(anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead):
                await self._answer(stream)  # or until the client has heard enough

    async def _answer(self, stream: ByteStream) -> None:
        reader = BufferedByteReceiveStream(stream)
        head = (await reader.receive_until(b"\r\n\r\n", 65536)).decode()
        line, *rest = head.split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (each.partition(": ") for each in rest)
        }
        body = json.loads(await reader.receive_exactly(int(headers["content-length"])))
        answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
        self.requests.append(Request(line, headers, body))
        length = len(answer.body) + (100 if answer.cuts or answer.hangs else 0)
        said = {"Content-Length": str(length), "Connection": "close", **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} Said", *(f"{k}: {v}" for k, v in said.items())]
        await stream.send(("\r\n".join(lines) + "\r\n\r\n").encode())
        if answer.body:
            await stream.send(answer.body)
        if answer.hangs:
            await anyio.sleep_forever()


@asynccontextmanager
async def provider(*answers: Answer) -> AsyncGenerator[Provider]:
    """A provider that gives `answers`, until the block ends."""
    made = Provider(answers)
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(SocketAttribute.local_port)
        made.url = f"http://127.0.0.1:{port}/v1"
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, made.serve)
            with anyio.fail_after(15):
                yield made
            tasks.cancel_scope.cancel()
