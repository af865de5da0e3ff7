"""Tools that answer in every way there is."""

from __future__ import annotations

from typing import Any, Literal

from toolyard import CallContext, Image, Resource, ResourceLink, Text, Toolbox, ToolError
from toolyard.core.content import Content
from toolyard.core.inputs import elicit

tools = Toolbox()


@tools.tool
def echo(
    text: str,
    maybe: str | None = None,
    count: int = 0,
    numbers: list[float] | None = None,
    either: int | str = 0,
    choice: Literal["1", "2"] = "1",
) -> dict[str, Any]:
    """Give back what came."""
    return {
        "text": text,
        "maybe": maybe,
        "count": count,
        "numbers": numbers,
        "either": either,
        "choice": choice,
    }


@tools.tool
def long() -> str:
    """Say much, in one line, with tabs."""
    return "a\tb " * 10_000


@tools.tool
def blocks() -> list[Content]:
    """Answer in every kind of block."""
    return [
        Text("[red]grüße[/red] [/] :smile:"),
        Image(b"\x89PNG\x00"),
        Resource("file:///a", text="the text"),
        Resource("file:///b", blob=b"\x00\x01", mime_type="application/x-b"),
        ResourceLink("file:///c", "see"),
    ]


@tools.tool
def refuse() -> str:
    """Say no."""
    raise ToolError("No [/] way.")


@tools.tool
async def steps(context: CallContext) -> str:
    """Report progress."""
    for step in range(3):
        await context.progress(step, 3, f"step [/] {step}")
        await context.log("warning", f"noticed [/] {step}")
    return "done"


@tools.tool
async def greet(context: CallContext) -> str:
    """Ask the user for a name, while a bar moves."""
    await context.progress(1, 2)
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    answer = await context.ask("who", elicit("Who are you?", schema))
    return f"Hello, {answer['content']['name']}!"
