"""FastMCP's proxy before a server elsewhere, with its static token verifier."""

from __future__ import annotations

import argparse
from typing import Any

import uvloop
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.server import create_proxy
from fastmcp.server.auth.providers.jwt import StaticTokenVerifier

from benchmarks.servers.options import serving


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True, help="the bearer token to ask for")
    parser.add_argument("--url", required=True, help="where the server is")
    parser.add_argument("--its-token", required=True, help="the bearer token to give it")
    parser.add_argument("--shared", action="store_true", help="one client for all calls")
    uvloop.run(_serve(parser.parse_args()))


async def _serve(given: argparse.Namespace) -> None:
    target = StreamableHttpTransport(given.url, auth=given.its_token)
    if not given.shared:
        await _serve_proxy(target, given)
        return
    async with Client(target) as client:
        await _serve_proxy(client, given)


async def _serve_proxy(target: Any, given: argparse.Namespace) -> None:
    verifier = StaticTokenVerifier({given.token: {"client_id": "bench", "scopes": []}})
    proxy = create_proxy(target, name="bench", auth=verifier)
    await serving(proxy.http_app(path="/mcp"), given.port).serve()


if __name__ == "__main__":
    main()
