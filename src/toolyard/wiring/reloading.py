"""Edits of the settings, applied to the running server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from toolyard.config.origin import Edition, Origin, Signature, signature_of
from toolyard.config.settings import Settings, ToolSettings
from toolyard.core.context import EventHandler
from toolyard.core.errors import ConfigError, NameClash, ToolyardError
from toolyard.core.protocol import ToolProtocol
from toolyard.events.types import SettingsRead
from toolyard.wiring.tables import code_of
from toolyard.wiring.yard import Yard

logger = logging.getLogger("toolyard.wiring")

CHECK_S = 0.5
"""How often files are looked at. They are asked, as one that is mounted into a container or lies on
a network changes without a word."""
READ_S = 10.0
LIVE = frozenset({"tools", "mcp_servers"})
"""The settings that can change while the server runs."""

Signatures = dict[Path, Signature]
Wanted = tuple[ToolSettings, Signatures]
"""A table, and the files it runs."""
T = TypeVar("T")


class Reloading:
    """Reads settings again when their file changes, and has the yard be as they say.

    What operators changed by other ways stays, unless an edit changes what the file says of the
    same mount. An edit that cannot be used changes nothing.

    Args:
        origin: Where the settings came from.
        edition: What they are to begin with.
        yard: The mounts, as `edition` says.
        emit: Told of each edit.
        on_applied: Gets each edition that was applied.
    """

    def __init__(
        self,
        origin: Origin,
        edition: Edition,
        yard: Yard,
        emit: EventHandler,
        on_applied: Callable[[Edition], None] = lambda _: None,
    ) -> None:
        self._origin = origin
        self._at_start = edition.settings
        self._yard = yard
        self._emit = emit
        self._on_applied = on_applied
        self._disk = anyio.CapacityLimiter(1)
        self._applied = self._wanted(edition.settings.tools)
        self._seen = {**_files_in(self._applied), **edition.signatures}
        """The files that are followed, as they were when they were read."""

    async def run(self) -> None:
        """Follow the files, if that is wanted. The yard's registry must be entered."""
        before = self._seen
        while self._at_start.watch != "off" and self._seen:
            await anyio.sleep(CHECK_S)
            try:
                seen = await self._ask(self._look)
                if seen != self._seen and seen == before:  # nobody is writing any more
                    self._seen = seen
                    await self._reload()
                before = seen
            except ToolyardError as error:
                self._tell((), f"{error} Nothing was changed.")
            except Exception:  # whatever it is, the next edit may mend it
                logger.exception("an edit of the settings could not be applied")

    async def catch_up(self, edition: Edition) -> None:
        """Have the yard be as `edition` says, which other workers have applied already.

        Raises:
            ConfigError: A table of it cannot be used.
        """
        wanted = await self._ask(lambda: self._wanted(edition.settings.tools))
        await self._apply(edition, wanted)
        self._seen = {**edition.signatures, **_files_in(wanted)}

    def _look(self) -> Signatures:
        return {file: signature_of(file) for file in self._seen}

    def _wanted(self, tables: Mapping[str, ToolSettings]) -> dict[str, Wanted]:
        if self._at_start.watch != "all":
            return {name: (table, {}) for name, table in tables.items()}
        return {
            name: (table, {file: signature_of(file) for file in code_of(table)})
            for name, table in tables.items()
        }

    async def _reload(self) -> None:
        read: Signatures = {}
        try:
            edition = await self._ask(lambda: self._origin.read_again(read))
            tables = edition.settings.tools
            wanted = await self._ask(lambda: self._wanted(tables))
            read |= _files_in(wanted)
            changed, problems = await self._apply(edition, wanted)
        except ToolyardError:
            self._seen = {**self._seen, **read}  # so that an edit of any of them may mend it
            raise
        self._seen = read
        self._on_applied(edition)
        self._tell(changed, " ".join([*problems, *self._for_later(edition.settings)]) or None)

    async def _apply(
        self, edition: Edition, wanted: Mapping[str, Wanted]
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Make all that is new before anything changes; then the names that changed, and problems.

        Raises:
            ConfigError: A table cannot be used.
        """
        changed = {name: each for name, each in wanted.items() if self._applied.get(name) != each}
        sources = {name: await self._made(edition, name) for name in changed}
        gone = [name for name in self._applied if name not in wanted]
        for name in gone:
            del self._applied[name]
            if name in self._yard.tables:
                await self._yard.remove(name, wait=False)
        problems = await self._put(edition, changed, sources)
        applied = [name for name, each in changed.items() if self._applied.get(name) == each]
        return [*gone, *applied], problems

    async def _put(
        self,
        edition: Edition,
        changed: Mapping[str, Wanted],
        sources: Mapping[str, ToolProtocol | None],
    ) -> Sequence[str]:
        """Apply each table by itself; gives the problems.

        What clashes is made anew and tried again when others have changed, which may have had its
        name.
        """
        problems: list[str] = []
        clashing: dict[str, NameClash] = {}
        for name, (table, _) in changed.items():
            try:
                again = name not in sources
                source = await self._yard.made(name, table) if again else sources[name]
                await self._yard.put(name, table, source)
                self._applied[name] = changed[name]
            except NameClash as error:
                clashing[name] = error
            except ToolyardError as error:
                problems.append(f"{edition.place(name)}: {error}")
        if len(clashing) == len(changed):
            return [f"{edition.place(name)}: {error}" for name, error in clashing.items()]
        others = await self._put(edition, {name: changed[name] for name in clashing}, {})
        return [*problems, *others]

    async def _made(self, edition: Edition, name: str) -> ToolProtocol | None:
        try:
            return await self._yard.made(name, edition.settings.tools[name])
        except ToolyardError as error:
            raise ConfigError(f"{edition.place(name)}: {error}") from error

    def _for_later(self, settings: Settings) -> Sequence[str]:
        """What is said of settings that the running server cannot change."""
        others = [name for name in Settings.model_fields if name not in LIVE]
        edited = [
            name for name in others if getattr(settings, name) != getattr(self._at_start, name)
        ]
        if not edited:
            return ()
        return (f"What it says of {', '.join(edited)} counts when the server is started again.",)

    async def _ask(self, ask: Callable[[], T]) -> T:
        """What `ask` gives, which asks the disk."""
        try:
            with anyio.fail_after(READ_S):
                return await anyio.to_thread.run_sync(
                    ask, abandon_on_cancel=True, limiter=self._disk
                )
        except TimeoutError:
            raise ConfigError(f"The disk did not answer within {READ_S:g} s.") from None

    def _tell(self, changed: Sequence[str], problem: str | None) -> None:
        name = "the settings" if self._origin.file is None else self._origin.file.name
        self._emit(SettingsRead(name, tuple(changed), problem))


def _files_in(wanted: Mapping[str, Wanted]) -> Signatures:
    return {file: each for _, files in wanted.values() for file, each in files.items()}
