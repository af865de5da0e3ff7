"""Sources that said they have changed are listed anew, and who needs to know waits for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

import anyio

from toolyard.core.context import CallContext
from toolyard.core.errors import ToolyardError, Unreachable
from toolyard.registry.mount import Mount

logger = logging.getLogger("toolyard.registry")

LIST_S = 10.0
"""How long a source may take to say what it offers now; calls of its tools wait for it."""


class Relisting:
    """The mounts whose lists are not known any more; `on_done` is told of those that changed."""

    def __init__(self, on_done: Callable[[Collection[Mount]], None]) -> None:
        self._on_done = on_done
        self._stale: set[Mount] = set()
        self._listing: set[Mount] = set()
        self._changed: set[Mount] = set()
        self._lock = anyio.Lock()

    def mark(self, mount: Mount) -> bool:
        """Note that `mount` has changed; whether that is news."""
        is_news = mount not in self._stale
        self._stale.add(mount)
        return is_news

    def forget(self, mount: Mount) -> None:
        """Do not list `mount` any more."""
        self._stale.discard(mount)

    def concerns(self, mount: Mount | None) -> bool:
        """Whether `mount` is about to be listed anew; any mount if `None`."""
        if mount is None:
            return bool(self._stale or self._listing)
        return mount in self._stale or mount in self._listing

    async def finish(self) -> None:
        """List what has changed; returns when all that had until now is known."""

        async def take(mount: Mount) -> None:
            if await _relist(mount):
                self._changed.add(mount)

        async with self._lock:
            self._listing, self._stale = self._stale, set()
            try:
                async with anyio.create_task_group() as tasks:
                    for mount in self._listing:
                        tasks.start_soon(take, mount)
            except BaseException:  # a caller that is cancelled leaves the work to the next
                self._stale |= self._listing
                raise
            finally:
                self._listing = set()
            changed, self._changed = self._changed, set()
            if changed:
                self._on_done(changed)


async def relist(mount: Mount, *, may_be_away: bool = True) -> bool:
    """Adopt what the source of `mount` offers now, or that it cannot be reached, if it may be so.

    Returns:
        Whether it may offer something else than before: not where it still cannot be reached.

    Raises:
        Exception: Whatever the source raised, or what keeps its tools from being offered.
    """
    try:
        tools = await mount.source.list_tools(CallContext())
    except Unreachable as error:
        if not may_be_away:
            raise
        mount.place.record.note(str(error))
        was_reachable, mount.is_reachable = mount.is_reachable, False
        if was_reachable:
            logger.warning("%r is unreachable and its tools are not listed: %s", mount.name, error)
        return was_reachable
    mount.take(tools)
    mount.is_reachable = True
    return True


async def _relist(mount: Mount) -> bool:
    record = mount.place.record
    try:
        with anyio.fail_after(LIST_S):
            return await relist(mount)
    except (ToolyardError, TimeoutError) as error:
        record.note(str(error) or f"It was not listed within {LIST_S:g} s.")
        logger.warning("%r could not be listed and keeps its tools: %s", mount.name, error)
    except (Exception, SystemExit):  # one source's bug must not take the others' tools away
        record.note("It could not be listed.")
        logger.exception("%r could not be listed and keeps its tools", mount.name)
    return False
