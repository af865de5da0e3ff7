"""Many sources as one: lists them together and routes a call by its tool's name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Self

import anyio
from anyio.abc import TaskGroup

from toolyard.core.background import Background
from toolyard.core.context import CallContext
from toolyard.core.errors import NameClash, ToolyardError, UnknownName
from toolyard.core.protocol import (
    Change,
    ChangeProtocol,
    Listener,
    Listeners,
    ToolProtocol,
    health_of,
)
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.registry.library import MergedLibrary
from toolyard.registry.mount import Mount, joined
from toolyard.registry.table import Route, Table, refuse_clashes, table_of

logger = logging.getLogger("toolyard.registry")

LIST_S = 10.0
"""How long a source may take to say what it offers now; calls of its tools wait for it."""


class ToolRegistry:
    """A source made of sources.

    Sources given to the constructor are mounted when the registry is entered; more can be
    added afterwards. The registry enters every source it mounts and leaves it at its own end.
    """

    def __init__(self, *sources: ToolProtocol) -> None:
        self._pending = [(f"source-{number}", source, "") for number, source in enumerate(sources)]
        self._mounts: tuple[Mount, ...] = ()
        self._table = Table()
        self._stale: set[Mount] = set()
        self._listing: set[Mount] = set()
        self._listeners = Listeners()
        self.library = MergedLibrary(lambda: self._mounts)
        self._lock = anyio.Lock()
        self._lives = AsyncExitStack()
        self._tasks: TaskGroup | None = None

    def expect(self, name: str, source: ToolProtocol, *, prefix: str | None = None) -> None:
        """Have `source` mounted as `name` when the registry is entered, in this order."""
        self._pending.append((name, source, joined(prefix)))

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as lives:
            self._lives = lives
            self._tasks = await lives.enter_async_context(Background())
            for name, source, prefix in self._pending:
                await self.add(name, source, prefix=prefix)
            self._lives = lives.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._mounts, self._table, self._tasks = (), Table(), None
        await self._lives.__aexit__(kind, error, traceback)

    async def add(self, name: str, source: ToolProtocol, *, prefix: str | None = None) -> None:
        """Start `source` and offer its tools, each name with `prefix` and `_` before it.

        Must be called by the task that entered the registry.

        Raises:
            NameClash: A mount of that name, or a tool of one of its names, is there already.
            InvalidTool: A name is not fit for hosts.
            Exception: Whatever `source` raised while starting; then nothing has changed.
        """
        if any(mount.name == name for mount in self._mounts):
            raise NameClash(f"There is a mount {name!r} already; choose another name.")
        mount = Mount(name, source, joined(prefix))
        async with AsyncExitStack() as life:
            await life.enter_async_context(source)
            mount.take(await source.list_tools(CallContext()))
            refuse_clashes(self._table, mount)
            if isinstance(source, ChangeProtocol):
                life.callback(source.subscribe(partial(self._on_change, mount)))
            self._lives.push_async_exit(life.pop_all())
        self._publish((*self._mounts, mount))
        self._listeners.tell(Change("tools"))

    def find(self, name: str) -> Tool | None:
        """The tool of that name as it was last listed."""
        route = self._table.routes.get(name)
        return route.tool if route else None

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """All tools, in the order of mounts and their sources; the same object until a change."""
        del context
        if self._stale or self._listing:
            await self._refresh()
        return self._table.tools

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Run the tool in the source that offers it."""
        route = self._table.routes.get(call.name)
        if self._may_change(route):
            await self._refresh()
            route = self._table.routes.get(call.name)
        if route is None:
            raise UnknownName("tool", call.name)
        if route.own_name != call.name:
            call = replace(call, name=route.own_name)
        return await route.mount.source.call_tool(call, context)

    def _may_change(self, route: Route | None) -> bool:
        """Whether the source of `route` is about to be listed anew; any source if there is none."""
        if route is None:
            return bool(self._stale or self._listing)
        return route.mount in self._stale or route.mount in self._listing

    def health(self) -> Mapping[str, Any]:
        """How the sources say they are, by the names of their mounts; those that say something."""
        told = ((mount.name, _health_of(mount)) for mount in self._mounts)
        return {name: health for name, health in told if health}

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear of every change of what the registry offers, after it is in force."""
        return self._listeners.subscribe(listener)

    def _on_change(self, mount: Mount, change: Change) -> None:
        if change.kind != "tools":
            self._listeners.tell(change)
        elif mount not in self._stale and self._tasks is not None:
            self._stale.add(mount)
            self._tasks.start_soon(self._refresh)

    async def _refresh(self) -> None:
        """List anew what has changed; calls of its tools that come meanwhile wait for it."""
        async with self._lock:
            self._listing, self._stale = self._stale, set()
            try:
                for mount in self._listing:
                    await self._relist(mount)
            except BaseException:  # a caller that is cancelled leaves the work to the next
                self._stale |= self._listing
                raise
            finally:
                changed, self._listing = self._listing, set()
            if changed:
                self._publish(self._mounts)
                self._listeners.tell(Change("tools"))

    async def _relist(self, mount: Mount) -> None:
        try:
            with anyio.fail_after(LIST_S):
                mount.take(await mount.source.list_tools(CallContext()))
        except (ToolyardError, TimeoutError) as error:
            logger.warning("%r could not be listed and keeps its tools: %s", mount.name, error)
        except Exception:  # one source's bug must not take the others' tools away
            logger.exception("%r could not be listed and keeps its tools", mount.name)

    def _publish(self, mounts: tuple[Mount, ...]) -> None:
        self._mounts, self._table = mounts, table_of(mounts)


def _health_of(mount: Mount) -> Mapping[str, Any]:
    try:
        return health_of(mount.source)
    except Exception:  # one source's bug must not hide how the others are
        logger.exception("%r cannot say how it is", mount.name)
        return {"state": "unknown"}
