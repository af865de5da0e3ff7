"""A client for the official conformance suite, built with toolyard.

Run as `python tests/conformance/client.py URL`; the suite says in the environment which
scenario it plays and which revision it speaks.
"""

import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlparse

import anyio
import httpx2
from mcp.client.auth import OAuthClientProvider, TokenStorage
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import AnyUrl

from toolyard import CallContext, MCPClient, Tool, ToolCall, ToolyardError
from toolyard.core.inputs import InputRequest

CALLBACK = "http://localhost:3000/callback"
CONTEXT: dict[str, Any] = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
SCENARIO = os.environ.get("MCP_CONFORMANCE_SCENARIO", "")
NO_ARGUMENTS: Mapping[str, Any] = {
    "string": "x",
    "integer": 0,
    "number": 0,
    "boolean": False,
    "object": {},
    "array": [],
    "null": None,
}


def revision() -> str:
    if SCENARIO == "json-schema-ref-no-deref":  # its server only knows the handshake
        return "legacy"
    spoken = os.environ.get("MCP_CONFORMANCE_PROTOCOL_VERSION")
    return "auto" if spoken is None or spoken in MODERN_PROTOCOL_VERSIONS else "legacy"


async def answer(request: InputRequest) -> Mapping[str, Any]:
    if request.method == "roots/list":
        return {"roots": []}
    if request.method == "sampling/createMessage":
        return {"role": "assistant", "content": {"type": "text", "text": ""}, "model": "none"}
    fields: Mapping[str, Any] = request.params.get("requestedSchema", {}).get("properties", {})
    content = {name: field["default"] for name, field in fields.items() if "default" in field}
    return {"action": "accept", "content": content or {"confirmed": True}}


class Memory(TokenStorage):
    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Browser:
    """Follows the authorization redirect as a user's browser would."""

    def __init__(self) -> None:
        self.landed: dict[str, list[str]] = {}

    async def open(self, url: str) -> None:
        async with httpx2.AsyncClient() as client:
            response = await client.get(url)
        self.landed = parse_qs(urlparse(response.headers["location"]).query)

    async def code(self) -> AuthorizationCodeResult:
        first = {name: values[0] for name, values in self.landed.items()}
        return AuthorizationCodeResult(
            code=first["code"], state=first.get("state"), iss=first.get("iss")
        )


def oauth(url: str) -> httpx2.Auth:
    storage, browser = Memory(), Browser()
    if "client_id" in CONTEXT:
        secret = CONTEXT.get("client_secret")
        storage.client = OAuthClientInformationFull(
            client_id=CONTEXT["client_id"],
            client_secret=secret,
            redirect_uris=[AnyUrl(CALLBACK)],
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
        )
    return OAuthClientProvider(
        server_url=url,
        client_metadata=OAuthClientMetadata(
            client_name="toolyard",
            redirect_uris=[AnyUrl(CALLBACK)],
            grant_types=["authorization_code", "refresh_token"],
            response_types=["code"],
        ),
        storage=storage,
        redirect_handler=browser.open,
        callback_handler=browser.code,
        client_metadata_url="https://conformance-test.local/client-metadata.json",
    )


async def call(client: MCPClient, name: str, arguments: Mapping[str, Any]) -> None:
    await client.call_tool(ToolCall(name, arguments), CallContext())


async def try_call(client: MCPClient, name: str, arguments: Mapping[str, Any]) -> None:
    try:
        await call(client, name, arguments)
    except ToolyardError as error:
        print(f"{name}: {error}", file=sys.stderr)


def least(tool: Tool) -> Mapping[str, Any]:
    properties = tool.input_schema.get("properties", {})
    required = tool.input_schema.get("required", [])
    return {name: NO_ARGUMENTS.get(properties[name].get("type"), "x") for name in required}


async def add(client: MCPClient, tools: Mapping[str, Tool]) -> None:
    del tools
    await call(client, "add_numbers", {"a": 5, "b": 3})


async def look_only(client: MCPClient, tools: Mapping[str, Tool]) -> None:
    del client, tools


async def echo_schema(client: MCPClient, tools: Mapping[str, Tool]) -> None:
    schema = tools["json_schema_2020_12_tool"].input_schema
    await call(client, "json_schema_echo", {"schema": schema})


async def call_all(client: MCPClient, tools: Mapping[str, Tool]) -> None:
    for tool in tools.values():
        await try_call(client, tool.name, least(tool))


async def replay(client: MCPClient, tools: Mapping[str, Tool]) -> None:
    for wanted in CONTEXT.get("toolCalls", []):
        if wanted["name"] in tools:
            await try_call(client, wanted["name"], wanted.get("arguments") or {})


async def answer_rounds(client: MCPClient, tools: Mapping[str, Tool]) -> None:
    del tools
    for name in ("echo_state", "unrelated", "no_state", "no_result_type"):
        await call(client, f"test_mrtr_{name}", {})


async def first_tool(client: MCPClient, tools: Mapping[str, Tool]) -> None:
    for name in list(tools)[:1]:
        await try_call(client, name, {})


PLAYS: Mapping[str, Callable[[MCPClient, Mapping[str, Tool]], Awaitable[None]]] = {
    "initialize": look_only,
    "json-schema-ref-no-deref": look_only,
    "json-schema-2020-12-preservation": echo_schema,
    "tools_call": add,
    "request-metadata": add,
    "http-standard-headers": add,
    "http-invalid-tool-headers": call_all,
    "http-custom-headers": replay,
    "sse-retry": lambda client, _: call(client, "test_reconnection", {}),
    "elicitation-sep1034-client-defaults": lambda client, _: call(
        client, "test_client_elicitation_defaults", {}
    ),
    "sep-2322-client-request-state": answer_rounds,
}


async def play(url: str) -> None:
    auth = oauth(url) if SCENARIO.startswith("auth/") else None
    async with MCPClient(url, auth=auth, answer=answer, revision=revision()) as client:
        tools = {tool.name: tool for tool in await client.list_tools(CallContext())}
        await PLAYS.get(SCENARIO, first_tool)(client, tools)


if __name__ == "__main__":
    anyio.run(play, sys.argv[1])
