"""The yard as tools: for agents, for `toolyard yard`, and for scripts over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import BaseModel, Field, WithJsonSchema

from toolyard.config.settings import ProbeSettings, ToolSettings
from toolyard.core.context import ADMIN
from toolyard.core.errors import UnknownName
from toolyard.core.toolbox import tool
from toolyard.registry.tool_registry import DRAIN_S
from toolyard.wiring.tables import table_of
from toolyard.wiring.yard import Yard


def said_of_tables() -> Mapping[str, Any]:
    """A schema of a table that models can read: no option has a null, and each may be left out."""
    return _said_of(ToolSettings)


def _said_of(part: type[BaseModel]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, schema in part.model_json_schema()["properties"].items():
        either: list[dict[str, Any]] = schema.get("anyOf", [{}])
        kept: dict[str, Any] = {**schema, **either[0]}
        if "$ref" in kept:
            kept |= _said_of(ProbeSettings)
        dropped = ("anyOf", "default", "title", "format", "writeOnly", "$ref")
        said[name] = {key: value for key, value in kept.items() if key not in dropped}
    return {"type": "object", "properties": said, "additionalProperties": False}


Name = Annotated[str, Field(min_length=1, max_length=64, description="The mount's name.")]
ToolName = Annotated[str | None, Field(description="One of its tools, as it is listed.")]
Drain = Annotated[float, Field(ge=0, le=3600, description="Seconds that its calls may go on.")]
Table = Annotated[
    dict[str, Any],
    Field(description="As [tools.NAME] in settings: kind, url or command, and what goes with it."),
    WithJsonSchema(dict(said_of_tables())),
]
Answer = dict[str, Any]


class YardTools:
    """What can be done in a yard, for those who have the scope `admin`."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard

    @tool(name="list", scope=ADMIN, read_only=True)
    async def list_mounts(self) -> Answer:
        """List the mounts: where their tools come from, in what state they are, how many tools."""
        keys = ("from", "state", "tools")
        return {
            "mounts": [
                {"name": name, **{key: health[key] for key in keys}}
                for name, health in self._yard.health().items()
            ]
        }

    @tool(name="health", scope=ADMIN, read_only=True)
    async def health(self, name: Name | None = None) -> Answer:
        """Tell how each mount is, or one: state, since when, calls, errors, latency, last error."""
        every = self._yard.health()
        return {"mounts": dict(every) if name is None else {name: self._of(name)}}

    @tool(name="add", scope=ADMIN, destructive=False)
    async def add(self, name: Name, table: Table) -> Answer:
        """Mount a source of tools, which the server starts; until the server ends.

        What it is to be for longer stands in the server's settings file.
        """
        await self._yard.add(name, table_of(table))
        return self._of(name)

    @tool(name="swap", scope=ADMIN, destructive=True)
    async def swap(
        self,
        name: Name,
        table: Table | None = None,
        may_break: Annotated[
            bool, Field(description="Whether tools may go, or take less than before.")
        ] = True,
    ) -> Answer:
        """Have a new version take a mount's place; calls under way finish on the old one.

        Without a table, the mount's own is made anew, as when its Python file was edited. A table
        is laid over its own. Says what changed for callers.
        """
        wanted = None if table is None else table_of(table, self._yard.tables.get(name))
        return asdict(await self._yard.swap(name, wanted, may_break=may_break))

    @tool(name="remove", scope=ADMIN, destructive=True)
    async def remove(self, name: Name, drain_s: Drain = DRAIN_S) -> Answer:
        """Take a mount away: its tools at once, its source when its calls are done."""
        await self._yard.remove(name, drain_s=drain_s)
        return {"removed": name}

    @tool(name="enable", scope=ADMIN, destructive=False, idempotent=True)
    async def enable(self, name: Name, tool: ToolName = None) -> Answer:
        """Offer a mount again, or one of its tools."""
        await self._yard.enable(name, tool)
        return self._of(name)

    @tool(name="disable", scope=ADMIN, destructive=True, idempotent=True)
    async def disable(self, name: Name, tool: ToolName = None) -> Answer:
        """Offer a mount no longer, or one of its tools; calls under way finish."""
        self._yard.disable(name, tool)
        return self._of(name)

    @tool(name="drain", scope=ADMIN, destructive=True, idempotent=True)
    async def drain(self, name: Name, drain_s: Drain = DRAIN_S) -> Answer:
        """Disable a mount and wait for its calls; says how many still go on."""
        in_flight = await self._yard.drain(name, drain_s=drain_s)
        return {**self._of(name), "in_flight": in_flight}

    def _of(self, name: str) -> Answer:
        every = self._yard.health()
        if name not in every:
            raise UnknownName("mount", name)
        return dict(every[name])
