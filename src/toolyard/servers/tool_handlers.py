"""MCP's requests about tools, answered from a registry."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import mcp_types as types

from toolyard.core.context import EVERYTHING, CallContext, Caller
from toolyard.core.errors import InputRequired, MissingCapability
from toolyard.core.inputs import CAPABILITY_OF
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.servers import wire
from toolyard.servers.channel import SdkContext, is_modern
from toolyard.servers.faults import call_fault
from toolyard.servers.plain import plain
from toolyard.servers.requests import (
    Requests,
    Wire,
    caller_of,
    exchange_in,
    refuse_unless,
)
from toolyard.servers.scopes import Scopes, of_tool

MIRROR_MARK = '"x-mcp-header"'
MOST_ROUNDS = 8
"""How often one call may ask the client before it is refused."""


class ToolHandlers:
    """Lists and calls the tools of a registry; the SDK has checked the request by then."""

    def __init__(self, registry: ToolRegistry, requests: Requests) -> None:
        self._registry = registry
        self._scopes = Scopes(registry)
        self._requests = requests
        self._mirrors: dict[str, tuple[Tool, Mapping[str, Any] | None]] = {}
        self._written: dict[tuple[str, bool], Wire] = {}
        self._written_of: object = None
        self._has_scopes = False

    def mirrored_schema(self, name: str) -> Mapping[str, Any] | None:
        """The schema of a tool's arguments if any of them is mirrored into a header.

        The SDK compares such headers with the body, and walks the whole schema to find them.
        """
        tool = self._registry.find(name)
        if tool is None:
            return None
        known = self._mirrors.get(tool.name)
        if known is None or known[0] is not tool:
            mirrors = MIRROR_MARK in json.dumps(tool.input_schema)
            known = self._mirrors[tool.name] = (tool, tool.input_schema if mirrors else None)
        return known[1]

    async def list_tools(
        self, context: SdkContext, params: types.PaginatedRequestParams | None
    ) -> Wire:
        """The tools that this caller may call."""
        modern = is_modern(context)

        async def answer(own: CallContext) -> Wire:
            every = await self._registry.list_tools(own)
            if every is not self._written_of:
                self._written, self._written_of = {}, every
                self._has_scopes = any(tool.scope for tool in every)
            return self._requests.listed(
                self._seen_by(caller_of(context), every),
                params,
                name=lambda tool: tool.name,
                write=lambda tool: self._write(tool, modern),
                key="tools",
            )

        return await self._requests.answered("The list of tools", context, answer)

    def _seen_by(self, caller: Caller, tools: Sequence[Tool]) -> Sequence[Tool]:
        """Those of `tools` that the caller may call; the very same object if that is all."""
        if EVERYTHING in caller.scopes and not self._has_scopes:
            return tools
        return [tool for tool in tools if caller.may(of_tool(tool))]

    def _write(self, tool: Tool, modern: bool) -> Wire:
        """A tool's JSON, made once for as long as the list stays the same."""
        known = self._written.get((tool.name, modern))
        if known is None:
            known = self._written[tool.name, modern] = plain(wire.tool(tool, modern=modern))
        return known

    async def call_tool(self, context: SdkContext, params: types.CallToolRequestParams) -> Wire:
        """Run a tool for this caller."""
        modern = is_modern(context)
        call = ToolCall(params.name, params.arguments or {})

        async def work(deadline: float) -> ToolResult:
            return await self._answer(call, self._requests.context(context, deadline=deadline))

        try:
            refuse_unless(context, self._scopes.needed("tool", params.name))
            try:
                result = await self._requests.calls.run(
                    params.name,
                    caller_of(context),
                    exchange_in(context),
                    work,
                    is_known=self._registry.find(params.name) is not None,
                )
            except InputRequired as question:
                return plain(wire.input_required(question))
            return self._requests.written(wire.result(result, modern=modern))
        except (Exception, SystemExit) as error:  # whatever a source raises ends here
            return call_fault(error, params.name, modern=modern)

    async def _answer(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Run `call`; where the client can be asked meanwhile, ask it what the tool wants."""
        for _ in range(MOST_ROUNDS):
            try:
                return await self._scopes.call(call, context)
            except InputRequired as question:
                _refuse_unanswerable(question, context)
                if not context.channel.can_ask:
                    raise
                context = await _with_answers(question, context)
        return ToolResult.error(f"The tool asked for input more than {MOST_ROUNDS} times.")


def _refuse_unanswerable(question: InputRequired, context: CallContext) -> None:
    declared = context.channel.capabilities
    for request in question.requests.values():
        capability = CAPABILITY_OF[request.method]
        if capability not in declared:
            raise MissingCapability({capability: {}}) from None


async def _with_answers(question: InputRequired, context: CallContext) -> CallContext:
    answers = dict(context.inputs)
    for key, request in question.requests.items():
        answers[key] = await context.channel.ask(request)
    return replace(context, inputs=answers, state=question.state)
