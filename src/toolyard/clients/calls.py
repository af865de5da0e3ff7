"""Calls of tools on one connection, each by the shortest way that there is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import mcp_types as types
import msgspec
from mcp import Client, MCPError
from mcp.shared.inbound import (
    MCP_METHOD_HEADER,
    MCP_NAME_HEADER,
    encode_header_value,
    mcp_param_headers,
    x_mcp_header_map,
)
from mcp_types.methods import validate_server_result
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from opentelemetry.propagate import inject
from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider
from pydantic import TypeAdapter

from toolyard.clients import wire
from toolyard.clients.direct import VERSION, Direct, Said, message_in
from toolyard.clients.listing import every
from toolyard.clients.logs import calling, logging_to
from toolyard.clients.plain_answer import PlainAnswer, plain_answer_in
from toolyard.clients.posts import Come, Post, sending
from toolyard.core.context import CallContext
from toolyard.core.errors import InvalidArguments
from toolyard.core.json_shape import tangle_in
from toolyard.core.json_value import is_json
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.version import __version__

MOST_ARGUMENT_DEPTH = 200
"""The SDK writes a little more."""
OURSELVES = types.Implementation(name="toolyard", version=__version__)
FIRST_NUMBER = 10**9
"""Of our own requests; the SDK counts from 1."""

Given = types.CallToolResult | types.InputRequiredResult
_GIVEN: TypeAdapter[Given] = TypeAdapter(Given)
_encode = msgspec.json.Encoder().encode
_written = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class Calls:
    """Calls tools on one connection, and lists them.

    Args:
        client: The SDK's.
        direct: The way past it, if there is one.
        declared: The capabilities to declare in place of those the SDK would. Without them, the
            SDK has questions answered in the middle of a call.
        is_http: Whether the server is at a URL.
    """

    def __init__(
        self,
        client: Client,
        direct: Direct | None,
        *,
        declared: Mapping[str, Any] | None,
        is_http: bool,
    ) -> None:
        self._client = client
        self._session = client.session  # the client gives none once it is left
        self._answers = declared is None
        self._revision = revision = client.protocol_version
        self._are_alone = is_http and revision in MODERN_PROTOCOL_VERSIONS
        self._direct = None if self._answers or not self._are_alone else direct
        self._headers = {VERSION: revision, MCP_METHOD_HEADER: "tools/call"}
        self._envelope = {
            types.PROTOCOL_VERSION_META_KEY: revision,
            types.CLIENT_INFO_META_KEY: wire.dumped(OURSELVES),
            types.CLIENT_CAPABILITIES_META_KEY: declared,
        }
        self._usual_envelope = _written(self._envelope).encode()
        self._mirrored: Mapping[str, Mapping[tuple[str, ...], str]] = {}
        """Where in a tool's arguments those are that go into headers as well, and as what."""
        self._numbers = count(FIRST_NUMBER)

    async def tools(self) -> Sequence[Tool]:
        """Every page of the server's tools, in its order."""
        given = await every(
            lambda cursor: self._client.list_tools(cursor=cursor), lambda page: page.tools, "tools"
        )
        if self._direct is not None:
            self._mirrored = {tool.name: x_mcp_header_map(tool.input_schema) for tool in given}
        return tuple(map(wire.tool, given))

    async def run(self, call: ToolCall, params: bytes, context: CallContext) -> ToolResult:
        """What a call gives; `params` is what `params_of` gave for it.

        Where each call is a request of its own, arguments may have to go into headers too, which
        a server reads before it runs anything: then the call is made once more.
        """
        try:
            return await self._run(call, params, context)
        except MCPError as error:
            if error.code != types.HEADER_MISMATCH or not self._are_alone:
                raise
        await self.tools()  # which arguments go into headers stands in the list
        return await self._run(call, params, context)

    async def _run(self, call: ToolCall, params: bytes, context: CallContext) -> ToolResult:
        direct = self._direct
        if direct is None or not _is_plain(context):
            return await self._through_the_sdk(call, context)
        headers = direct.headers(self._headers_of(call))
        if headers is None:
            return await self._through_the_sdk(call, context)
        number = next(self._numbers)
        come = await direct.ask(number, headers, self._body(number, params, context), _said_in)
        if isinstance(come, PlainAnswer):
            return come.result
        if isinstance(come, types.JSONRPCResponse):
            return self._result(come.result)
        if isinstance(come, types.JSONRPCError):
            raise MCPError(come.error.code, come.error.message, come.error.data)
        return await self._through_the_sdk(call, context, come)

    def _headers_of(self, call: ToolCall) -> Mapping[str, str]:
        """Those that are the call's own."""
        mirrored = self._mirrored.get(call.name)
        return {
            **self._headers,
            MCP_NAME_HEADER: encode_header_value(call.name),
            **(mcp_param_headers(mirrored, call.arguments) if mirrored else {}),
        }

    def _body(self, number: int, params: bytes, context: CallContext) -> bytes:
        extra = self._log_level(context)
        inject(extra)  # the trace that the call is a part of, if it is one of any
        meta = _written({**self._envelope, **extra}).encode() if extra else self._usual_envelope
        head = b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":' % number
        return b"".join((head, memoryview(params)[:-1], b',"_meta":', meta, b"}}"))

    def _log_level(self, context: CallContext) -> dict[str, Any]:
        """Asks for log entries, where they come with the call that they belong to."""
        level = context.channel.log_level
        return {} if level is None or not self._are_alone else {types.LOG_LEVEL_META_KEY: level}

    def _result(self, given: dict[str, Any]) -> ToolResult:
        """A result that the SDK has not seen, as it would take it."""
        validate_server_result("tools/call", self._revision, given)
        return _result(_GIVEN.validate_python(given, by_name=False))

    async def _through_the_sdk(
        self, call: ToolCall, context: CallContext, come: Come | None = None
    ) -> ToolResult:
        """Call with all that the SDK can; nothing is sent if something has `come` in answer."""
        async with logging_to(context):
            if come is None:
                return _result(await self._ask_the_sdk(call, context))
            post = Post(calling())
            async with post.passing_on(come):
                with sending(post):
                    return _result(await self._ask_the_sdk(call, context))

    async def _ask_the_sdk(self, call: ToolCall, context: CallContext) -> Given:
        arguments = dict(call.arguments)
        report = context.progress if context.channel.wants_progress else None
        meta: Any = self._log_level(context) or None
        if self._answers:
            return await self._client.call_tool(
                call.name, arguments, progress_callback=report, meta=meta
            )
        inputs: Any = dict(context.inputs) or None
        return await self._session.call_tool(
            call.name,
            arguments,
            progress_callback=report,
            meta=meta,
            input_responses=inputs,
            request_state=context.state,
            allow_input_required=True,
        )


def params_of(call: ToolCall, context: CallContext) -> bytes:
    """A call's name and arguments, a JSON object.

    Raises:
        InvalidArguments: JSON cannot hold them: the SDK would give up the connection with all
            its calls.
    """
    try:
        params = _json({"name": call.name, "arguments": dict(call.arguments)})
        said = params + _json(dict(context.inputs)) if context.inputs else params
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidArguments(call.name, ["they cannot be written as JSON"]) from error
    if tangle_in(said, most_depth=MOST_ARGUMENT_DEPTH, most_values=len(said)) is not None:
        raise InvalidArguments(call.name, [f"they are nested more than {MOST_ARGUMENT_DEPTH} deep"])
    return params


def _json(value: Mapping[str, Any]) -> bytes:
    """The same as `_written` gives, several times as fast where nothing has to be refused."""
    return _encode(value) if is_json(value) else _written(value).encode()


def _said_in(text: bytes | bytearray) -> PlainAnswer | Said | None:
    return plain_answer_in(text) or message_in(text)


def _is_plain(context: CallContext) -> bool:
    """Whether a call is one request and one answer, without anything that the SDK adds."""
    is_traced = not isinstance(get_tracer_provider(), ProxyTracerProvider)
    is_again = context.inputs or context.state is not None
    return not (context.channel.wants_progress or is_again or is_traced)


def _result(given: Given) -> ToolResult:
    if isinstance(given, types.InputRequiredResult):
        raise wire.question(given)
    return wire.result(given)
