"""A provider of a model that always says the same, at once or in 100 pieces of a stream.

It speaks the wire format of OpenAI, prints its port, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.model_clients import PIECE, PIECES

_HEAD: Mapping[str, Any] = {"id": "c-1", "created": 1, "model": "m"}
_USAGE = {"prompt_tokens": 9, "completion_tokens": PIECES, "total_tokens": 9 + PIECES}
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


def whole() -> bytes:
    message = {"role": "assistant", "content": PIECE * PIECES}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {**_HEAD, "object": "chat.completion", "choices": [choice], "usage": _USAGE}
    return _answer("application/json", json.dumps(body).encode())


def streamed() -> bytes:
    deltas = [_chunk({"content": PIECE}, None) for _ in range(PIECES)]
    counted = {**_chunk({}, None), "choices": [], "usage": _USAGE}
    events: Sequence[Any] = [
        _chunk({"role": "assistant"}, None),
        *deltas,
        _chunk({}, "stop"),
        counted,
    ]
    lines = [*map(json.dumps, events), "[DONE]"]
    return _answer("text/event-stream", "".join(f"data: {line}\n\n" for line in lines).encode())


def _chunk(delta: Mapping[str, str], finish: str | None) -> Mapping[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**_HEAD, "object": "chat.completion.chunk", "choices": [choice]}


def _answer(kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


WHOLE, STREAMED = whole(), streamed()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            writer.write(STREAMED if json.loads(body).get("stream") else WHOLE)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
