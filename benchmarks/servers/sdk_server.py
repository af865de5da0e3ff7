"""The tool behind the SDK's `MCPServer`, with a token verifier."""

from __future__ import annotations

from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from pydantic import AnyHttpUrl
from starlette.applications import Starlette

from benchmarks.servers.options import Options, adders, read_options, serve


class OneToken:
    """Admits the bearer of one token."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def verify_token(self, token: str) -> AccessToken | None:
        """Who bears `token`, or nobody."""
        if token != self._token:
            return None
        return AccessToken(token=token, client_id="bench", scopes=[])


def build(options: Options) -> Starlette:
    """The ASGI app."""
    url = AnyHttpUrl(f"http://127.0.0.1:{options.port}")
    server = MCPServer(
        "bench",
        log_level="WARNING",
        token_verifier=OneToken(options.token),
        auth=AuthSettings(issuer_url=url, resource_server_url=url, validate_token_resource=False),
    )
    for add in adders(options.tools, options.kind):
        server.add_tool(add)
    return server.streamable_http_app(
        json_response=options.json_response, stateless_http=options.stateless
    )


def main() -> None:
    options = read_options(__doc__)
    serve(build(options), options)


if __name__ == "__main__":
    main()
