"""What every server here is told, and the tool they all offer.

Only the standard library and uvicorn: the FastMCP server runs this in an environment of its own.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

NEVER_REACHED = "1000000/s"
"""A rate limit that is checked for every call and never met."""

KINDS = ("instant", "waiting", "sync")
"""Of tools: a coroutine that awaits nothing, one that waits once, and a plain function."""

Adder = Callable[[float, float], Any]


@dataclass(frozen=True)
class Options:
    """Where to listen, whom to let in, what to offer."""

    port: int
    token: str
    tools: int
    json_response: bool
    stateless: bool
    letters: int
    kind: str


def read_options(description: str | None) -> Options:
    """The options on this process's command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", required=True, help="the bearer token to ask for")
    parser.add_argument("--tools", type=int, default=1, help="how many tools to offer")
    parser.add_argument("--json", action="store_true", help="answer JSON instead of a stream")
    parser.add_argument("--stateless", action="store_true", help="keep no sessions")
    parser.add_argument("--letters", type=int, default=0, help="of a tool `text`, if it is offered")
    parser.add_argument("--kind", choices=KINDS, default=KINDS[0], help="of the tools")
    given = parser.parse_args()
    return Options(
        *(given.port, given.token, given.tools, given.json, given.stateless, given.letters),
        kind=given.kind,
    )


def adders(count: int, kind: str = KINDS[0]) -> Iterator[Adder]:
    """`count` tools; the one that is called, `add`, is the last."""
    for number in range(1, count):
        yield _adder(f"add_{number}", kind)
    yield _adder("add", kind)


def _adder(name: str, kind: str) -> Adder:
    async def instant(a: float, b: float) -> float:
        """Add two numbers."""
        return a + b

    async def waiting(a: float, b: float) -> float:
        """Add two numbers."""
        await asyncio.sleep(0)
        return a + b

    def sync(a: float, b: float) -> float:
        """Add two numbers."""
        return a + b

    made: dict[str, Adder] = {"instant": instant, "waiting": waiting, "sync": sync}
    add = made[kind]
    add.__name__ = add.__qualname__ = name
    return add


def text_of(letters: int) -> str:
    """So many letters, some of which JSON has to escape."""
    line = 'A line of "text", as long as most.\n'
    return (line * (letters // len(line) + 1))[:letters]


def serve(app: Any, options: Options) -> None:
    """Run `app` the same way for all."""
    serving(app, options.port).run()


def serving(app: Any, port: int) -> Any:
    """What runs `app`: one worker, uvloop, httptools, no access log."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            loop="uvloop",
            http="httptools",
            log_level="warning",
            access_log=False,
        )
    )
