"""The documents and prompts of all mounts as one library."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import anyio

from toolyard.core.content import Resource
from toolyard.core.context import CallContext
from toolyard.core.errors import ToolyardError, UnknownName, Unreachable
from toolyard.core.protocol import (
    LibraryProtocol,
    PromptInfo,
    PromptMessage,
    ResourceInfo,
    library_of,
)
from toolyard.registry.demand import Demand
from toolyard.registry.mount import Mount
from toolyard.registry.relisting import LIST_S

logger = logging.getLogger("toolyard.registry")

Info = TypeVar("Info", ResourceInfo, PromptInfo)


class MergedLibrary:
    """Asks the mounts that offer documents or prompts, in order; prompts carry the prefix."""

    def __init__(self, mounts: Callable[[], Sequence[Mount]]) -> None:
        self._mounts = mounts
        self._known: list[LibraryProtocol] = []
        self._demand = Demand()

    def renew(self) -> bool:
        """Turn to the mounts there are now; whether others are asked than before."""
        before, self._known = self._known, [library for _, library in self._libraries()]
        self._demand.turn_to(self._known)
        return self._known != before

    @property
    def watched(self) -> Iterable[str]:
        """The documents that somebody watches."""
        return self._demand.watched

    def watch(self, uri: str) -> Callable[[], None]:
        """Have every mount tell of this document that must be asked to, also those to come."""
        return self._demand.watched.watch(uri)

    def _libraries(self) -> Iterator[tuple[Mount, LibraryProtocol]]:
        for mount in self._mounts():
            library = library_of(mount.source)
            if library is not None:
                yield mount, library

    async def list_resources(self, context: CallContext) -> Sequence[ResourceInfo]:
        """Every document; of two with one URI, the earlier mount's."""
        found: dict[str, ResourceInfo] = {}
        for _, listed in await self._listed(lambda each: each.list_resources(context)):
            for info in listed:
                found.setdefault(info.uri, info)
        return tuple(found.values())

    async def list_resource_templates(self, context: CallContext) -> Sequence[ResourceInfo]:
        """Every family of documents; of two with one template, the earlier mount's."""
        found: dict[str, ResourceInfo] = {}
        for _, listed in await self._listed(lambda each: each.list_resource_templates(context)):
            for info in listed:
                found.setdefault(info.uri, info)
        return tuple(found.values())

    async def read_resource(self, uri: str, context: CallContext) -> Sequence[Resource]:
        """The document from the first mount that has it."""
        missing: ToolyardError = UnknownName("resource", uri)
        for _, library in self._libraries():
            try:
                return await library.read_resource(uri, context)
            except UnknownName:
                continue
            except Unreachable as error:  # it may be the one that has it, or any other
                missing = error
        raise missing

    async def list_prompts(self, context: CallContext) -> Sequence[PromptInfo]:
        """Every prompt under the name it has here."""
        found: dict[str, PromptInfo] = {}
        for mount, listed in await self._listed(lambda each: each.list_prompts(context)):
            for info in listed:
                shown = mount.shown(info.name)
                found.setdefault(shown, replace(info, name=shown))
        return tuple(found.values())

    async def get_prompt(
        self, name: str, arguments: Mapping[str, str], context: CallContext
    ) -> Sequence[PromptMessage]:
        """The prompt from the first mount that offers it under this name."""
        missing: ToolyardError = UnknownName("prompt", name)
        for mount, library in self._libraries():
            if not name.startswith(mount.prefix):
                continue
            try:
                return await library.get_prompt(name[len(mount.prefix) :], arguments, context)
            except UnknownName:
                continue
            except Unreachable as error:  # as above
                missing = error
        raise missing

    async def complete(
        self, name: str, argument: str, value: str, context: CallContext
    ) -> Sequence[str]:
        """Values from the first mount that knows the prompt or template."""
        missing: ToolyardError = UnknownName("prompt or resource template", name)
        for mount, library in self._libraries():
            own = name[len(mount.prefix) :] if name.startswith(mount.prefix) else name
            try:
                return await library.complete(own, argument, value, context)
            except UnknownName:
                continue
            except Unreachable as error:  # as above
                missing = error
        raise missing

    async def _listed(
        self, ask: Callable[[LibraryProtocol], Awaitable[Sequence[Info]]]
    ) -> Sequence[tuple[Mount, Sequence[Info]]]:
        """What each mount lists, in their order; all are asked at once."""
        asked = list(self._libraries())
        given: dict[Mount, Sequence[Info]] = {}

        async def take(mount: Mount, library: LibraryProtocol) -> None:
            given[mount] = await _answer(mount, ask(library))

        async with anyio.create_task_group() as tasks:
            for mount, library in asked:
                tasks.start_soon(take, mount, library)
        return [(mount, given[mount]) for mount, _ in asked]


async def _answer(mount: Mount, asked: Awaitable[Sequence[Info]]) -> Sequence[Info]:
    try:
        with anyio.fail_after(LIST_S):
            return await asked
    except Unreachable as error:  # which its mount has told already
        logger.debug("%r is unreachable and is left out: %s", mount.name, error)
    except (ToolyardError, TimeoutError) as error:
        logger.warning("%r could not be listed and is left out: %s", mount.name, error)
    except Exception:  # one source's bug must not hide what the others offer
        logger.exception("%r could not be listed and is left out", mount.name)
    return ()
