"""Where a server's parts are, and the path of a request among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MCP_PATH = "/mcp"
HEALTH = "/healthz"
READY = "/readyz"
METRICS = "/metrics"
CONTROL_PATH = "/yard"
STATUS = "/status"
RESOURCE_METADATA = "/.well-known/oauth-protected-resource"


def path_of(scope: Mapping[str, Any]) -> str:
    """The path below where the app is mounted, without a slash at its end."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    below = path[len(root) :] if root and path.startswith(root) else path
    return below.rstrip("/") or "/"
