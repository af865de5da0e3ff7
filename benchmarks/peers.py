"""What is compared, and where each of them is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.wire import BenchmarkError

ROOT = Path(__file__).resolve().parent.parent
FASTMCP_ENVIRONMENT = ROOT / ".tools" / "bench"
FASTMCP_PYTHON = FASTMCP_ENVIRONMENT / "bin" / "python"
SET_UP_S = 300

ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
"""For every process here: byte code is kept, as it is wherever a package was installed."""

TOOLYARD = "toolyard"
SDK = "MCPServer"
"""The one that all ratios are to."""


@dataclass(frozen=True)
class Peer:
    """One server to measure."""

    name: str
    module: str
    imports: str
    """What a program with such a server imports."""
    python: Path = Path(sys.executable)
    json_response: bool = False
    sections: tuple[str, ...] = ("calls", "tools", "start")
    """The measurements it takes part in: not where it is no different or has no meaning."""
    most_tools: int | None = None
    """With more tools than this, its runs take minutes."""

    def command(self, port: int, token: str, tools: int) -> list[str]:
        """The command that serves it."""
        flag = ["--json"] if self.json_response else []
        options = ["--port", str(port), "--token", token, "--tools", str(tools), *flag]
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
        f"{SDK}+json",
        "sdk",
        "import mcp.server.mcpserver",
        json_response=True,
        sections=("calls",),
    ),
    Peer(
        "FastMCP",
        "fastmcp",
        f"from fastmcp import FastMCP; {_UVICORN}",
        python=FASTMCP_PYTHON,
        most_tools=100,
    ),
    Peer("bare ASGI", "bare", _UVICORN, sections=("calls", "start")),
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


def set_up(peers: Iterable[Peer]) -> str | None:
    """Install FastMCP, once, if it is among `peers`; why that failed, or None."""
    wanted = any(peer.python == FASTMCP_PYTHON for peer in peers)
    if not wanted or FASTMCP_PYTHON.with_name("fastmcp").exists():
        return None
    try:
        _install_fastmcp()
    except (subprocess.SubprocessError, OSError) as error:
        return _why(error)
    return None


def _install_fastmcp() -> None:
    """Give FastMCP an environment of its own, so that it cannot change what we are tested with."""
    _run([sys.executable, "-m", "venv", str(FASTMCP_ENVIRONMENT)])
    _run([str(FASTMCP_PYTHON), "-m", "pip", "install", "--quiet", "uv"])
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as override:
        # FastMCP asks for a certifi so new that an index may lack it, and uses it for TLS to
        # elsewhere; nothing here leaves the machine, so any will do.
        override.write("certifi\n")
        override.flush()
        uv = [str(FASTMCP_PYTHON.with_name("uv")), "pip", "install", "--quiet"]
        place = ["--python", str(FASTMCP_PYTHON), "--compile-bytecode", "--override", override.name]
        _run([*uv, *place, "fastmcp>=4.1,<5", "uvicorn>=0.54,<1", "uvloop", "httptools"])


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=SET_UP_S)


def _why(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error)
    return f"it could not be installed: {str(said).strip().splitlines()[-1].strip()}"
