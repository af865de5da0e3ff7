"""Which versions of everything that matters are measured."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.agent_turns import OTHERS as OF_AGENTS
from benchmarks.environments import ROOT
from benchmarks.peers import BARE, ENVIRONMENT, FASTMCP, MCP_PROXY, TOOLYARD, Peer
from benchmarks.team_turns import OTHERS as OF_TEAMS

_BELOW = ("uvicorn", "uvloop", "httptools")
_OF: Mapping[str, Sequence[str]] = {
    TOOLYARD: ("toolyard", "mcp", "pydantic", "starlette", *_BELOW),
    FASTMCP: ("fastmcp", "mcp", *_BELOW),
    BARE: ("orjson", *_BELOW),
    MCP_PROXY: ("mcp-proxy", "mcp", *_BELOW),
}
"""What is looked up where; the SDK's server is installed with toolyard."""
_FRAMEWORKS_OF: Mapping[str, Sequence[str]] = {
    "pydantic-ai": ("pydantic-ai-slim", "pydantic"),
    "openai-agents": ("openai-agents", "openai", "pydantic"),
    "langgraph": ("langgraph", "langchain-core", "pydantic"),
    "crewai": ("crewai", "pydantic"),
    "agent-framework": ("agent-framework-core", "agent-framework-orchestrations", "pydantic"),
}
_ASK = (
    "import importlib.metadata, json, sys;"
    "print(json.dumps([importlib.metadata.version(name) for name in sys.argv[1:]]))"
)
_ASK_S = 30


def versions(peers: Sequence[Peer]) -> dict[str, str]:
    """For each of `peers` with an installation of its own: packages and their versions."""
    return {peer.name: _look_up(peer.python, _OF[peer.name]) for peer in peers if peer.name in _OF}


def framework_versions() -> dict[str, str]:
    """For each framework for agents or teams that is installed: packages and their versions."""
    there = {
        name: home.python
        for name, home in {**OF_AGENTS, **OF_TEAMS}.items()
        if home.command.exists()
    }
    return {name: _look_up(python, _FRAMEWORKS_OF[name]) for name, python in there.items()}


def _look_up(python: Path, packages: Sequence[str]) -> str:
    told = subprocess.run(
        [str(python), "-c", _ASK, *packages],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        timeout=_ASK_S,
        check=True,
    )
    found = zip(packages, json.loads(told.stdout), strict=True)
    return ", ".join(f"{name} {version}" for name, version in found)
