"""The documents and prompts of all mounts as one library."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from toolyard.core.content import Resource
from toolyard.core.context import CallContext
from toolyard.core.errors import ToolyardError, UnknownName
from toolyard.core.protocol import (
    LibraryProtocol,
    PromptInfo,
    PromptMessage,
    ResourceInfo,
    library_of,
)
from toolyard.registry.mount import Mount

logger = logging.getLogger("toolyard.registry")

Info = TypeVar("Info", ResourceInfo, PromptInfo)


class MergedLibrary:
    """Asks the mounts that offer documents or prompts, in order; prompts carry the prefix."""

    def __init__(self, mounts: Callable[[], Sequence[Mount]]) -> None:
        self._mounts = mounts

    def _libraries(self) -> Iterator[tuple[Mount, LibraryProtocol]]:
        for mount in self._mounts():
            library = library_of(mount.source)
            if library is not None:
                yield mount, library

    async def list_resources(self, context: CallContext) -> Sequence[ResourceInfo]:
        """Every document; of two with one URI, the earlier mount's."""
        found: dict[str, ResourceInfo] = {}
        for mount, library in self._libraries():
            for info in await _listed(mount, library.list_resources(context)):
                found.setdefault(info.uri, info)
        return tuple(found.values())

    async def list_resource_templates(self, context: CallContext) -> Sequence[ResourceInfo]:
        """Every family of documents; of two with one template, the earlier mount's."""
        found: dict[str, ResourceInfo] = {}
        for mount, library in self._libraries():
            for info in await _listed(mount, library.list_resource_templates(context)):
                found.setdefault(info.uri, info)
        return tuple(found.values())

    async def read_resource(self, uri: str, context: CallContext) -> Sequence[Resource]:
        """The document from the first mount that has it."""
        for _, library in self._libraries():
            try:
                return await library.read_resource(uri, context)
            except UnknownName:
                continue
        raise UnknownName("resource", uri)

    async def list_prompts(self, context: CallContext) -> Sequence[PromptInfo]:
        """Every prompt under the name it has here."""
        found: dict[str, PromptInfo] = {}
        for mount, library in self._libraries():
            for info in await _listed(mount, library.list_prompts(context)):
                shown = mount.shown(info.name)
                found.setdefault(shown, replace(info, name=shown))
        return tuple(found.values())

    async def get_prompt(
        self, name: str, arguments: Mapping[str, str], context: CallContext
    ) -> Sequence[PromptMessage]:
        """The prompt from the first mount that offers it under this name."""
        for mount, library in self._libraries():
            if not name.startswith(mount.prefix):
                continue
            try:
                return await library.get_prompt(name[len(mount.prefix) :], arguments, context)
            except UnknownName:
                continue
        raise UnknownName("prompt", name)

    async def complete(
        self, name: str, argument: str, value: str, context: CallContext
    ) -> Sequence[str]:
        """Values from the first mount that knows the prompt or template."""
        for mount, library in self._libraries():
            own = name[len(mount.prefix) :] if name.startswith(mount.prefix) else name
            try:
                return await library.complete(own, argument, value, context)
            except UnknownName:
                continue
        raise UnknownName("prompt or resource template", name)


async def _listed(mount: Mount, asked: Awaitable[Sequence[Info]]) -> Sequence[Info]:
    try:
        return await asked
    except ToolyardError as error:
        logger.warning("%r could not be listed and is left out: %s", mount.name, error)
    except Exception:  # one source's bug must not hide what the others offer
        logger.exception("%r could not be listed and is left out", mount.name)
    return ()
