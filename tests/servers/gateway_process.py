"""A gateway that runs by itself."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from tests.support.process import ROOT

GATEWAY = """
import sys
from toolyard import MCPClient, MCPServerBuilder
from tests.clients.tools import say_ready

url, era, port = sys.argv[1:]
builder = MCPServerBuilder("gateway").with_protocol("far", MCPClient(url, revision=era))
builder.with_port(int(port)).with_event_handler(say_ready).build_and_serve()
"""


@asynccontextmanager
async def gateway_process(url: str, era: str, port: int) -> AsyncGenerator[Process]:
    """A gateway to `url` in a process of its own."""
    command = [sys.executable, "-c", GATEWAY, url, era, str(port)]
    async with await anyio.open_process(command, cwd=ROOT) as process:
        assert process.stdout is not None
        with anyio.fail_after(30):
            await BufferedByteReceiveStream(process.stdout).receive_until(b"ready\n", 65_536)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
