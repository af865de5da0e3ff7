"""Programs from npm that tests start: the conformance suite, the Inspector, the SDKs."""

from dataclasses import dataclass
from pathlib import Path

from tests.support.install import NODE_NEEDED, PACKAGES, find_node, packages_are_installed
from tests.support.missing import missing

REMEDY = "Install with: python tests/support/install.py"


@dataclass(frozen=True, slots=True)
class Node:
    """An installed Node.js with the packages of `tests/support/node`; commands to start."""

    program: str
    packages: Path
    """The directory that holds `node_modules`."""

    def conformance(self, *arguments: str) -> list[str]:
        """The official conformance suite."""
        return self._official("conformance/dist/index.js", *arguments)

    def inspector(self, *arguments: str) -> list[str]:
        """The MCP Inspector's command line."""
        launcher = "inspector/clients/launcher/build/index.js"
        return self._official(launcher, "--cli", *arguments)

    def everything(self, *arguments: str) -> list[str]:
        """The official server that shows every feature of the handshake revisions."""
        return self._official("server-everything/dist/index.js", *arguments)

    def script(self, path: Path, *arguments: str) -> list[str]:
        """A script of ours; its first argument says where the packages are."""
        return [self.program, str(path), str(self.packages), *arguments]

    def _official(self, path: str, *arguments: str) -> list[str]:
        whole = self.packages / "node_modules" / "@modelcontextprotocol" / path
        return [self.program, str(whole), *arguments]


def require_node() -> Node:
    """Node.js and its packages; skips the test without them, or fails it where `CI` is set."""
    node = find_node()
    if node is None:
        missing(f"Node.js {'.'.join(map(str, NODE_NEEDED))} or newer", REMEDY)
    if not packages_are_installed(node):
        missing("the npm packages in tests/support/node", REMEDY)
    return Node(node.program, PACKAGES)
