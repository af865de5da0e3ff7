"""Where others are installed: environments of their own, so that they cannot change our tests."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SET_UP_S = 300

_FAST = tuple(f"{name}=={version(name)}" for name in ("uvicorn", "uvloop", "httptools"))
"""As beside toolyard: only what is on top of them is compared."""


@dataclass(frozen=True)
class Environment:
    """A Python with one package and what that needs."""

    folder: Path
    program: str
    """The command that is there once the package is."""
    packages: Sequence[str]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def command(self) -> Path:
        """The package's own command."""
        return self.python.with_name(self.program)

    def set_up(self) -> str | None:
        """Install it, once; why that failed, or None."""
        if self.command.exists():
            return None
        try:
            self._install()
        except (subprocess.SubprocessError, OSError) as error:
            return _why(error)
        return None

    def _install(self) -> None:
        _run([sys.executable, "-m", "venv", str(self.folder)])
        _run([str(self.python), "-m", "pip", "install", "--quiet", "uv"])
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as override:
            # FastMCP asks for a certifi so new that an index may lack it, and uses it for TLS to
            # elsewhere; nothing here leaves the machine, so any will do.
            override.write("certifi\n")
            override.flush()
            uv = [str(self.python.with_name("uv")), "pip", "install", "--quiet"]
            place = ["--python", str(self.python), "--compile-bytecode"]
            _run([*uv, *place, "--override", override.name, *self.packages])


FASTMCP = Environment(ROOT / ".tools" / "bench", "fastmcp", ("fastmcp>=4.1,<5", *_FAST))
MCP_PROXY = Environment(
    ROOT / ".tools" / "bench-mcp-proxy", "mcp-proxy", ("mcp-proxy>=0.13,<1", *_FAST)
)
ANY_LLM = Environment(ROOT / ".tools" / "bench-any-llm", "openai", ("any-llm-sdk>=1.40,<2",))
LITELLM = Environment(ROOT / ".tools" / "bench-litellm", "litellm", ("litellm>=1.106,<2",))
PYDANTIC_AI = Environment(
    ROOT / ".tools" / "bench-pydantic-ai", "pai", ("pydantic-ai-slim>=2.68,<3",)
)
OPENAI_AGENTS = Environment(
    ROOT / ".tools" / "bench-openai-agents", "mcp", ("openai-agents>=0.24,<1",)
)
LANGGRAPH = Environment(ROOT / ".tools" / "bench-langgraph", "jsonpatch", ("langgraph>=1.2,<2",))
CREWAI = Environment(ROOT / ".tools" / "bench-crewai", "crewai", ("crewai>=1.15,<2",))
AGENT_FRAMEWORK = Environment(
    ROOT / ".tools" / "bench-agent-framework",
    "dotenv",
    ("agent-framework-core>=1.23,<2", "agent-framework-orchestrations>=1.4,<2"),
)
BARE = Environment(ROOT / ".tools" / "bench-bare", "uvicorn", ("orjson>=3.11,<4", *_FAST))


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=SET_UP_S)


def _why(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error)
    return f"it could not be installed: {str(said).strip().splitlines()[-1].strip()}"
