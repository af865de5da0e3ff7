"""A service that an OpenAPI document describes: its operations as tools, and asked in Python."""

import asyncio
import json
from typing import Any
from urllib.parse import unquote

import anyio

from toolyard import CallContext, OpenAPIClient, ToolCall

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Greetings", "version": "1"},
    "servers": [{"url": "https://greetings.example.com"}],
    "paths": {
        "/greetings/{name}": {
            "parameters": [
                {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "get": {
                "operationId": "greet",
                "summary": "Greet someone",
                "parameters": [
                    {"name": "loud", "in": "query", "schema": {"type": "boolean", "default": False}}
                ],
                "security": [{"key": []}],
                "responses": {"200": {"description": "The greeting"}},
            },
            "delete": {"operationId": "forget", "responses": {"204": {"description": "Forgotten"}}},
        }
    },
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}
    },
}
"""Usually a file or a URL, in JSON or YAML."""


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = (await reader.readuntil(b"\r\n\r\n")).decode()
    path, _, query = request.split(" ")[1].partition("?")
    greeting = f"Hello, {unquote(path.rpartition('/')[2])}{'!' if query == 'loud=true' else '.'}"
    known = "example-key" in request
    status, said = ("200 OK", greeting) if known else ("401 Unauthorized", "who are you?")
    body = json.dumps({"greeting": said})
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\r\n"
    writer.write((head + body).encode())
    writer.close()
    await writer.wait_closed()


async def main() -> None:
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        client = OpenAPIClient(
            DOCUMENT,
            server=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}",
            allow_private=["127.0.0.1"],  # else only public addresses are asked
            credentials={"key": "example-key"},  # by the scheme's name; a model never sees it
            read_only=True,  # so `forget` is not offered
        )
        async with client:
            for tool in await client.list_tools(CallContext()):
                print(tool.name, list(tool.input_schema["properties"]))

            call = ToolCall("greet", {"name": "a/b & c", "loud": True})  # as a model calls it
            print((await client.call_tool(call, CallContext())).structured["body"])

            print((await client.ask("greet", {"name": "Ann"})).json())


if __name__ == "__main__":
    anyio.run(main)
