"""Tools whose every detail must arrive unchanged; `python tools.py PORT` or `--stdio` serves."""

import os
import subprocess
import sys
from typing import Any

import anyio

from toolyard import (
    Audio,
    CallContext,
    Image,
    MCPServerBuilder,
    Resource,
    ResourceLink,
    Text,
    Toolbox,
    ToolError,
    ToolResult,
)
from toolyard.core.context import Event
from toolyard.core.inputs import elicit
from toolyard.core.tool import Icon
from toolyard.events.types import ServerStarted

NOTES = {"audience": ["user"], "priority": 0.5, "lastModified": "2026-01-01T00:00:00Z"}
META = {"example.org/kept": {"deep": [1, "two", None, True]}}
ICONS = (
    Icon("https://example.org/i.png", "image/png", ("48x48", "any"), "dark"),
    Icon("data:image/png;base64,AA==", sizes=()),
    Icon("https://example.org/i.svg"),
)
BLOCKS = (
    Text("plain"),
    Text("noted äöü 漢字 \u2028", NOTES, META),
    Image(bytes(range(256)), "image/webp", NOTES, META),
    Audio(b"RIFF\x00\xff", "audio/ogg", NOTES, META),
    Resource("test://text", text="body", mime_type="text/x", annotations=NOTES, meta=META),
    Resource("test://blob", blob=b"\x00\x01", resource_meta=META),
    ResourceLink("test://link", "link", "Title", "what", "text/plain", 12, NOTES, META, ICONS),
)
LARGE = Image(b"\x00" * (2 * 1024 * 1024), "image/png")
RESULTS = {
    "blocks": ToolResult(BLOCKS, meta=META),
    "structured": ToolResult((Text("{}"),), structured={"list": [1, 2.5, None, {"k": "v"}]}),
    "failing": ToolResult((Text("no, because"),), is_error=True),
    "large": ToolResult((LARGE,)),
}
OBJECT: dict[str, Any] = {"type": "object", "properties": {}}
HEADED: dict[str, Any] = {
    "type": "object",
    "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
    "required": ["region"],
}
FORM: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}


def canned(name: str) -> Any:
    def give(arguments: dict[str, Any]) -> ToolResult:
        del arguments
        return RESULTS[name]

    return give


def echo(arguments: dict[str, Any]) -> dict[str, Any]:
    return arguments


def toolbox() -> Toolbox:
    tools = Toolbox()
    for name in RESULTS:
        tools.add_schema(name, canned(name), description=f"Give {name}.", input_schema=OBJECT)
    tools.add_schema(
        "described",
        echo,
        description="All that a tool can say of itself.",
        input_schema={
            "type": "object",
            "properties": {"n": {"$ref": "#/$defs/N", "description": "a number"}},
            "required": ["n"],
            "$defs": {"N": {"type": "integer", "minimum": 0, "x-unknown": [1]}},
        },
        output_schema={"type": "object", "properties": {"n": {"type": "integer"}}},
        title="A title",
        read_only=True,
        destructive=False,
        idempotent=True,
        open_world=False,
        icons=ICONS,
        meta=META,
    )
    tools.add_schema(
        "headed",
        echo,
        description="Wants an argument in a header too.",
        input_schema=HEADED,
    )
    for function in (refuse, count, greet, wait, process, environment, child):
        tools.add(function)

    @tools.tool
    async def grow() -> None:
        """Offer one more tool."""
        tools.add(refuse, name="grown")

    return tools


def refuse() -> str:
    """Refuse."""
    raise ToolError("not today")


async def count(to: int, context: CallContext) -> int:
    """Count with progress."""
    for number in range(1, to + 1):
        await context.progress(number, to, f"at {number}")
    return to


async def greet(context: CallContext) -> str:
    """Ask for a name."""
    said = await context.ask("who", elicit("Who are you?", FORM))
    return f"{said['action']} {said.get('content')}"


async def wait(seconds: float) -> float:
    """Wait so long."""
    await anyio.sleep(seconds)
    return seconds


def process() -> int:
    """The id of the process that serves."""
    return os.getpid()


def environment() -> list[str]:
    """The names of the environment's variables."""
    return sorted(os.environ)


def child() -> int:
    """Start a process that ignores the end of its input, and give its id."""
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    return subprocess.Popen(sleeper, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).pid


def say_ready(event: Event) -> None:
    if isinstance(event, ServerStarted):
        print("ready", flush=True)


def main(where: str) -> None:
    builder = MCPServerBuilder("served").with_protocol("tools", toolbox()).with_drain(0.1)
    builder.with_event_handler(say_ready)
    if where == "--stdio":
        anyio.run(builder.build().serve_stdio)
    else:
        builder.with_port(int(where)).build_and_serve()


if __name__ == "__main__":
    main(sys.argv[1])
