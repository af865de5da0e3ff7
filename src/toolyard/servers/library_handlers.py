"""MCP's requests about documents and prompts, answered from a registry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

import mcp_types as types

from toolyard.core.context import CallContext, Caller, scope_of
from toolyard.core.errors import UnknownName
from toolyard.core.protocol import LibraryProtocol
from toolyard.core.tool import TOOL_NAME
from toolyard.servers import wire
from toolyard.servers.channel import SdkContext
from toolyard.servers.requests import Requests, Wire, caller_of, refuse_unless
from toolyard.servers.sessions import Sessions

MOST_VALUES = 100
"""Values in one completion (MCP, `completion/complete`)."""


Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Listing:
    """One of MCP's lists: its key on the wire, and what scopes say about its entries."""

    key: str
    kind: str
    name: Callable[[Any], str]

    def seen_by(self, caller: Caller, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Those of `entries` that the caller may use."""
        return [each for each in entries if caller.may(scope_of(self.kind, self.name(each)))]


RESOURCES = Listing("resources", "resource", attrgetter("uri"))
TEMPLATES = Listing("resourceTemplates", "resource", attrgetter("uri"))
PROMPTS = Listing("prompts", "prompt", attrgetter("name"))


class LibraryHandlers:
    """Lists and reads what a library offers; the SDK has checked the request by then."""

    def __init__(self, library: LibraryProtocol, sessions: Sessions, requests: Requests) -> None:
        self._library = library
        self._sessions = sessions
        self._requests = requests

    async def list_resources(
        self, context: SdkContext, params: types.PaginatedRequestParams | None
    ) -> Wire:
        """The documents that can be read."""
        write = partial(wire.resource, template=False)
        return await self._listed(context, params, self._library.list_resources, RESOURCES, write)

    async def list_resource_templates(
        self, context: SdkContext, params: types.PaginatedRequestParams | None
    ) -> Wire:
        """The families of documents that can be read."""
        write = partial(wire.resource, template=True)
        fetch = self._library.list_resource_templates
        return await self._listed(context, params, fetch, TEMPLATES, write)

    async def list_prompts(
        self, context: SdkContext, params: types.PaginatedRequestParams | None
    ) -> Wire:
        """The prompts that can be filled."""
        return await self._listed(context, params, self._library.list_prompts, PROMPTS, wire.prompt)

    async def _listed(
        self,
        context: SdkContext,
        params: types.PaginatedRequestParams | None,
        fetch: Callable[[CallContext], Awaitable[Sequence[Entry]]],
        listing: Listing,
        write: Callable[[Entry], Wire],
    ) -> Wire:
        async def answer(own: CallContext) -> Wire:
            every = await fetch(own)
            seen = listing.seen_by(caller_of(context), every)
            part = self._requests.listed(
                seen, params, name=listing.name, write=write, key=listing.key
            )
            return self._requests.written(part)

        return await self._requests.answered(f"The list of {listing.key}", context, answer)

    async def read_resource(
        self, context: SdkContext, params: types.ReadResourceRequestParams
    ) -> Wire:
        """A document in full."""

        async def answer(own: CallContext) -> Wire:
            refuse_unless(context, scope_of("resource", params.uri))
            found = await self._library.read_resource(params.uri, own)
            return self._requests.written({"contents": [wire.document(each) for each in found]})

        return await self._requests.answered("Reading the resource", context, answer)

    async def get_prompt(self, context: SdkContext, params: types.GetPromptRequestParams) -> Wire:
        """A prompt, filled."""

        async def answer(own: CallContext) -> Wire:
            refuse_unless(context, scope_of("prompt", params.name))
            messages = await self._library.get_prompt(params.name, params.arguments or {}, own)
            return self._requests.written({"messages": [wire.message(each) for each in messages]})

        return await self._requests.answered("The prompt", context, answer)

    async def complete(self, context: SdkContext, params: types.CompleteRequestParams) -> Wire:
        """Values for a blank of a prompt or a resource template."""
        about = params.ref
        is_prompt = isinstance(about, types.PromptReference)
        kind, name = ("prompt", about.name) if is_prompt else ("resource", about.uri)

        async def answer(own: CallContext) -> Wire:
            refuse_unless(context, scope_of(kind, name))
            if is_prompt and not TOOL_NAME.fullmatch(name):
                raise UnknownName("prompt", name)  # a document, under a name for prompts
            values = await self._library.complete(
                name, params.argument.name, params.argument.value, own
            )
            shown = list(values[:MOST_VALUES])
            more = len(values) > len(shown)
            return self._requests.written(
                {"completion": {"values": shown, "total": len(values), "hasMore": more}}
            )

        return await self._requests.answered("The completion", context, answer)

    async def watch(
        self, context: SdkContext, params: types.SubscribeRequestParams
    ) -> types.EmptyResult:
        """Tell this session when a document changes."""

        async def answer(own: CallContext) -> Wire:
            del own
            refuse_unless(context, scope_of("resource", str(params.uri)))
            self._sessions.watch(context, str(params.uri))
            return {}

        await self._requests.answered("The subscription", context, answer)
        return types.EmptyResult()

    async def unwatch(
        self, context: SdkContext, params: types.UnsubscribeRequestParams
    ) -> types.EmptyResult:
        """Tell this session no longer."""
        self._sessions.unwatch(context, str(params.uri))
        return types.EmptyResult()
