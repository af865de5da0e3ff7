"""A registry as an MCP server of both protocol eras, apart from any transport."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import Any

import anyio
import mcp_types as types
from anyio.abc import TaskGroup
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    ToolsListChanged,
)

from toolyard.core.background import Background
from toolyard.core.context import CallContext, scope_of
from toolyard.core.errors import InvalidArguments
from toolyard.core.protocol import Change
from toolyard.core.tracing import is_traced
from toolyard.registry.relisting import LIST_S
from toolyard.servers.changes import Changes
from toolyard.servers.channel import SdkContext
from toolyard.servers.faults import document_fault
from toolyard.servers.lane.pipe_lane import OpenLane, PipeLane
from toolyard.servers.library_handlers import LibraryHandlers
from toolyard.servers.requests import Requests, caller_of
from toolyard.servers.served import FRESH_MS, LIST_HINTS, Identity, Served
from toolyard.servers.sessions import Sessions, check_watched
from toolyard.servers.tool_handlers import ToolHandlers

HINTS: Mapping[CacheableMethod, CacheHint] = {
    "server/discover": CacheHint(FRESH_MS),
    "tools/list": CacheHint(FRESH_MS),
    "prompts/list": CacheHint(FRESH_MS),
    "resources/list": CacheHint(FRESH_MS),
    "resources/templates/list": CacheHint(FRESH_MS),
    "resources/read": CacheHint(0),
}


class SdkServer(Server[Any]):
    """The SDK's server; sessions of the handshake revisions, if there are any, hear of changes."""

    is_stateless = False

    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        """The answer to `initialize`, which promises sessions notices of changed lists."""
        told = NotificationOptions(*[not self.is_stateless] * 3)
        return super().create_initialization_options(
            notification_options or told, experimental_capabilities, extensions
        )

    @property
    def server_info_stamp(self) -> dict[str, Any]:
        """Who answers, on every answer; plain strings, so that a copy of the surface will do."""
        return dict(self._server_info_stamp_source)


class McpFace:
    """Serves a registry, which others enter, through `sdk` between enter and exit."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._registry = served.registry
        self._state_keys = served.state_keys
        self.sessions = Sessions(self._registry.library)
        self._requests = Requests(served.calls, self.sessions, served.emit, served.limits)
        self._mirrors = served.mirrors
        self._bus = InMemorySubscriptionBus()
        self._listen = ListenHandler(self._bus, max_subscriptions=served.limits.connections)
        handlers = ToolHandlers(self._registry, self._requests, served.tools)
        self.sdk = self._sdk(served.identity, handlers)
        self.sdk.is_stateless = served.stateless

    def _sdk(self, identity: Identity, tools: ToolHandlers) -> SdkServer:
        sdk = SdkServer(
            identity.name,
            version=identity.version,
            instructions=identity.instructions,
            cache_hints=HINTS,
            get_tool_input_schema=self._mirrors.schema,
            on_subscriptions_listen=self._hear,
        )
        sdk.add_request_handler("tools/list", types.PaginatedRequestParams, tools.list_tools)
        sdk.add_request_handler("tools/call", types.CallToolRequestParams, tools.call_tool)
        sdk.add_request_handler("logging/setLevel", types.SetLevelRequestParams, self._set_level)
        sdk.add_notification_handler(
            "notifications/initialized", types.NotificationParams, self._opened
        )
        if not is_traced():
            sdk.middleware.clear()
        policy = _state_policy(self._state_keys)
        policy.bind_principal = _principal
        sdk.middleware.append(RequestStateBoundary(policy, default_audience=identity.name))
        return sdk

    def pipe_lane(self) -> OpenLane | None:
        """Opens the short way of a pipe; `None` where traces are exported, which are of `sdk`."""
        if is_traced():
            return None
        served = self._served
        parts = (served.registry, served.tools, served.limits)
        return partial(PipeLane, *parts, stamp=served.identity.stamp, list_hints=LIST_HINTS)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Tell clients of changes of the sources until the end."""
        changes = Changes()
        async with Background() as tasks:
            unsubscribe = self._registry.subscribe(changes.add)
            try:
                await self._offer_library()
                tasks.start_soon(self._tell, changes, tasks)
                yield
            finally:
                unsubscribe()

    def hang_up(self) -> None:
        """End the streams on which clients wait for changes."""
        self._listen.close()

    async def _tell(self, changes: Changes, tasks: TaskGroup) -> None:
        while True:
            for change in await changes.take():
                if change.kind in ("prompts", "resources"):
                    with anyio.move_on_after(LIST_S):
                        await self._offer_library()  # there may be some for the first time
                await self._bus.publish(_event(change))
                self.sessions.tell(change, tasks)

    async def _offer_library(self) -> None:
        """Serve documents and prompts if there are any; else clients need not even ask."""
        own, library = CallContext(), self._registry.library
        handlers = LibraryHandlers(library, self.sessions, self._requests)
        documents = await library.list_resources(own)
        templates = await library.list_resource_templates(own)
        prompts = await library.list_prompts(own)
        paged, sdk = types.PaginatedRequestParams, self.sdk
        if documents or templates:
            sdk.add_request_handler("resources/list", paged, handlers.list_resources)
            sdk.add_request_handler(
                "resources/templates/list", paged, handlers.list_resource_templates
            )
            sdk.add_request_handler(
                "resources/read", types.ReadResourceRequestParams, handlers.read_resource
            )
            if not sdk.is_stateless:
                sdk.add_request_handler(
                    "resources/subscribe", types.SubscribeRequestParams, handlers.watch
                )
                sdk.add_request_handler(
                    "resources/unsubscribe", types.UnsubscribeRequestParams, handlers.unwatch
                )
        if prompts:
            sdk.add_request_handler("prompts/list", paged, handlers.list_prompts)
            sdk.add_request_handler(
                "prompts/get", types.GetPromptRequestParams, handlers.get_prompt
            )
        if templates or prompts:
            sdk.add_request_handler(
                "completion/complete", types.CompleteRequestParams, handlers.complete
            )

    async def _hear(
        self, context: SdkContext, params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        """Tell this client of changes, and of no document it may not read."""
        wanted, caller = params.notifications, caller_of(context)
        uris = wanted.resource_subscriptions or []
        try:
            check_watched(uris)
        except InvalidArguments as error:
            raise document_fault(error, "The subscription") from error
        seen = [uri for uri in uris if caller.may(scope_of("resource", uri))]
        if len(seen) < len(uris):
            narrowed = wanted.model_copy(update={"resource_subscriptions": seen})
            params = params.model_copy(update={"notifications": narrowed})
        with ExitStack() as watching:
            for uri in seen:
                watching.callback(self._registry.library.watch(uri))
            return await self._listen(context, params)

    async def _set_level(
        self, context: SdkContext, params: types.SetLevelRequestParams
    ) -> types.EmptyResult:
        self.sessions.set_level(context, params.level)
        return types.EmptyResult()

    async def _opened(self, context: SdkContext, params: types.NotificationParams) -> None:
        del params
        self.sessions.opened(context)


def _state_policy(keys: Sequence[str | bytes]) -> RequestStateSecurity:
    return RequestStateSecurity(keys=keys) if keys else RequestStateSecurity.ephemeral()


def _principal(context: SdkContext) -> str:
    """Whose state it is that a call wants to remember between its tries."""
    return caller_of(context).name


def _event(change: Change) -> ServerEvent:
    if change.kind == "tools":
        return ToolsListChanged()
    if change.kind == "prompts":
        return PromptsListChanged()
    if change.kind == "resources":
        return ResourcesListChanged()
    return ResourceUpdated(uri=change.uri or "")
