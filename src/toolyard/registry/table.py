"""Which mount answers for which tool: made anew on every change, never edited."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from toolyard.core.errors import NameClash
from toolyard.core.tool import Tool
from toolyard.registry.mount import Mount

logger = logging.getLogger("toolyard.registry")


@dataclass(frozen=True, slots=True)
class Route:
    """Where the calls of one tool go."""

    tool: Tool
    mount: Mount
    own_name: str
    """The tool's name in its source."""


@dataclass(frozen=True, slots=True)
class Table:
    """All tools of a registry at one moment, in the order of mounts and their sources."""

    routes: Mapping[str, Route] = field(default_factory=dict[str, Route])
    tools: Sequence[Tool] = ()


def table_of(mounts: Sequence[Mount]) -> Table:
    """The table of `mounts`; where two offer one name, the earlier mount keeps it."""
    routes: dict[str, Route] = {}
    for mount in mounts:
        for tool in mount.listed:
            taken = routes.get(tool.name)
            if taken is None:
                routes[tool.name] = Route(tool, mount, mount.tools[tool.name])
            else:
                logger.warning("%s", _clash(tool.name, taken.mount, mount))
    return Table(routes, tuple(route.tool for route in routes.values()))


def refuse_clashes(table: Table, newcomer: Mount) -> None:
    """Raise `NameClash` if `newcomer` offers a name twice or one that is taken."""
    seen: set[str] = set()
    for tool in newcomer.listed:
        if tool.name in seen:
            raise NameClash(_clash(tool.name, newcomer, newcomer))
        if tool.name in table.routes:
            raise NameClash(_clash(tool.name, table.routes[tool.name].mount, newcomer))
        seen.add(tool.name)


def _clash(tool: str, first: Mount, second: Mount) -> str:
    return (
        f"Both {first.name!r} and {second.name!r} offer a tool {tool!r}; "
        f"give one of them a prefix. {first.name!r} keeps it."
    )
