"""Mounts are started and left, each in a task of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Self

import anyio
from anyio.abc import TaskGroup

from toolyard.core.background import Background
from toolyard.core.errors import ToolyardError
from toolyard.core.protocol import Change, ChangeProtocol, ToolProtocol
from toolyard.registry.life import Life
from toolyard.registry.mount import Mount, Place
from toolyard.registry.relisting import relist

LEAVE_S = 30.0
"""How long all sources together may take to be left when the registry is cancelled."""


class Mounting:
    """Starts and leaves mounts between its own enter and exit.

    Args:
        on_change: Told of what a source says that it has changed.
        on_end: Told of each mount whose source has ended, whoever ended it.
    """

    def __init__(
        self, on_change: Callable[[Mount, Change], None], on_end: Callable[[Mount], None]
    ) -> None:
        self._on_change = on_change
        self._on_end = on_end
        self._background: Background | None = None
        self._tasks: TaskGroup | None = None
        self._mounts: dict[Mount, None] = {}  # a set that keeps its order
        self.retiring: set[Mount] = set()
        """Those that get no calls any more and are not left yet."""

    async def __aenter__(self) -> Self:
        self._background = Background()
        self._tasks = await self._background.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        background, self._background, self._tasks = self._background, None, None
        if background is not None:
            await background.__aexit__(kind, error, traceback)

    @property
    def is_entered(self) -> bool:
        """Whether mounts can be started."""
        return self._tasks is not None

    @property
    def tasks(self) -> TaskGroup:
        """For work that ends with the registry; `ToolyardError` while it is not entered."""
        if self._tasks is None:
            raise ToolyardError("The registry is not entered: use it in `async with`.")
        return self._tasks

    async def start(
        self, place: Place, source: ToolProtocol, *, may_be_away: bool = False
    ) -> Mount:
        """A mount that is entered and listed, and offered to nobody yet.

        Raises:
            Exception: Whatever `source` raised while starting, or what keeps its tools from being
                offered.
        """
        mount = Mount(place, Life(place.name, place.around(source)))
        await self.tasks.start(mount.life.run)
        self._mounts[mount] = None
        try:
            if isinstance(mount.source, ChangeProtocol):
                mount.unsubscribe = mount.source.subscribe(partial(self._on_change, mount))
            else:
                may_be_away = False  # it would not say that it is back
            await relist(mount, may_be_away=may_be_away)
        except BaseException:  # a cancellation too: what was entered is left
            await self.abandon(mount)
            raise
        self.tasks.start_soon(self._watch, mount)
        return mount

    async def start_all(self, expected: Sequence[tuple[Place, ToolProtocol]]) -> Sequence[Mount]:
        """As `start`, all at the same time, as each may take long; they may be away.

        Raises:
            Exception: What the first of them raised that could not be started; none is then.
        """
        started: dict[int, Mount] = {}
        failures: list[Exception] = []

        async def start(number: int, place: Place, source: ToolProtocol) -> None:
            try:
                started[number] = await self.start(place, source, may_be_away=True)
            except Exception as error:  # raised below, in no group
                failures.append(error)
                tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            for number, (place, source) in enumerate(expected):
                tasks.start_soon(start, number, place, source)
        if failures:
            for mount in started.values():
                await self.abandon(mount)
            raise failures[0]
        return [started[number] for number in sorted(started)]

    async def _watch(self, mount: Mount) -> None:
        await mount.life.over.wait()
        self._on_end(mount)

    def retire(self, mount: Mount) -> None:
        """Hear no more of a source that is about to be left."""
        mount.unsubscribe()
        self.retiring.add(mount)

    async def leave(self, mount: Mount, drain_s: float) -> None:
        """Leave a source that was retired when its calls are done, or after `drain_s` seconds."""
        await mount.life.end(drain_s)
        self.retiring.discard(mount)
        self._mounts.pop(mount, None)

    async def abandon(self, mount: Mount) -> None:
        """Leave a source that is not offered after all."""
        self.retire(mount)
        with anyio.CancelScope(shield=True):
            await self.leave(mount, 0.0)

    async def leave_all(self) -> None:
        """Leave every mount that was started, the last one first."""
        with anyio.move_on_after(LEAVE_S, shield=True):
            for mount in self._mounts:
                self.retire(mount)
            for mount in reversed(tuple(self._mounts)):
                await self.leave(mount, 0.0)
