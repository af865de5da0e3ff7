"""What is compared, and how each of it is started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import environments
from benchmarks.conversation import ERAS, Era
from benchmarks.environments import ROOT, Environment
from benchmarks.wire import BenchmarkError

ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
"""For every process here: byte code is kept, as it is wherever a package was installed."""

TOOLYARD = "toolyard"
SDK = "MCPServer"
"""The one that all ratios are to."""
FASTMCP = "FastMCP"
SDK_JSON = f"{SDK}+json"
FASTMCP_JSON = f"{FASTMCP}+json"
BARE = "bare ASGI"
MCP_PROXY = "mcp-proxy"


@dataclass(frozen=True)
class Peer:
    """One server to measure."""

    name: str
    module: str
    """Its program among `benchmarks.servers`; none for what only passes on what others serve."""
    imports: str
    """What a program with such a server imports."""
    home: Environment | None = None
    """Where it is installed, if not with toolyard."""
    eras: tuple[Era, ...] = ERAS
    flags: tuple[str, ...] = ()
    """What else its program is told."""
    sections: tuple[str, ...] = ("calls", "kinds", "tools", "start")
    """The measurements it takes part in: not where it is no different or has no meaning."""
    most_tools: int | None = None
    """With more tools than this, its runs take minutes."""

    @property
    def python(self) -> Path:
        """The interpreter that has it."""
        return Path(sys.executable) if self.home is None else self.home.python

    def command(self, port: int, token: str, tools: int) -> list[str]:
        """The command that serves it."""
        options = ["--port", str(port), "--token", token, "--tools", str(tools), *self.flags]
        return [str(self.python), "-m", f"benchmarks.servers.{self.module}_server", *options]

    def missing(self) -> str | None:
        """Why it cannot be served here, or None."""
        if not self.python.exists():
            return "it is not installed"
        run = subprocess.run(
            [str(self.python), "-c", self.imports],
            cwd=ROOT,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return run.stderr.strip().splitlines()[-1] if run.returncode else None


_UVICORN = "import uvicorn, uvloop, httptools"
PEERS = (
    Peer(TOOLYARD, "toolyard", f"from toolyard import MCPServerBuilder, Toolbox; {_UVICORN}"),
    Peer(SDK, "sdk", f"from mcp.server.mcpserver import MCPServer; {_UVICORN}"),
    Peer(
        SDK_JSON,
        "sdk",
        "import mcp.server.mcpserver",
        flags=("--json",),
        sections=("calls", "kinds"),
    ),
    Peer(
        FASTMCP,
        "fastmcp",
        f"from fastmcp import FastMCP; {_UVICORN}",
        home=environments.FASTMCP,
        sections=("calls", "tools", "start"),
        most_tools=1_000,
    ),
    Peer(
        FASTMCP_JSON,
        "fastmcp",
        "import fastmcp",
        home=environments.FASTMCP,
        flags=("--json",),
        sections=("calls", "kinds"),
    ),
    Peer(
        BARE,
        "bare",
        f"import orjson; {_UVICORN}",
        home=environments.BARE,
        sections=("calls", "start"),
    ),
    Peer(MCP_PROXY, "", "import mcp_proxy", home=environments.MCP_PROXY, sections=()),
)


def choose(names: str | None) -> list[Peer]:
    """The peers of these names, comma separated, or all; the SDK is always among them."""
    if names is None:
        return list(PEERS)
    wanted = {name.strip().casefold() for name in names.split(",")} | {SDK.casefold()}
    unknown = wanted - {peer.name.casefold() for peer in PEERS}
    if unknown:
        known = ", ".join(peer.name for peer in PEERS)
        raise BenchmarkError(f"Unknown server: {', '.join(sorted(unknown))}. Choose from: {known}.")
    return [peer for peer in PEERS if peer.name.casefold() in wanted]


def set_up(peers: Iterable[Peer]) -> dict[str, str]:
    """Install, once, those of `peers` that are foreign; why that failed, by their names."""
    wanted = [(peer.name, peer.home.set_up()) for peer in peers if peer.home is not None]
    return {name: failed for name, failed in wanted if failed is not None}
