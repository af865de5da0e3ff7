"""Where hosts keep their files on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from toolyard.core.errors import ConfigError

PLACES: Mapping[str, Sequence[str]] = {
    "claude-code": (".mcp.json", "~/.claude.json"),
    "claude-desktop": ("APPLICATIONS/Claude/claude_desktop_config.json",),
    "cursor": (".cursor/mcp.json", "~/.cursor/mcp.json"),
    "gemini": (".gemini/settings.json", "~/.gemini/settings.json"),
    "vscode": (".vscode/mcp.json", "APPLICATIONS/Code/User/mcp.json"),
    "windsurf": ("~/.codeium/windsurf/mcp_config.json",),
    "zed": (".zed/settings.json", "~/.config/zed/settings.json", "APPLICATIONS/Zed/settings.json"),
}
"""For each host the project's file, if it has one, and the user's."""


def usual_file(host: str, platform: str = sys.platform) -> Path:
    """The first file of a known `host` that is there; `ConfigError` if none is."""
    places = usual_files(host, platform)
    for place in places:
        if place.is_file():
            return place
    raise ConfigError(f"No file of {host} is in its usual place: name the file instead.")


def usual_files(host: str, platform: str = sys.platform) -> Sequence[Path]:
    """Where a known `host` keeps its servers: for the project that is here, then for the user."""
    applications = _applications(platform)
    return [
        Path(os.path.expanduser(place.replace("APPLICATIONS", applications)))
        for place in PLACES[host]
    ]


def _applications(platform: str) -> str:
    """Where programs keep a user's settings."""
    if platform == "darwin":
        return "~/Library/Application Support"
    variable, usual = "XDG_CONFIG_HOME", "~/.config"
    if platform == "win32":
        variable, usual = "APPDATA", "~/AppData/Roaming"
    return os.environ.get(variable) or usual
