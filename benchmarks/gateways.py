"""What stands between a client and a server, each started as its own documents say."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import environments, peers
from benchmarks.conversation import ERAS, Era
from benchmarks.machine import Cores
from benchmarks.server_process import ServerProcess
from benchmarks.serving import GUARDS, TOOLYARD_COMMAND

DIRECT = "direct"
"""The server with nothing before it."""
TOOLYARD = peers.TOOLYARD
FASTMCP = "FastMCP proxy"
FASTMCP_SHARED = "FastMCP shared"
"""Given a client that is connected already, it uses that one for all calls."""
TOOLYARD_STDIO = "toolyard stdio"
MCP_PROXY_STDIO = "mcp-proxy stdio"
"""It cannot ask for a token, and speaks the handshake revisions only."""
NO_TOKEN = "mcp-proxy lets everybody in: it cannot ask for a token. All others here do."


@dataclass(frozen=True)
class Gateway:
    """A program in front of a server."""

    name: str
    peer: str
    """Whose program it is."""
    argv: Sequence[str]
    """How it is started, with `{port}` and `{token}` where they go."""
    eras: Sequence[Era] = ERAS

    def command(self, port: int, token: str, tools: int) -> list[str]:
        """The command that starts it; how many tools there are is up to the server."""
        del tools
        return [part.format(port=port, token=token) for part in self.argv]


def gateways(upstream: ServerProcess, folder: Path, cores: Cores) -> list[Gateway]:
    """All of them, before `upstream` or before a process with the same tool.

    Args:
        upstream: It asks for a token other than the gateways'.
        folder: Where what configures them is written.
        cores: A process that a gateway starts works where the load does, as `upstream` should.
    """
    url = f"http://127.0.0.1:{upstream.port}/mcp"
    remote = {"url": url, "token": upstream.token}
    process = (sys.executable, "-m", "benchmarks.servers.stdio_server", "--core", str(cores.load))
    fastmcp = (
        *(str(environments.FASTMCP.python), "-m", "benchmarks.servers.fastmcp_proxy"),
        *("--port", "{port}", "--token", "{token}", "--url", url, "--its-token", upstream.token),
    )
    mcp_proxy = (str(environments.MCP_PROXY.command), "--port", "{port}", "--log-level", "WARNING")
    return [
        Gateway(TOOLYARD, peers.TOOLYARD, _toolyard(folder / "http.toml", remote)),
        Gateway(FASTMCP, peers.FASTMCP, fastmcp),
        Gateway(FASTMCP_SHARED, peers.FASTMCP, (*fastmcp, "--shared")),
        Gateway(
            TOOLYARD_STDIO, peers.TOOLYARD, _toolyard(folder / "stdio.toml", {"command": process})
        ),
        Gateway(MCP_PROXY_STDIO, peers.MCP_PROXY, (*mcp_proxy, "--", *process), eras=("legacy",)),
    ]


def _toolyard(file: Path, source: Mapping[str, object]) -> tuple[str, ...]:
    lines = (f"{key} = {json.dumps(value)}\n" for key, value in source.items())
    file.write_text("[tools.upstream]\n" + "".join(lines))
    start = (*TOOLYARD_COMMAND, "serve", "--config", str(file), *GUARDS)
    return (*start, "--port", "{port}", "--token", "{token}")
