"""No MCP at all: read JSON, add, answer JSON, by orjson. What uvicorn and Python cost."""

from __future__ import annotations

from typing import Any

import orjson

from benchmarks.servers.options import read_options, serve

HEADERS = [(b"content-type", b"application/json")]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer every POST as if it were a call of `add`; check nothing."""
    if scope["type"] != "http":
        return
    request = orjson.loads(await _body(receive))
    answer = orjson.dumps(_answer(request))
    length = (b"content-length", str(len(answer)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, length]})
    await send({"type": "http.response.body", "body": answer})


async def _body(receive: Any) -> bytes:
    body = b""
    while True:
        event = await receive()
        body += event.get("body", b"")
        if not event.get("more_body"):
            return body


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    arguments = request.get("params", {}).get("arguments", {"a": 0, "b": 0})
    total = float(arguments["a"] + arguments["b"])
    result = {
        "content": [{"type": "text", "text": str(total)}],
        "structuredContent": {"result": total},
        "isError": False,
    }
    return {"jsonrpc": "2.0", "id": request.get("id"), "result": result}


if __name__ == "__main__":
    serve(app, read_options(__doc__))
