"""Checks of what revision 2026-07-28 asks of a server at a URL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import mcp_types as types
from mcp_types.version import LATEST_MODERN_VERSION

from toolyard.clients.doctor.endpoint import Answer, Endpoint
from toolyard.clients.doctor.finding import Finding, failure, ok
from toolyard.clients.doctor.tools import nonsense


async def compares_method(endpoint: Endpoint) -> Finding:
    """`Mcp-Method` says one thing, the body another."""
    answer = await endpoint.post_modern("tools/list", headers={"Mcp-Method": "prompts/list"})
    return _of_mismatch(answer, "Mcp-Method")


async def compares_name(endpoint: Endpoint) -> Finding:
    """`Mcp-Name` says one thing, the body another; neither is a tool."""
    answer = await endpoint.post_modern(
        "tools/call",
        {"name": nonsense("tool"), "arguments": {}},
        headers={"Mcp-Name": nonsense("other")},
    )
    return _of_mismatch(answer, "Mcp-Name")


def _of_mismatch(answer: Answer, header: str) -> Finding:
    if (answer.status, answer.heard().error_code) == (400, types.HEADER_MISMATCH):
        return ok("headers", f"An {header} that contradicts the body is refused.")
    return failure(
        "headers",
        f"An {header} that contradicts the body gives {answer}; the protocol asks for 400 and "
        f"{types.HEADER_MISMATCH}, as proxies route and admit by that header.",
    )


async def refuses_unknown_method(endpoint: Endpoint) -> Finding:
    """A method that does not exist."""
    answer = await endpoint.post_modern(f"toolyard/{nonsense('method')}")
    if (answer.status, answer.heard().error_code) == (404, types.METHOD_NOT_FOUND):
        return ok("unknown-method", "An unknown method is refused with 404 and -32601.")
    return failure(
        "unknown-method",
        f"An unknown method gives {answer}; the protocol asks for 404 and -32601.",
    )


async def refuses_get(endpoint: Endpoint) -> Finding:
    """A GET, which opened a stream in older revisions."""
    answer = await endpoint.send("GET", {"MCP-Protocol-Version": LATEST_MODERN_VERSION})
    if answer.status == 405:
        return ok("get", "GET is refused with 405.")
    return failure(
        "get",
        f"GET at {LATEST_MODERN_VERSION} gives HTTP {answer.status}; the protocol asks for 405.",
    )


CHECKS: tuple[tuple[str, Callable[[Endpoint], Awaitable[Finding]]], ...] = (
    ("headers", compares_method),
    ("headers", compares_name),
    ("unknown-method", refuses_unknown_method),
    ("get", refuses_get),
)
"""In this order; each with the word its findings carry."""
