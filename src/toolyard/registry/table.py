"""Which mount answers for which tool: made anew on every change, never edited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from toolyard.core.errors import NameClash
from toolyard.core.tool import Tool
from toolyard.registry.mount import Mount


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
    hidden: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """By mount: the tools that it offers in vain, and the mount that had the name before."""


def table_of(mounts: Sequence[Mount], before: Table) -> Table:
    """The table of `mounts`; where two offer a name, the mount that has it `before` keeps it.

    Of two newcomers the earlier mount gets it. If nothing has changed for those who list tools,
    the sequence of tools is the one of `before`.
    """
    holders = {name: route.mount.place for name, route in before.routes.items()}
    takers: dict[str, Mount] = {}
    for mount in mounts:
        for tool in mount.offered:
            taker = takers.get(tool.name)
            if taker is None or mount.place is holders.get(tool.name) is not taker.place:
                takers[tool.name] = mount
    routes = {tool.name: route for tool, route in _routes(mounts, takers)}
    tools = tuple(route.tool for route in routes.values())
    hidden = {mount.name: told for mount in mounts if (told := _hidden(mount, takers))}
    return Table(routes, before.tools if tools == before.tools else tools, hidden)


def _routes(mounts: Sequence[Mount], takers: Mapping[str, Mount]) -> Iterator[tuple[Tool, Route]]:
    for mount in mounts:
        for tool in mount.offered:
            if takers[tool.name] is mount:
                yield tool, Route(tool, mount, mount.tools[tool.name])


def _hidden(mount: Mount, takers: Mapping[str, Mount]) -> dict[str, str]:
    return {
        tool.name: takers[tool.name].name
        for tool in mount.offered
        if takers[tool.name] is not mount
    }


def refuse_clashes(table: Table, newcomer: Mount) -> None:
    """Raise `NameClash` if `newcomer` offers a name twice, or one that another place has."""
    seen: set[str] = set()
    for tool in newcomer.listed:
        if tool.name in seen:
            raise NameClash(clash(tool.name, newcomer.name, newcomer.name))
        taken = table.routes.get(tool.name)
        if taken is not None and taken.mount.place is not newcomer.place:
            raise NameClash(clash(tool.name, taken.mount.name, newcomer.name))
        seen.add(tool.name)


def clash(tool: str, first: str, second: str) -> str:
    """What to do about two mounts that offer one name."""
    return (
        f"Both {first!r} and {second!r} offer a tool {tool!r}; "
        f"give one of them a prefix. {first!r} keeps it."
    )
