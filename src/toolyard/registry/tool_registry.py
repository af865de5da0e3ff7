"""Many sources as one: lists them together, routes calls, and swaps sources while calls run."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import anyio

from toolyard.core.call_scope import CallScope
from toolyard.core.context import CallContext, EventHandler
from toolyard.core.errors import NameClash, SwapRefused, UnknownName
from toolyard.core.protocol import Change, Instant, Instants, Listener, ToolProtocol
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.events.types import MountChanged
from toolyard.registry.comparison import Comparison, compared
from toolyard.registry.mount import Mount, Place, Policy, joined
from toolyard.registry.mounting import Mounting
from toolyard.registry.offer import Offer
from toolyard.registry.probe import check
from toolyard.registry.record import State
from toolyard.registry.relisting import Relisting
from toolyard.registry.search import ranked
from toolyard.registry.table import Table, refuse_clashes

logger = logging.getLogger("toolyard.registry")

DRAIN_S = 30.0
"""How long calls of a source that is taken away may go on."""
SEEN = {"ready", "unreachable"}
"""What listing a source anew can tell of its mount."""


class ToolRegistry:
    """A source made of sources.

    Sources given to the constructor are mounted when the registry is entered; others can be
    added, swapped and removed at any time, from any task of its event loop. The registry enters
    every source in a task of its own, and leaves it there: when it is taken away and its calls
    are done, or at the registry's own end.
    """

    def __init__(self, *sources: ToolProtocol, emit: EventHandler = lambda event: None) -> None:
        self._expected = [(Place(f"source-{n}"), each) for n, each in enumerate(sources)]
        self._emit = emit
        self._offer = Offer(emit)
        self._starting: set[str] = set()
        self._swaps: defaultdict[str, anyio.Lock] = defaultdict(anyio.Lock)
        self._relisting = Relisting(self._on_relisted)
        self._mounting = Mounting(self._on_change, self._on_end)
        self.library = self._offer.library
        self.instants = Instants(self)
        """Its tools that may be run in one step; whether a caller may is not asked there."""

    def expect(
        self,
        name: str,
        source: ToolProtocol,
        *,
        prefix: str | None = None,
        policies: Sequence[Policy] = (),
    ) -> None:
        """Have `source` mounted when the registry is entered, in this order.

        Raises:
            NameClash: Another mount of that name is expected.
        """
        if any(place.name == name for place, _ in self._expected):
            raise NameClash(f"There is a mount {name!r} already; choose another name.")
        self._expected.append((Place(name, joined(prefix), tuple(policies)), source))

    @property
    def needs_entering(self) -> bool:
        """Whether sources wait for it to be entered, so that it offers less than it should."""
        return bool(self._expected) and not self._mounting.is_entered

    async def __aenter__(self) -> Self:
        await self._mounting.__aenter__()
        try:
            for mount in await self._mounting.start_all(self._expected):
                await self._publish_new(mount, lambda new=mount: (*self._offer.mounts, new))
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
        self._offer.mounts, self._offer.table = (), Table()
        await self._mounting.leave_all()
        await self._mounting.__aexit__(kind, error, traceback)

    async def add(
        self,
        name: str,
        source: ToolProtocol,
        *,
        prefix: str | None = None,
        policies: Sequence[Policy] = (),
    ) -> None:
        """Start `source` and offer its tools, each name with `prefix` and `_` before it.

        A source that starts, but cannot be reached, is listed as soon as it says that it can.

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
        if name in self._starting or any(mount.name == name for mount in self._offer.mounts):
            raise NameClash(f"There is a mount {name!r} already; choose another name.")
        self._starting.add(name)
        try:
            place = Place(name, joined(prefix), tuple(policies))
            mount = await self._mounting.start(place, source, may_be_away=True)
            await self._publish_new(mount, lambda: (*self._offer.mounts, mount))
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
            old = self._offer.mount(name)
            new = await self._mounting.start(old.place.with_prefix(prefix), source)
            try:
                new.keep_what_is_equal(old.routes)
                comparison = compared(old.tools, new.tools)
                if comparison.breaks and not may_break:
                    raise SwapRefused(name, comparison.breaks)
                if probe is not None:
                    await check(new, probe)
                if self._offer.mount(name) is not old:
                    raise UnknownName("mount", name)
            except BaseException:  # a cancellation too: what was entered is left
                await self._mounting.abandon(new)
                raise
            new.take_over(old)
            await self._publish_new(
                new, lambda: [new if each is old else each for each in self._offer.mounts]
            )
            old.place.record.swaps += 1
            self._retire(old)
            self._mounting.tasks.start_soon(self._mounting.leave, old, drain_s)
            return comparison

    async def remove(self, name: str, *, drain_s: float = DRAIN_S, wait: bool = True) -> None:
        """Take a mount away: its tools at once, its source when calls under way are done.

        Returns when the source is left, or without `wait` before. Calls that take longer than
        `drain_s` seconds are interrupted.

        Raises:
            UnknownName: There is no such mount.
        """
        mount = self._offer.mount(name)
        self._offer.publish(tuple(each for each in self._offer.mounts if each is not mount))
        self._say(mount, "removed")
        self._retire(mount)
        if wait:
            await self._mounting.leave(mount, drain_s)
        else:
            self._mounting.tasks.start_soon(self._mounting.leave, mount, drain_s)

    async def drain(self, name: str, *, drain_s: float = DRAIN_S) -> int:
        """Disable a mount and wait up to `drain_s` seconds for its calls; how many go on.

        Raises:
            UnknownName: There is no such mount.
        """
        mount = self._offer.mount(name)
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
        return route.tool if (route := self._offer.table.routes.get(name)) else None

    def mount_of(self, tool: str) -> str | None:
        """The mount that offers the tool of that name, as it was last listed."""
        return route.mount.name if (route := self._offer.table.routes.get(tool)) else None

    def search(self, query: str, *, limit: int = 10) -> Sequence[Tool]:
        """Up to `limit` tools that have to do with the words of `query`, the best first."""
        return ranked(self._offer.table.tools, query, limit)

    @property
    def fresh_tools(self) -> Sequence[Tool] | None:
        """What `list_tools` gives if that is known now; `None` if a source must be asked first."""
        return None if self._relisting.concerns(None) else self._offer.table.tools

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """All tools, in the order of mounts and their sources; the same object until a change."""
        del context
        if self._relisting.concerns(None):
            await self._relisting.finish()
        return self._offer.table.tools

    async def call_tool(
        self,
        call: ToolCall,
        context: CallContext,
        *,
        admit: Callable[[Tool], object] = lambda tool: None,
        scope: CallScope | None = None,
    ) -> ToolResult:
        """Run the tool in the source that offers it.

        Args:
            call: By the name that is shown here.
            context: Passed on.
            admit: Raises if the tool that has the name now may not be called; its source may have
                changed it since it was listed.
            scope: The one in which this call runs, and nothing else; opened if not given.

        Raises:
            UnknownName: There is no such tool.
            CallInterrupted: Its source was taken away, and would wait no longer.
        """
        route = self._offer.table.routes.get(call.name)
        if self._relisting.concerns(route.mount if route else None):
            await self._relisting.finish()
            route = self._offer.table.routes.get(call.name)
        if route is None:
            raise UnknownName("tool", call.name)
        admit(route.tool)
        return await route.mount.call(route.renamed(call), context, scope)

    def instant(self, name: str) -> Instant | None:
        """What runs that tool in one step, if it can be; ask `instants`."""
        route = self._offer.table.routes.get(name)
        if route is None or self._relisting.concerns(route.mount):
            return None
        return route.mount.instant(route.own_name)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear of every change of what the registry offers, after it is in force."""
        return self._offer.listeners.subscribe(listener)

    def health(self) -> Mapping[str, Any]:
        """How each mount is: its state, since when, its calls, and what its source says."""
        leaving: Counter[str] = Counter()
        for mount in self._mounting.retiring:
            leaving[mount.name] += mount.life.in_flight
        return {
            mount.name: {**mount.health(), "draining": leaving[mount.name]}
            for mount in self._offer.mounts
        }

    def _on_end(self, mount: Mount) -> None:
        """Hide the tools of a source that ended by itself."""
        if mount in self._offer.mounts:
            mount.place.record.note(mount.life.reason)
            self._offer.publish(self._offer.mounts)
            self._become(mount, mount.state)

    async def _publish_new(self, mount: Mount, mounts: Callable[[], Sequence[Mount]]) -> None:
        """Offer `mount` among what `mounts` then gives; leave it if that cannot be."""
        try:
            refuse_clashes(self._offer.table, mount)
            self._offer.publish(mounts())
        except BaseException:  # a cancellation too: what was entered is left
            await self._mounting.abandon(mount)
            raise
        self._become(mount, mount.state)

    def _retire(self, mount: Mount) -> None:
        self._mounting.retire(mount)
        self._relisting.forget(mount)

    def _on_relisted(self, mounts: Collection[Mount]) -> None:
        # What a source calls a change is passed on, though it may have been changed back meanwhile.
        self._offer.publish(self._offer.mounts, is_told=True)
        for mount in mounts:
            if mount in self._offer.mounts and {mount.state, mount.place.record.state} == SEEN:
                self._become(mount, mount.state)

    def _switch(self, name: str, tool: str | None, *, is_enabled: bool) -> None:
        mount = self._offer.mount(name)
        if tool is None:
            self._enable(mount, is_enabled=is_enabled)
            self._become(mount, mount.state)
            return
        if tool not in mount.routes:
            raise UnknownName("tool", tool)
        others = mount.disabled_tools - {tool}
        mount.disabled_tools = others if is_enabled else others | {tool}
        self._offer.publish(self._offer.mounts)

    def _enable(self, mount: Mount, *, is_enabled: bool) -> None:
        mount.is_enabled = is_enabled
        self._offer.publish(self._offer.mounts)

    def _become(self, mount: Mount, state: State) -> None:
        mount.place.record.become(state)
        self._say(mount, state)

    def _say(self, mount: Mount, state: str) -> None:
        self._emit(MountChanged(mount.name, state, mount.place.record.last_error))

    def _on_change(self, mount: Mount, change: Change) -> None:
        if change.kind != "tools":
            if mount in self._offer.mounts:
                self._offer.listeners.tell(change)
        elif self._relisting.mark(mount):
            self._mounting.tasks.start_soon(self._relisting.finish)
