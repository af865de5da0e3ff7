"""The mounts of a running server, as settings describe them and operators change them."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import anyio
import anyio.to_thread

from toolyard.config.settings import Settings, ToolSettings
from toolyard.core.errors import ConfigError, NameClash, ToolError, ToolyardError, UnknownName
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import ToolCall
from toolyard.events.log import log_event
from toolyard.registry.comparison import Comparison
from toolyard.registry.tool_registry import DRAIN_S, ToolRegistry
from toolyard.servers.control import CONTROL
from toolyard.wiring.policies import with_policies
from toolyard.wiring.results import Results
from toolyard.wiring.sources import source_of
from toolyard.wiring.tables import described
from toolyard.wiring.user_file import FileFailed

logger = logging.getLogger("toolyard.wiring")

START_S = 60.0
"""How long making and starting a source may take."""
MOST_MADE = 8
"""How many sources are made at once. A file that never ends keeps its thread, and its place."""
RESERVED = frozenset({CONTROL, Results.MOUNT})

Tables = Mapping[str, ToolSettings]


def source_for(
    name: str, table: ToolSettings, results: Results, *, patient: bool = True
) -> ToolProtocol:
    """The source that a table describes, with its policies, as a server mounts it.

    Args:
        name: The mount.
        table: As described.
        results: Cuts large results.
        patient: Whether a remote server that is away at the start takes no other along.

    Raises:
        ConfigError: The table cannot be used.
    """
    source = source_of(name, table, patient=patient)
    return results.cut(with_policies(source, table), table)


class Yard:
    """Mounts, swaps and removes what tables `[tools.NAME]` describe.

    A table that is not enabled is known, and its source is not started. What a method refuses
    changes nothing. All of it may be called from any task while the registry is entered.

    Args:
        registry: Where the sources are mounted; those of `tables` that are enabled already are,
            or will be when it is entered.
        tables: What there is to begin with.
        results: Cuts large results.
    """

    def __init__(self, registry: ToolRegistry, tables: Tables, results: Results) -> None:
        self._registry = registry
        self._tables = dict(tables)
        self._results = results
        self._is_reader_mounted = results.reader is not None
        self._makers = anyio.CapacityLimiter(MOST_MADE)

    @property
    def registry(self) -> ToolRegistry:
        """Where the sources are mounted."""
        return self._registry

    @property
    def tables(self) -> Tables:
        """What each mount is now."""
        return self._tables

    async def add(self, name: str, table: ToolSettings) -> None:
        """Mount what `table` describes.

        Raises:
            NameClash: There is a mount of that name, or a tool of one of its names.
            ConfigError: The table cannot be used.
            ToolyardError: Its source cannot be started.
        """
        self._refuse_known(name)
        await self.put(name, table, await self._made(name, table), is_new=True)

    async def swap(
        self, name: str, table: ToolSettings | None = None, *, may_break: bool = True
    ) -> Comparison:
        """Have what `table` describes take the place of a mount; without one, its own, made anew.

        Raises:
            UnknownName: There is no such mount.
            SwapRefused: Something breaks for callers and may not.
            ConfigError: The table cannot be used.
            ToolyardError: Its source cannot be started.
        """
        present = self._table(name)
        table = present if table is None else table
        return await self.put(name, table, await self._made(name, table), may_break=may_break)

    async def put(
        self,
        name: str,
        table: ToolSettings,
        source: ToolProtocol | None,
        *,
        may_break: bool = True,
        is_new: bool = False,
    ) -> Comparison:
        """Have the mount, new or not, be as `table` says, with a `source` that was `made` for it.

        Raises:
            NameClash: There is a mount of that name, and this one has to be new.
            SwapRefused: Something breaks for callers and may not.
            ToolyardError: The source cannot be started, or the mount cannot have that name.
        """
        _refuse_reserved(name)
        if source is not None and self._results.cuts(table):
            await self._offer_reader()
        if is_new:
            self._refuse_known(name)  # it may have come while this source was made
        comparison, present = Comparison(), self._tables.get(name)
        if source is None:
            self._tables[name] = table
            await self._leave(name, present, DRAIN_S, wait=False)
        elif present is None or not present.enabled:
            with _starting(name):
                await self._registry.add(name, source, prefix=table.prefix)
        else:
            with _starting(name):
                comparison = await self._registry.swap(
                    name,
                    source,
                    prefix=table.prefix or "",
                    may_break=may_break and table.may_break,
                    probe=_probe_of(table),
                )
            for change in comparison.breaks:
                logger.warning("%r was swapped: %s", name, change)
        self._tables[name] = table
        return comparison

    async def remove(self, name: str, *, drain_s: float = DRAIN_S, wait: bool = True) -> None:
        """Take a mount away; as `ToolRegistry.remove`.

        Raises:
            UnknownName: There is no such mount.
        """
        present = self._table(name)
        del self._tables[name]
        await self._leave(name, present, drain_s, wait=wait)

    async def enable(self, name: str, tool: str | None = None) -> None:
        """Offer a mount again, or one of its tools; a source that was not started is.

        Raises:
            UnknownName: There is no such mount or tool.
            ToolyardError: Its source cannot be started.
        """
        table = self._table(name)
        if tool is None and not table.enabled:
            await self.swap(name, table.model_copy(update={"enabled": True}))
        else:
            self._registry.enable(name, tool)

    def disable(self, name: str, tool: str | None = None) -> None:
        """Offer a mount no longer, or one of its tools; its source stays ready.

        Raises:
            UnknownName: There is no such mount or tool.
        """
        if self._table(name).enabled:
            self._registry.disable(name, tool)
        elif tool is not None:
            raise UnknownName("tool", tool)

    async def drain(self, name: str, *, drain_s: float = DRAIN_S) -> int:
        """Disable a mount and wait for its calls; how many still go on after `drain_s` seconds.

        Raises:
            UnknownName: There is no such mount.
        """
        if not self._table(name).enabled:
            return 0
        return await self._registry.drain(name, drain_s=drain_s)

    def health(self) -> Mapping[str, Mapping[str, Any]]:
        """How each mount is, and what it was made from."""
        running = self._registry.health()
        return {
            name: {"from": described(table), **running.get(name, {"state": "disabled", "tools": 0})}
            for name, table in self._tables.items()
        }

    async def made(self, name: str, table: ToolSettings) -> ToolProtocol | None:
        """The source of `table`, with its policies, not started; `None` if it is not enabled.

        Raises:
            ConfigError: The table cannot be used.
        """
        if not table.enabled:
            return None
        make = partial(source_for, name, table, self._results)
        with _starting(name):  # a file of the user's may do anything
            return await anyio.to_thread.run_sync(
                make, abandon_on_cancel=True, limiter=self._makers
            )

    async def _made(self, name: str, table: ToolSettings) -> ToolProtocol | None:
        """As `made`, for callers, who are not told what only the log may say."""
        try:
            return await self.made(name, table)
        except FileFailed as error:
            logger.error("%r could not be started: %s", name, error)
            raise ConfigError(f"{error.kind}; the server's log says why.") from error

    async def _leave(
        self, name: str, table: ToolSettings | None, drain_s: float, *, wait: bool
    ) -> None:
        if table is not None and table.enabled:
            await self._registry.remove(name, drain_s=drain_s, wait=wait)

    async def _offer_reader(self) -> None:
        """Mount what reads large results, before the first source that may give some."""
        reader = self._results.reader
        if reader is None or self._is_reader_mounted:
            return
        self._is_reader_mounted = True
        try:
            await self._registry.add(Results.MOUNT, reader)
        except BaseException:  # a cancellation too: the next source tries again
            self._is_reader_mounted = False
            raise

    def _refuse_known(self, name: str) -> None:
        if name in self._tables:
            raise NameClash(f"There is a mount {name!r} already; choose another name.")

    def _table(self, name: str) -> ToolSettings:
        if name not in self._tables:
            raise UnknownName("mount", name)
        return self._tables[name]


def yard_of(settings: Settings, *, patient: bool = True) -> Yard:
    """The tools of `settings` for this process alone; whoever asks for it enters its registry.

    Made before there is an event loop, as a file of the user's may run one of its own.

    Args:
        settings: What tools there are; the rest is for servers.
        patient: As in `source_for`.

    Raises:
        ConfigError: A table cannot be used.
        NameClash: A mount has a name that is taken.
    """
    results, registry = Results(settings.results), ToolRegistry(emit=log_event)
    for name, table in settings.tools.items():
        _refuse_reserved(name)
        if table.enabled:
            source = source_for(name, table, results, patient=patient)
            registry.expect(name, source, prefix=table.prefix)
    if results.reader is not None:
        registry.expect(Results.MOUNT, results.reader)
    return Yard(registry, settings.tools, results)


def _refuse_reserved(name: str) -> None:
    if name in RESERVED:
        raise NameClash(f"The name {name!r} is taken by the server itself; choose another.")


def _probe_of(table: ToolSettings) -> ToolCall | None:
    return None if table.probe is None else ToolCall(table.probe.tool, table.probe.arguments)


@contextmanager
def _starting(name: str) -> Generator[None]:
    """Bound the time, and tell what goes wrong without what only the log may say."""
    try:
        with anyio.fail_after(START_S):
            yield
    except ToolyardError:
        raise
    except TimeoutError as error:
        raise ToolError(f"{name!r} did not start within {START_S:g} s.") from error
    except (Exception, SystemExit) as error:
        logger.exception("%r could not be started", name)
        raise ToolError(
            f"{name!r} could not be started ({type(error).__name__}); the server's log says why."
        ) from error
