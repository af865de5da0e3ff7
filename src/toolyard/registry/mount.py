"""A source's place in a registry, and the names its tools have there."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from toolyard.core.call_scope import CallScope
from toolyard.core.context import CallContext
from toolyard.core.errors import InvalidTool, NameClash
from toolyard.core.protocol import Instant, ToolProtocol, health_of
from toolyard.core.tool import TOOL_NAME, Tool, ToolCall, ToolResult
from toolyard.registry.life import Life
from toolyard.registry.record import Record, State

logger = logging.getLogger("toolyard.registry")

Policy = Callable[[ToolProtocol], ToolProtocol]
"""Puts a wrapper around a source that changes one thing."""


@dataclass(frozen=True, slots=True)
class Place:
    """What stays when a mount's source is swapped."""

    name: str
    prefix: str = ""
    policies: Sequence[Policy] = ()
    record: Record = field(default_factory=Record)

    def with_prefix(self, prefix: str | None) -> Place:
        """The same place with another prefix; as it is with `None`."""
        return self if prefix is None else replace(self, prefix=joined(prefix))

    def around(self, source: ToolProtocol) -> ToolProtocol:
        """`source` with the policies, the first of them the innermost."""
        for policy in self.policies:
            source = policy(source)
        return source


@dataclass(frozen=True, slots=True)
class Route:
    """Where the calls of one tool go."""

    tool: Tool
    """As it is shown."""
    mount: Mount
    own_name: str
    """The tool's name in its source."""

    def renamed(self, call: ToolCall) -> ToolCall:
        """`call` by the source's own name of the tool."""
        return call if call.name == self.own_name else replace(call, name=self.own_name)


@dataclass(slots=True, eq=False)
class Mount:
    """One source at its place."""

    place: Place
    life: Life
    routes: Mapping[str, Route] = field(default_factory=dict[str, Route])
    """The source's tools by the names shown, in the source's order."""
    is_reachable: bool = True
    """Whether its source could be listed; while not, its tools are not listed, and keep their
    routes: a call may bring the source back."""
    is_enabled: bool = True
    disabled_tools: frozenset[str] = frozenset()
    """By the names shown."""
    hidden: Mapping[str, str] = field(default_factory=dict[str, str])
    """Tools that another mount had before, with the name of that one."""
    unsubscribe: Callable[[], None] = lambda: None

    @property
    def name(self) -> str:
        """How operators call it."""
        return self.place.name

    @property
    def prefix(self) -> str:
        """What stands before the names of its tools."""
        return self.place.prefix

    @property
    def source(self) -> ToolProtocol:
        """The source, with its policies."""
        return self.life.source

    def shown(self, name: str) -> str:
        """How a name of the source reads in the registry."""
        return self.prefix + name

    @property
    def state(self) -> State:
        """How it is, unless it is starting or draining."""
        if self.life.over.is_set():
            return "failed"
        if not self.is_enabled:
            return "disabled"
        return "ready" if self.is_reachable else "unreachable"

    @property
    def is_offered(self) -> bool:
        """Whether anything of it may be used now."""
        return self.is_enabled and not self.life.over.is_set()

    @property
    def offered(self) -> Mapping[str, Route]:
        """The tools that may be called now, unless they are hidden."""
        if not self.is_offered:
            return {}
        if not self.disabled_tools:
            return self.routes
        off = self.disabled_tools
        return {name: route for name, route in self.routes.items() if name not in off}

    @property
    def tools(self) -> list[Tool]:
        """The source's tools as this registry shows them."""
        return [route.tool for route in self.routes.values()]

    def take(self, tools: Sequence[Tool]) -> None:
        """Adopt `tools` as what the source offers now.

        Raises:
            InvalidTool: A name is not fit for hosts once the prefix is on it.
            NameClash: Two tools have one name.
        """
        self.routes = {route.tool.name: route for route in map(self._route, tools)}
        if len(self.routes) < len(tools):
            twice, _ = Counter(tool.name for tool in tools).most_common(1)[0]
            raise NameClash(f"{self.name!r} offers two tools named {twice!r}.")

    def _route(self, tool: Tool) -> Route:
        shown = self.prefix + tool.name
        if not TOOL_NAME.fullmatch(shown):
            raise InvalidTool(
                f"The tool {shown!r} of {self.name!r} has a name that hosts refuse: use 1 to 64 "
                "letters, digits, '_' and '-'."
            )
        return Route(replace(tool, name=shown) if self.prefix else tool, self, tool.name)

    def take_over(self, old: Mount) -> None:
        """Be switched off as far as `old` was."""
        self.is_enabled = old.is_enabled
        off = (name.removeprefix(old.prefix) for name in old.disabled_tools)
        self.disabled_tools = frozenset(map(self.shown, off))

    def keep_what_is_equal(self, known: Mapping[str, Route]) -> None:
        """Show the very tools of `known` where they are equal, so that they are compared once."""
        self.routes = {
            name: Route(known[name].tool, self, route.own_name)
            if name in known and route.tool == known[name].tool
            else route
            for name, route in self.routes.items()
        }

    async def call(
        self, call: ToolCall, context: CallContext, scope: CallScope | None = None
    ) -> ToolResult:
        """Call the source, which stays until the call is over; see `Life.call`."""
        record, began, is_error = self.place.record, time.perf_counter(), True
        try:
            result = await self.life.call(call, context, scope)
            is_error = result.is_error
            return result
        finally:
            record.finished(began, is_error=is_error)

    def instant(self, own_name: str) -> Instant | None:
        """What runs that tool in one step, during which the source is there; see `Instants`."""
        run = self.life.instants.of(own_name)
        return None if run is None else partial(self._run, run)

    def _run(self, run: Instant, arguments: Mapping[str, Any]) -> ToolResult:
        began, is_error = time.perf_counter(), True
        try:
            result = run(arguments)
            is_error = result.is_error
            return result
        finally:
            self.place.record.finished(began, is_error=is_error)

    def health(self) -> Mapping[str, Any]:
        """How the mount is, and under `source` what the source says of itself."""
        told = {**self.place.record.told(), "in_flight": self.life.in_flight}
        told["tools"] = len(self.offered) - len(self.hidden) if self.is_reachable else 0
        if self.hidden:
            told["hidden"] = dict(self.hidden)
        said = self._said()
        if "restarts" in said:
            told["restarts"] = said["restarts"]
        return {**told, "source": said} if said else told

    def _said(self) -> Mapping[str, Any]:
        try:
            return health_of(self.source)
        except Exception:  # one source's bug must not hide how the others are
            logger.exception("%r cannot say how it is", self.name)
            return {"state": "unknown"}


def joined(prefix: str | None) -> str:
    """A prefix as it stands before names: `files` becomes `files_`."""
    if not prefix:
        return ""
    return prefix if prefix[-1] in "_-" else f"{prefix}_"
