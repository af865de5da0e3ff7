"""The tool behind toolyard, with a bearer token, an address filter, a rate limit and metrics."""

from __future__ import annotations

from benchmarks.servers.options import NEVER_REACHED, adders, read_options, text_of
from toolyard import MCPServerBuilder, Toolbox


def main() -> None:
    options = read_options(__doc__)
    toolbox = Toolbox()
    for add in adders(options.tools, options.kind):
        toolbox.add(add)
    if options.letters:

        @toolbox.tool
        async def text() -> str:  # pyright: ignore[reportUnusedFunction]
            """A large text."""
            return text_of(options.letters)

    (
        MCPServerBuilder("bench")
        .with_protocol("tools", toolbox)
        .with_host("127.0.0.1")
        .with_port(options.port)
        .with_bearer_token(options.token)
        .allow_cidr("127.0.0.1")
        .with_rate_limit(NEVER_REACHED)
        .build_and_serve()
    )


if __name__ == "__main__":
    main()
