"""Many sources as one: lists them together, routes calls, and swaps sources while calls run."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self

import anyio
from anyio.abc import TaskGroup

from toolyard.core.background import Background
from toolyard.core.context import CallContext, EventHandler
from toolyard.core.errors import NameClash, SwapRefused, ToolyardError, UnknownName
from toolyard.core.protocol import Change, ChangeProtocol, Listener, Listeners, ToolProtocol
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.events.types import MountChanged, ToolHidden
from toolyard.registry.comparison import Comparison, compared
from toolyard.registry.library import MergedLibrary
from toolyard.registry.life import Life
from toolyard.registry.mount import Mount, Place, Policy, Route, joined
from toolyard.registry.record import State
from toolyard.registry.relisting import Relisting
from toolyard.registry.search import ranked
from toolyard.registry.table import Table, clash, refuse_clashes, table_of

logger = logging.getLogger("toolyard.registry")

PROBE_S = 30.0
DRAIN_S = 30.0
"""How long calls of a source that is taken away may go on."""
LEAVE_S = 30.0
"""How long all sources together may take to be left when the registry is cancelled."""


class ToolRegistry:
    """A source made of sources.

    Sources given to the constructor are mounted when the registry is entered; others can be
    added, swapped and removed at any time, from any task of its event loop. The registry enters
    every source in a task of its own, and leaves it there: when it is taken away and its calls
    are done, or at the registry's own end.
    """

    def __init__(self, *sources: ToolProtocol, emit: EventHandler = lambda event: None) -> None:
        self._expected = [(f"source-{number}", each, "") for number, each in enumerate(sources)]
        self._emit = emit
        self._mounts: tuple[Mount, ...] = ()
        self._table = Table()
        self._starting: set[str] = set()
        self._retiring: set[Mount] = set()
        self._swaps: defaultdict[str, anyio.Lock] = defaultdict(anyio.Lock)
        self._relisting = Relisting(self._on_relisted)
        self._listeners = Listeners()
        self.library = MergedLibrary(lambda: [each for each in self._mounts if each.is_enabled])
        self._background: Background | None = None
        self._tasks: TaskGroup | None = None

    def expect(self, name: str, source: ToolProtocol, *, prefix: str | None = None) -> None:
        """Have `source` mounted as `name` when the registry is entered, in this order."""
        self._expected.append((name, source, joined(prefix)))

    async def __aenter__(self) -> Self:
        self._background = Background()
        self._tasks = await self._background.__aenter__()
        try:
            for name, source, prefix in self._expected:
                await self.add(name, source, prefix=prefix)
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        mounts, self._mounts, self._table = self._mounts, (), Table()
        with anyio.move_on_after(LEAVE_S, shield=True):
            for mount in mounts:
                self._retire(mount)
            for mount in (*reversed(mounts), *self._retiring):
                await self._leave(mount, 0.0)
        background, self._background, self._tasks = self._background, None, None
        if background is not None:
            await background.__aexit__(kind, error, traceback)

    async def add(
        self,
        name: str,
        source: ToolProtocol,
        *,
        prefix: str | None = None,
        policies: Sequence[Policy] = (),
    ) -> None:
        """Start `source` and offer its tools, each name with `prefix` and `_` before it.

        Args:
            name: How operators call the mount.
            source: Not yet entered; the registry enters and leaves it.
            prefix: Also before the names of its prompts.
            policies: Wrappers to put around the source and those that take its place later, the
                first the innermost.

        Raises:
            NameClash: A mount of that name, or a tool of one of its names, is there already.
            InvalidTool: A name is not fit for hosts.
            Exception: Whatever `source` raised while starting; then nothing has changed.
        """
        if name in self._starting or any(mount.name == name for mount in self._mounts):
            raise NameClash(f"There is a mount {name!r} already; choose another name.")
        self._starting.add(name)
        try:
            mount = await self._started(Place(name, joined(prefix), tuple(policies)), source)
            await self._publish_or_abandon(mount, lambda: (*self._mounts, mount))
        finally:
            self._starting.discard(name)

    async def swap(
        self,
        name: str,
        source: ToolProtocol,
        *,
        prefix: str | None = None,
        may_break: bool = True,
        probe: ToolCall | None = None,
        drain_s: float = DRAIN_S,
    ) -> Comparison:
        """Have `source` take the place of the one mounted as `name`; no call fails by it.

        The new source is started, listed and probed before the old one stops getting calls; calls
        under way finish on the old one, which is left in the background when they are done.
        Nothing changes if anything fails before.

        Args:
            name: An existing mount, which keeps its policies and its place in the list.
            source: Not yet entered.
            prefix: In place of the one it has; an empty text for none.
            may_break: Whether callers of the old tools may find something missing or narrower.
            probe: A call that the new source must answer well, by its own name of the tool.
            drain_s: Seconds that calls under way may go on.

        Returns:
            What changed for callers.

        Raises:
            UnknownName: There is no such mount.
            SwapRefused: The probe was not answered well, or something breaks and may not.
            NameClash: Another mount has a tool of that name.
            Exception: Whatever `source` raised while starting.
        """
        async with self._swaps[name]:
            old = self._mount(name)
            new = await self._started(old.place.with_prefix(prefix), source)
            try:
                new.keep_what_is_equal(old.routes)
                comparison = compared(old.tools, new.tools)
                if comparison.breaks and not may_break:
                    raise SwapRefused(name, comparison.breaks)
                if probe is not None:
                    await self._probe(new, probe)
                if self._mount(name) is not old:
                    raise UnknownName("mount", name)
            except BaseException:
                await self._abandon(new)
                raise
            new.take_over(old)
            await self._publish_or_abandon(
                new, lambda: [new if each is old else each for each in self._mounts]
            )
            old.place.record.swaps += 1
            self._retire(old)
            self._running_tasks.start_soon(self._leave, old, drain_s)
            return comparison

    async def remove(self, name: str, *, drain_s: float = DRAIN_S, wait: bool = True) -> None:
        """Take a mount away: its tools at once, its source when calls under way are done.

        Returns when the source is left, or without `wait` before. Calls that take longer than
        `drain_s` seconds are interrupted.

        Raises:
            UnknownName: There is no such mount.
        """
        mount = self._mount(name)
        self._publish(tuple(each for each in self._mounts if each is not mount))
        self._say(mount, "removed")
        self._retire(mount)
        if wait:
            await self._leave(mount, drain_s)
        else:
            self._running_tasks.start_soon(self._leave, mount, drain_s)

    async def drain(self, name: str, *, drain_s: float = DRAIN_S) -> int:
        """Disable a mount and wait up to `drain_s` seconds for its calls; how many go on.

        Raises:
            UnknownName: There is no such mount.
        """
        mount = self._mount(name)
        self._enable(mount, is_enabled=False)
        self._become(mount, "draining")
        with anyio.move_on_after(drain_s):
            await mount.life.idle()
        if not mount.is_enabled:
            self._become(mount, "disabled")
        return mount.life.in_flight

    def disable(self, name: str, tool: str | None = None) -> None:
        """Offer a mount no longer, or one of its tools; calls under way finish.

        Args:
            name: The mount.
            tool: As it is shown here; the whole mount if not given.

        Raises:
            UnknownName: There is no such mount, or it has no such tool.
        """
        self._switch(name, tool, is_enabled=False)

    def enable(self, name: str, tool: str | None = None) -> None:
        """Offer a mount again, or one of its tools; as `disable`."""
        self._switch(name, tool, is_enabled=True)

    def find(self, name: str) -> Tool | None:
        """The tool of that name as it was last listed."""
        return route.tool if (route := self._table.routes.get(name)) else None

    def search(self, query: str, *, limit: int = 10) -> Sequence[Tool]:
        """Up to `limit` tools that have to do with the words of `query`, the best first."""
        return ranked(self._table.tools, query, limit)

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """All tools, in the order of mounts and their sources; the same object until a change."""
        del context
        if self._relisting.concerns(None):
            await self._relisting.finish()
        return self._table.tools

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Run the tool in the source that offers it.

        Raises:
            UnknownName: There is no such tool.
            CallInterrupted: Its source was taken away, and would wait no longer.
        """
        return await (await self.route(call.name)).call(call, context)

    async def route(self, name: str) -> Route:
        """Where calls of the tool `name` go now; `UnknownName` if there is none."""
        route = self._table.routes.get(name)
        if self._relisting.concerns(route.mount if route else None):
            await self._relisting.finish()
            route = self._table.routes.get(name)
        if route is None:
            raise UnknownName("tool", name)
        return route

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear of every change of what the registry offers, after it is in force."""
        return self._listeners.subscribe(listener)

    def health(self) -> Mapping[str, Any]:
        """How each mount is: its state, since when, its calls, and what its source says."""
        leaving: Counter[str] = Counter()
        for mount in self._retiring:
            leaving[mount.name] += mount.life.in_flight
        return {
            mount.name: {**mount.health(), "draining": leaving[mount.name]}
            for mount in self._mounts
        }

    @property
    def _running_tasks(self) -> TaskGroup:
        if self._tasks is None:
            raise ToolyardError("The registry is not entered: use it in `async with`.")
        return self._tasks

    def _mount(self, name: str) -> Mount:
        for mount in self._mounts:
            if mount.name == name:
                return mount
        raise UnknownName("mount", name)

    async def _started(self, place: Place, source: ToolProtocol) -> Mount:
        """A mount that is entered and listed, and offered to nobody yet."""
        mount = Mount(place, Life(place.name, place.around(source)))
        await self._running_tasks.start(mount.life.run)
        try:
            if isinstance(mount.source, ChangeProtocol):
                mount.unsubscribe = mount.source.subscribe(partial(self._on_change, mount))
            mount.take(await mount.source.list_tools(CallContext()))
        except BaseException:
            await self._abandon(mount)
            raise
        self._running_tasks.start_soon(self._watch, mount)
        return mount

    async def _watch(self, mount: Mount) -> None:
        """Hide the tools of a source that ends by itself."""
        await mount.life.over.wait()
        if mount in self._mounts:
            mount.place.record.note(mount.life.reason)
            self._publish(self._mounts)
            self._become(mount, "failed")

    async def _publish_or_abandon(
        self, mount: Mount, mounts: Callable[[], Sequence[Mount]]
    ) -> None:
        """Offer `mount` among what `mounts` then gives; end it if that cannot be."""
        try:
            refuse_clashes(self._table, mount)
            self._publish(mounts())
        except BaseException:
            await self._abandon(mount)
            raise
        self._become(mount, "ready" if mount.is_enabled else "disabled")

    async def _probe(self, mount: Mount, probe: ToolCall) -> None:
        problem = None
        try:
            with anyio.fail_after(PROBE_S):
                result = await mount.life.call(probe, CallContext())
        except (ToolyardError, TimeoutError) as error:
            problem = str(error) or f"no answer within {PROBE_S:g} s"
        else:
            problem = result.text if result.is_error else None
        if problem is not None:
            raise SwapRefused(mount.name, [f"The probe {probe.name!r} failed: {problem}"])

    def _publish(self, mounts: Sequence[Mount], *, is_told: bool = False) -> None:
        """Replace the table: from now on calls and lists meet the new one.

        Listeners are told if it differs for those who list tools, or `is_told`.
        """
        before, self._mounts = self._table, tuple(mounts)
        self._table = table_of(self._mounts, before)
        for mount in self._mounts:
            hidden = self._table.hidden.get(mount.name, {})
            for tool in hidden.keys() - mount.hidden.keys():
                logger.warning("%s", clash(tool, hidden[tool], mount.name))
                self._emit(ToolHidden(tool, mount.name, hidden[tool]))
            mount.hidden = hidden
        if self._table.tools is not before.tools or is_told:
            self._listeners.tell(Change("tools"))

    def _on_relisted(self) -> None:
        # What a source calls a change is passed on, though it may have been changed back meanwhile.
        self._publish(self._mounts, is_told=True)

    async def _abandon(self, mount: Mount) -> None:
        """Leave a source that is not offered after all."""
        self._retire(mount)
        with anyio.CancelScope(shield=True):
            await self._leave(mount, 0.0)

    def _retire(self, mount: Mount) -> None:
        """Hear no more of a source that is about to be left."""
        mount.unsubscribe()
        self._relisting.forget(mount)
        self._retiring.add(mount)

    async def _leave(self, mount: Mount, drain_s: float) -> None:
        await mount.life.end(drain_s)
        self._retiring.discard(mount)

    def _switch(self, name: str, tool: str | None, *, is_enabled: bool) -> None:
        mount = self._mount(name)
        if tool is None:
            self._enable(mount, is_enabled=is_enabled)
            self._become(mount, "ready" if is_enabled else "disabled")
            return
        if tool not in mount.routes:
            raise UnknownName("tool", tool)
        others = mount.disabled_tools - {tool}
        mount.disabled_tools = others if is_enabled else others | {tool}
        self._publish(self._mounts)

    def _enable(self, mount: Mount, *, is_enabled: bool) -> None:
        mount.is_enabled = is_enabled
        self._publish(self._mounts)

    def _become(self, mount: Mount, state: State) -> None:
        mount.place.record.become(state)
        self._say(mount, state)

    def _say(self, mount: Mount, state: str) -> None:
        self._emit(MountChanged(mount.name, state, mount.place.record.last_error))

    def _on_change(self, mount: Mount, change: Change) -> None:
        if change.kind != "tools":
            if mount in self._mounts:
                self._listeners.tell(change)
        elif self._relisting.mark(mount) and self._tasks is not None:
            self._tasks.start_soon(self._relisting.finish)
