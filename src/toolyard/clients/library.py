"""A remote server's documents and prompts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeVar

import mcp_types as types
from mcp import Client

from toolyard.clients import wire
from toolyard.clients.listing import every
from toolyard.core.content import Resource
from toolyard.core.context import CallContext
from toolyard.core.errors import RemoteFault, UnknownName
from toolyard.core.protocol import PromptInfo, PromptMessage, ResourceInfo
from toolyard.core.watching import Watched

UNKNOWN = (types.INVALID_PARAMS, types.METHOD_NOT_FOUND, -32002)
"""How servers say that they have no such document; the last one until 2025-11-25."""

Answered = TypeVar("Answered")


class Ask(Protocol):
    """Asks a server what changes nothing, within the deadline."""

    async def __call__(
        self, what: str, context: CallContext, ask: Callable[[Client], Awaitable[Answered]]
    ) -> Answered:
        """What `ask` gives; `what` names it where time runs out."""
        ...


class RemoteLibrary:
    """What a server offers besides tools; lists are empty where it does not speak of any.

    Args:
        ask: Asks the server; raises `Unreachable` at once while it is known to be away.
        offered: Gives what it says that it has.
        watched: Takes the documents that somebody watches.
    """

    def __init__(
        self, ask: Ask, offered: Callable[[], types.ServerCapabilities], watched: Watched
    ) -> None:
        self._ask = ask
        self._offered = offered
        self._watched = watched

    def watch(self, uri: str) -> Callable[[], None]:
        """Have the client tell when the server says that this document has new content."""
        return self._watched.watch(uri)

    async def list_resources(self, context: CallContext) -> Sequence[ResourceInfo]:
        """Every page of the server's documents, in its order."""

        async def ask(client: Client) -> Sequence[ResourceInfo]:
            given = await every(
                lambda cursor: client.list_resources(cursor=cursor),
                lambda page: page.resources,
                "resources",
            )
            return tuple(map(wire.resource, given))

        return await self._ask("resources/list", context, ask) if self._has_documents else ()

    async def list_resource_templates(self, context: CallContext) -> Sequence[ResourceInfo]:
        """Every page of the server's families of documents, in its order."""

        async def ask(client: Client) -> Sequence[ResourceInfo]:
            given = await every(
                lambda cursor: client.list_resource_templates(cursor=cursor),
                lambda page: page.resource_templates,
                "resource templates",
            )
            return tuple(map(wire.template, given))

        if not self._has_documents:
            return ()
        try:
            return await self._ask("resources/templates/list", context, ask)
        except RemoteFault as fault:
            if fault.wire_code != types.METHOD_NOT_FOUND:
                raise
            return ()  # documents, but no families of them

    async def read_resource(self, uri: str, context: CallContext) -> Sequence[Resource]:
        """The document at `uri`.

        Raises:
            UnknownName: The server has none there.
            InputRequired: It wants to know something first.
        """

        async def ask(client: Client) -> Sequence[Resource]:
            given = await client.session.read_resource(
                uri,
                input_responses=dict(context.inputs) or None,
                request_state=context.state,
                allow_input_required=True,
            )
            if isinstance(given, types.InputRequiredResult):
                raise wire.question(given)
            return tuple(wire.document(each) for each in given.contents)

        if not self._has_documents:
            raise UnknownName("resource", uri)
        try:
            return await self._ask("resources/read", context, ask)
        except RemoteFault as fault:
            if fault.wire_code in UNKNOWN:
                raise UnknownName("resource", uri) from fault
            raise

    async def list_prompts(self, context: CallContext) -> Sequence[PromptInfo]:
        """Every page of the server's prompts, in its order."""

        async def ask(client: Client) -> Sequence[PromptInfo]:
            given = await every(
                lambda cursor: client.list_prompts(cursor=cursor),
                lambda page: page.prompts,
                "prompts",
            )
            return tuple(map(wire.prompt, given))

        has_prompts = self._offered().prompts is not None
        return await self._ask("prompts/list", context, ask) if has_prompts else ()

    async def get_prompt(
        self, name: str, arguments: Mapping[str, str], context: CallContext
    ) -> Sequence[PromptMessage]:
        """The prompt `name`, filled by the server.

        Raises:
            UnknownName: The server has no such prompt.
            RemoteFault: It refuses the arguments.
            InputRequired: It wants to know something first.
        """

        async def ask(client: Client) -> Sequence[PromptMessage]:
            given = await client.session.get_prompt(
                name,
                dict(arguments),
                input_responses=dict(context.inputs) or None,
                request_state=context.state,
                allow_input_required=True,
            )
            if isinstance(given, types.InputRequiredResult):
                raise wire.question(given)
            return tuple(map(wire.message, given.messages))

        if self._offered().prompts is None:
            raise UnknownName("prompt", name)
        try:
            return await self._ask("prompts/get", context, ask)
        except RemoteFault as fault:
            # The code for an unknown name is the one for arguments that it refuses.
            if fault.wire_code in UNKNOWN and not await self._has_prompt(name, context):
                raise UnknownName("prompt", name) from fault
            raise

    async def complete(
        self, name: str, argument: str, value: str, context: CallContext
    ) -> Sequence[str]:
        """Values for an argument of a prompt or a template; `UnknownName` if there is none."""

        async def ask(client: Client) -> Sequence[str]:
            ref = (
                types.ResourceTemplateReference(type="ref/resource", uri=name)
                if "://" in name or "{" in name
                else types.PromptReference(type="ref/prompt", name=name)
            )
            given = await client.session.complete(ref, {"name": argument, "value": value})
            return given.completion.values

        if self._offered().completions is None:
            raise UnknownName("prompt or resource template", name)
        try:
            return await self._ask("completion/complete", context, ask)
        except RemoteFault as fault:
            if fault.wire_code in UNKNOWN:
                raise UnknownName("prompt or resource template", name) from fault
            raise

    @property
    def _has_documents(self) -> bool:
        return self._offered().resources is not None

    async def _has_prompt(self, name: str, context: CallContext) -> bool:
        return any(info.name == name for info in await self.list_prompts(context))
