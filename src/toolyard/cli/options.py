"""The options of the commands; those of `toolyard serve` are named as in the settings.

Square brackets that mean themselves are escaped, as help is written in rich's markup.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Words = list[str] | None

Kinds = Annotated[
    Words,
    typer.Argument(
        metavar="KIND",
        help="calculator, memory, bash, filesystem, http, image, openapi, or your own: "
        "path/to/file.py\\[:name].",
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Read options from here; if no KIND is given, from toolyard.toml, once approved.",
    ),
]
McpServers = Annotated[
    Words,
    typer.Option(
        metavar="FILE",
        help="Serve the servers in this file of a host too, such as .mcp.json; repeatable.",
    ),
]
Name = Annotated[str | None, typer.Option(metavar="NAME", help="How the server introduces itself.")]
Host = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Listen on this address. \\[127.0.0.1]")
]
Port = Annotated[
    int | None, typer.Option(metavar="N", help="Listen on this port; 0 picks one. \\[8080]")
]
Workers = Annotated[
    int | None,
    typer.Option(metavar="N", help="Serve with so many processes, for as many cores. \\[1]"),
]
Stdio = Annotated[bool, typer.Option("--stdio", help="Serve stdin and stdout instead.")]
Token = Annotated[
    Words,
    typer.Option(
        metavar="TOKEN",
        help="Ask for this bearer token; repeatable. Other users of the machine can see it: "
        "better set TOOLYARD_TOKEN.",
    ),
]
NewToken = Annotated[
    bool, typer.Option("--new-token", help="Make a token for this run and show it.")
]
TokenFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Accept the tokens in this file.")
]
Allow = Annotated[Words, typer.Option(metavar="CIDR", help="Admit only these; repeatable.")]
Deny = Annotated[Words, typer.Option(metavar="CIDR", help="Refuse these; repeatable.")]
TrustProxy = Annotated[
    Words, typer.Option(metavar="CIDR", help="Believe whom these proxies name; repeatable.")
]
ProxyHeader = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The header they name them in. \\[x-forwarded-for]"),
]
AllowedHosts = Annotated[
    Words,
    typer.Option("--allowed-host", metavar="HOST", help="Answer to this name too; repeatable."),
]
AllowedOrigins = Annotated[
    Words,
    typer.Option("--allowed-origin", metavar="ORIGIN", help="Let its pages in; repeatable."),
]
Rate = Annotated[
    str | None, typer.Option(metavar="RATE", help="For each caller: 10/s, 600/min, 10/s burst 50.")
]
Limit = Annotated[
    Words, typer.Option(metavar="NAME=N", help="call_s=60, body_bytes=65536, ...; repeatable.")
]
Instructions = Annotated[str | None, typer.Option(metavar="TEXT", help="What models should know.")]
Drain = Annotated[
    float | None,
    typer.Option("--drain", metavar="SECONDS", help="For calls to finish on stop. \\[30]"),
]
Stateless = Annotated[
    bool,
    typer.Option(
        "--stateless", help="Keep no sessions: any replica answers, nothing is sent unasked."
    ),
]
TlsCert = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Serve HTTPS: the certificate chain (PEM).")
]
TlsKey = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Serve HTTPS: its private key (PEM).")
]
Set = Annotated[
    Words, typer.Option("--set", metavar="KIND.X=VALUE", help="Option X of a KIND; repeatable.")
]
Insecure = Annotated[
    bool,
    typer.Option("--insecure", help="Let everyone in who can reach the server."),
]
Control = Annotated[
    bool,
    typer.Option(
        "--control",
        help="Let tokens with the scope admin change what is served: see toolyard yard.",
    ),
]
Watch = Annotated[
    str | None,
    typer.Option(
        metavar="off|settings|all",
        help="Apply edits of the settings file at once; all: of your Python files too. "
        "\\[settings]",
    ),
]
UrlAsJson = Annotated[bool, typer.Option("--json", help="Say URL and token as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Log warnings only.")]

Target = Annotated[
    str,
    typer.Argument(metavar="TARGET", help='A URL, a configured name, or "stdio:COMMAND ARGS".'),
]
ClientToken = Annotated[
    str | None,
    typer.Option(
        metavar="TOKEN",
        envvar="TOOLYARD_TOKEN",
        help="Bearer token; other users of the machine can see it, the variable they cannot.",
    ),
]
NamesConfig = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Where names are configured; toolyard.toml if it is here, once approved.",
    ),
]
ToolsConfig = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Whose tools the model may use; toolyard.toml if it is here, once approved.",
    ),
]
NoTools = Annotated[bool, typer.Option("--no-tools", help="Use no tools, whatever is configured.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Rounds = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="So many rounds, if it is an Orchestration. \\[1]"),
]
