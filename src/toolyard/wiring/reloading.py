"""Edits of the settings, applied to the running server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from toolyard.config.origin import Edition, Origin, Signature, signature_of
from toolyard.config.settings import Settings, ToolSettings
from toolyard.core.context import EventHandler
from toolyard.core.errors import ConfigError, ToolyardError
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
    """

    def __init__(self, origin: Origin, edition: Edition, yard: Yard, emit: EventHandler) -> None:
        self._origin = origin
        self._at_start = edition.settings
        self._yard = yard
        self._emit = emit
        self._applied = self._wanted(edition.settings.tools)
        self._files: Collection[Path] = edition.signatures.keys()
        self._seen = {**self._look(), **edition.signatures}

    async def run(self) -> None:
        """Follow the files; never returns. The yard's registry must be entered."""
        before = self._seen
        while True:
            await anyio.sleep(CHECK_S)
            try:
                seen = await _in_thread(self._look)
                if seen != self._seen and seen == before:  # nobody is writing any more
                    self._seen = seen
                    await self._reload()
                before = seen
            except ToolyardError as error:
                self._tell((), f"{error} Nothing was changed.")
            except Exception:  # whatever it is, the next edit may mend it
                logger.exception("an edit of the settings could not be applied")

    def _look(self) -> Signatures:
        """The files that are followed, as they are now; asks the disk."""
        seen: dict[Path, Signature] = {}
        for table, _ in self._applied.values():
            seen |= self._code(table)
        return {**seen, **{file: signature_of(file) for file in self._files}}

    def _code(self, table: ToolSettings) -> Signatures:
        if self._at_start.watch != "all":
            return {}
        return {file: signature_of(file) for file in code_of(table)}

    def _wanted(self, tables: Mapping[str, ToolSettings]) -> dict[str, Wanted]:
        return {name: (table, self._code(table)) for name, table in tables.items()}

    async def _reload(self) -> None:
        edition = await _in_thread(self._origin.read_again)
        changed, problems = await self._apply(edition)
        self._files = edition.signatures.keys()
        self._seen = {**await _in_thread(self._look), **edition.signatures}
        self._tell(changed, " ".join([*problems, *self._for_later(edition.settings)]) or None)

    async def _apply(self, edition: Edition) -> tuple[Sequence[str], Sequence[str]]:
        """Make all that is new before anything changes; then the names that changed, and problems.

        Raises:
            ConfigError: A table cannot be used.
        """
        tables = edition.settings.tools
        wanted = await _in_thread(lambda: self._wanted(tables))
        changed = [name for name in wanted if self._applied.get(name) != wanted[name]]
        sources = {name: await self._made(edition, name) for name in changed}
        gone = [name for name in self._applied if name not in wanted]
        for name in gone:
            del self._applied[name]
            if name in self._yard.tables:
                await self._yard.remove(name, wait=False)
        problems: list[str] = []
        for name in changed:
            try:
                await self._yard.put(name, tables[name], sources[name])
                self._applied[name] = wanted[name]
            except ToolyardError as error:
                problems.append(f"{edition.place(name)}: {error}")
        applied = [name for name in changed if self._applied.get(name) == wanted[name]]
        return [*gone, *applied], problems

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

    def _tell(self, changed: Sequence[str], problem: str | None) -> None:
        name = "the settings" if self._origin.file is None else self._origin.file.name
        self._emit(SettingsRead(name, tuple(changed), problem))


async def _in_thread(ask: Callable[[], T]) -> T:
    """What `ask` gives, which asks the disk."""
    try:
        with anyio.fail_after(READ_S):
            return await anyio.to_thread.run_sync(ask, abandon_on_cancel=True)
    except TimeoutError:
        raise ConfigError(f"The disk did not answer within {READ_S:g} s.") from None
