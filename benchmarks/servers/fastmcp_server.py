"""The tool behind FastMCP, with its static token verifier."""

from __future__ import annotations

from typing import Any

from fastmcp import FastMCP
from fastmcp.server.auth.providers.jwt import StaticTokenVerifier

from benchmarks.servers.options import Options, adders, read_options, serve


def build(options: Options) -> Any:
    """The ASGI app."""
    holder = {"client_id": "bench", "scopes": []}
    server = FastMCP("bench", auth=StaticTokenVerifier({options.token: holder}))
    for add in adders(options.tools, options.kind):
        server.tool(add)
    return server.http_app(
        path="/mcp", json_response=options.json_response, stateless_http=options.stateless
    )


def main() -> None:
    options = read_options(__doc__)
    serve(build(options), options)


if __name__ == "__main__":
    main()
