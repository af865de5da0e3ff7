"""`toolyard serve`."""

from __future__ import annotations

import typer

from toolyard.cli import options
from toolyard.cli.examples import examples
from toolyard.cli.starting import start

EXAMPLES = examples(
    "toolyard serve calculator",
    "toolyard serve calculator --new-token --allow 10.0.0.0/8 --allow 127.0.0.1",
    "toolyard serve filesystem --set filesystem.root=notes",
    "toolyard serve my_tools.py --stdio",
    "toolyard serve my_tools.py:tools --port 8080 --rate 600/min",
    "toolyard serve my_tools.py --workers 4",
    "toolyard serve --config toolyard.toml",
    "toolyard serve --config toolyard.toml --control --new-token",
    "toolyard serve my_tools.py --watch all",
    "toolyard serve --mcp-servers .mcp.json",
)


def serve(
    context: typer.Context,
    kinds: options.Kinds = None,
    config: options.Config = None,
    mcp_servers: options.McpServers = None,
    name: options.Name = None,
    host: options.Host = None,
    port: options.Port = None,
    workers: options.Workers = None,
    stdio: options.Stdio = False,
    token: options.Token = None,
    new_token: options.NewToken = False,
    token_file: options.TokenFile = None,
    allow: options.Allow = None,
    deny: options.Deny = None,
    trust_proxy: options.TrustProxy = None,
    proxy_header: options.ProxyHeader = None,
    allowed_hosts: options.AllowedHosts = None,
    allowed_origins: options.AllowedOrigins = None,
    rate: options.Rate = None,
    limit: options.Limit = None,
    instructions: options.Instructions = None,
    drain_s: options.Drain = None,
    stateless: options.Stateless = False,
    tls_cert: options.TlsCert = None,
    tls_key: options.TlsKey = None,
    option: options.Set = None,
    insecure: options.Insecure = False,
    control: options.Control = False,
    watch: options.Watch = None,
    as_json: options.UrlAsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Serve tools over MCP, guarded, until stopped."""
    start(context.params)  # all of the above, by name
