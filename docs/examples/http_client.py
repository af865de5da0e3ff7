"""The HTTP client asks a host of this machine, which is refused unless it is allowed."""

import asyncio

import anyio

from toolyard import CallContext, Credential, HttpClient, ToolCall, ToolError


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = (await reader.readuntil(b"\r\n\r\n")).decode()
    said = "welcome" if "Bearer example-token" in request else "who are you?"
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{said}".encode())
    writer.close()
    await writer.wait_closed()


async def main() -> None:
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            await HttpClient(allowed_ports=None).get(host)
        except ToolError as error:
            print(error)

        web = HttpClient(
            allow_hosts=[host],
            allow_private=["127.0.0.1"],
            credentials={host: Credential.bearer("example-token")},
        )
        print((await web.get(host, query={"page": 1})).body)

        call = ToolCall("http_get", {"url": "https://example.com/"})  # as a model calls it
        print((await web.call_tool(call, CallContext())).text)


if __name__ == "__main__":
    anyio.run(main)
