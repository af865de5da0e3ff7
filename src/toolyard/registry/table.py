"""Which mount answers for which tool: made anew on every change, never edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from toolyard.core.errors import NameClash
from toolyard.core.tool import Tool
from toolyard.registry.mount import Mount, Route


@dataclass(frozen=True, slots=True)
class Table:
    """All routes of a registry at one moment, in the order of mounts and their sources."""

    routes: Mapping[str, Route] = field(default_factory=dict[str, Route])
    tools: Sequence[Tool] = ()
    """Those whose source can be reached, as far as is known."""
    hidden: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    """By mount: the tools that it offers in vain, and the mount that had the name before."""


def table_of(mounts: Sequence[Mount], before: Table) -> Table:
    """The table of `mounts`; where two offer a name, the mount that has it `before` keeps it.

    Of two newcomers the earlier mount gets it. If nothing has changed for those who list tools,
    the sequence of tools is the one of `before`.
    """
    routes: dict[str, Route] = {}
    for mount in mounts:
        offered = mount.offered
        lost: set[str] = set()
        for name in routes.keys() & offered.keys():
            if _has(mount, name, before):
                del routes[name]  # so that it stands in the order of its own mount
            else:
                lost.add(name)
        if lost:
            offered = {name: route for name, route in offered.items() if name not in lost}
        routes |= offered
    tools = tuple(route.tool for route in routes.values() if route.mount.is_reachable)
    return Table(routes, before.tools if tools == before.tools else tools, _hidden(mounts, routes))


def _has(mount: Mount, name: str, before: Table) -> bool:
    route = before.routes.get(name)
    return route is not None and route.mount.name == mount.name


def _hidden(mounts: Sequence[Mount], routes: Mapping[str, Route]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    if len(routes) < sum(len(mount.offered) for mount in mounts):
        for mount in mounts:
            for name in mount.offered:
                if routes[name].mount is not mount:
                    found.setdefault(mount.name, {})[name] = routes[name].mount.name
    return found


def refuse_clashes(table: Table, newcomer: Mount) -> None:
    """Raise `NameClash` if `newcomer` offers a name that another place has."""
    for name in table.routes.keys() & newcomer.routes.keys():
        taken = table.routes[name].mount
        if taken.name != newcomer.name:
            raise NameClash(clash(name, taken.name, newcomer.name))


def clash(tool: str, first: str, second: str) -> str:
    """What to do about two mounts that offer one name."""
    return (
        f"Both {first!r} and {second!r} offer a tool {tool!r}; "
        f"give one of them a prefix. {first!r} keeps it."
    )
