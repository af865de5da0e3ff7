"""The options of `toolyard serve`, each named as in the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Words = list[str] | None

Kinds = Annotated[
    Words, typer.Argument(metavar="KIND...", help="calculator, or your own: path/to/file.py[:name]")
]
Config = Annotated[
    Path | None, typer.Option(help="Read options from this file; toolyard.toml if it is here.")
]
Name = Annotated[str | None, typer.Option(help="How the server introduces itself.")]
Host = Annotated[str | None, typer.Option(help="Listen on this address. [127.0.0.1]")]
Port = Annotated[int | None, typer.Option(help="Listen on this port; 0 picks one. [8080]")]
Stdio = Annotated[bool, typer.Option("--stdio", help="Serve stdin and stdout instead.")]
Token = Annotated[Words, typer.Option(help="Ask for this bearer token; may be repeated.")]
NewToken = Annotated[
    bool, typer.Option("--new-token", help="Make a token for this run and show it.")
]
TokenFile = Annotated[Path | None, typer.Option(help="Accept the tokens in this file.")]
Allow = Annotated[Words, typer.Option(help="Admit only such addresses (CIDR); may be repeated.")]
Deny = Annotated[Words, typer.Option(help="Refuse such addresses (CIDR); may be repeated.")]
TrustProxy = Annotated[Words, typer.Option(help="Believe whom these proxies name (CIDR).")]
ProxyHeader = Annotated[str | None, typer.Option(help="What they name them in. [x-forwarded-for]")]
AllowedHosts = Annotated[Words, typer.Option("--allowed-host", help="Answer to this name too.")]
AllowedOrigins = Annotated[
    Words, typer.Option("--allowed-origin", help="Let pages of this origin in.")
]
Rate = Annotated[str | None, typer.Option(help="For each caller: 10/s, 600/min.")]
Limit = Annotated[Words, typer.Option(metavar="NAME=N", help="call_s=60, body_bytes=65536, ...")]
Instructions = Annotated[str | None, typer.Option(help="What models should know.")]
Drain = Annotated[
    float | None, typer.Option("--drain", help="Seconds for calls to finish on stop. [30]")
]
TlsCert = Annotated[Path | None, typer.Option(help="Serve HTTPS: the certificate chain (PEM).")]
TlsKey = Annotated[Path | None, typer.Option(help="Serve HTTPS: its private key (PEM).")]
Set = Annotated[
    Words, typer.Option("--set", metavar="KIND.OPTION=VALUE", help="An option of a kind.")
]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Let everyone in who can reach the server.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Say URL and token as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Log warnings only.")]
