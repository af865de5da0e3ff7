"""MCP's requests about tools, answered from a registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mcp_types as types

from toolyard.core.context import CallContext
from toolyard.core.errors import InputRequired
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.servers import wire
from toolyard.servers.channel import SdkChannel, SdkContext, is_modern
from toolyard.servers.faults import call_fault
from toolyard.servers.plain import plain
from toolyard.servers.requests import Requests, Wire, caller_of, exchange_in
from toolyard.servers.scopes import Visible
from toolyard.servers.tool_calls import ToolCalls


class ToolHandlers:
    """Lists and calls the tools of a registry; the SDK has checked the request by then."""

    def __init__(self, registry: ToolRegistry, requests: Requests, tools: ToolCalls) -> None:
        self._registry = registry
        self._requests = requests
        self._tools = tools
        self._written: dict[tuple[str, bool], Wire] = {}
        self._visible = Visible(())

    async def list_tools(
        self, context: SdkContext, params: types.PaginatedRequestParams | None
    ) -> Wire:
        """The tools that this caller may call."""
        modern = is_modern(context)

        async def answer(own: CallContext) -> Wire:
            every = await self._registry.list_tools(own)
            if every is not self._visible.tools:
                self._written, self._visible = {}, Visible(every)
            return self._requests.listed(
                self._visible.to(caller_of(context)),
                params,
                name=lambda tool: tool.name,
                write=lambda tool: self._write(tool, modern),
                key="tools",
            )

        return await self._requests.answered("The list of tools", context, answer)

    def _write(self, tool: Tool, modern: bool) -> Wire:
        """A tool's JSON, made once for as long as the list stays the same."""
        known = self._written.get((tool.name, modern))
        if known is None:
            known = self._written[tool.name, modern] = plain(wire.tool(tool, modern=modern))
        return known

    async def call_tool(self, context: SdkContext, params: types.CallToolRequestParams) -> Wire:
        """Run a tool for this caller, unless the fast lane has begun to already."""
        modern = is_modern(context)
        try:
            try:
                result = await self._run(context, params)
            except InputRequired as question:
                return plain(wire.input_required(question))
            return self._requests.written(wire.result(result, modern=modern))
        except (Exception, SystemExit) as error:  # whatever a source raises ends here
            return call_fault(error, params.name, modern=modern)

    async def _run(self, context: SdkContext, params: types.CallToolRequestParams) -> ToolResult:
        exchange = exchange_in(context)
        channel = SdkChannel(context, self._requests.sessions)
        if exchange is not None and exchange.begun is not None:
            return await exchange.begun.result(channel)
        raw: Mapping[str, Any] = context.params or {}
        return await self._tools.run(
            ToolCall(params.name, params.arguments or {}),
            caller_of(context),
            exchange,
            channel,
            inputs=raw.get("inputResponses"),
            state=raw.get("requestState"),
        )
