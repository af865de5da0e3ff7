"""The tool behind toolyard on standard input and output, as a gateway starts it."""

from __future__ import annotations

import argparse
import os

import anyio

from benchmarks.servers.options import adders
from toolyard import MCPServerBuilder, Toolbox


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", type=int, required=True, help="the core to work on")
    os.sched_setaffinity(0, {parser.parse_args().core})
    toolbox = Toolbox()
    for add in adders(1):
        toolbox.add(add)
    server = MCPServerBuilder("bench").with_protocol("tools", toolbox).build()
    anyio.run(server.serve_stdio, backend_options={"use_uvloop": True})


if __name__ == "__main__":
    main()
