"""What a registry offers at the moment, and those who want to hear of every change of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from toolyard.core.context import EventHandler
from toolyard.core.errors import UnknownName
from toolyard.core.protocol import Change, Listeners
from toolyard.events.types import ToolHidden
from toolyard.registry.library import MergedLibrary
from toolyard.registry.mount import Mount
from toolyard.registry.table import Table, clash, table_of

logger = logging.getLogger("toolyard.registry")


class Offer:
    """The mounts in their order, and the table that calls and lists meet.

    Args:
        emit: Told of tools that are hidden.
    """

    def __init__(self, emit: EventHandler) -> None:
        self._emit = emit
        self.mounts: Sequence[Mount] = ()
        self.table = Table()
        self.listeners = Listeners()
        self.library = MergedLibrary(lambda: [each for each in self.mounts if each.is_offered])

    def mount(self, name: str) -> Mount:
        """The mount of that name; `UnknownName` if there is none."""
        for mount in self.mounts:
            if mount.name == name:
                return mount
        raise UnknownName("mount", name)

    def publish(self, mounts: Sequence[Mount], *, is_told: bool = False) -> None:
        """Replace the table: from now on calls and lists meet the new one.

        Listeners are told if it differs for those who list tools, or `is_told`; and of documents
        and prompts if another library is asked for them, which may hold other content too.
        """
        before, self.mounts = self.table, tuple(mounts)
        self.table = table_of(self.mounts, before)
        for mount in self.mounts:
            hidden = self.table.hidden.get(mount.name, {})
            for tool in hidden.keys() - mount.hidden.keys():
                logger.warning("%s", clash(tool, hidden[tool], mount.name))
                self._emit(ToolHidden(tool, mount.name, hidden[tool]))
            mount.hidden = hidden
        if self.table.tools is not before.tools or is_told:
            self.listeners.tell(Change("tools"))
        if self.library.renew():
            self.listeners.tell(Change("prompts"))
            self.listeners.tell(Change("resources"))
            for uri in self.library.watched:
                self.listeners.tell(Change("resource", uri))
