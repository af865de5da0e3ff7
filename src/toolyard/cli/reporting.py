"""How tools, results and progress look at a terminal."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text as Line

from toolyard.cli.terminal import ERR, OUT, one_line, printable, write_json
from toolyard.core.content import Audio, Content, Image, Resource, Text
from toolyard.core.context import LogLevel
from toolyard.core.errors import MissingCapability
from toolyard.core.inputs import InputRequest
from toolyard.core.tool import Tool, ToolResult


def show_tools(tools: Sequence[Tool]) -> None:
    """A table of tools with their arguments; required ones are marked."""
    table = Table("Tool", "Arguments", "What it does", show_lines=False, box=None, pad_edge=False)
    for tool in tools:
        table.add_row(
            Line(printable(tool.name), style="bold"),
            Line(_arguments(tool)),
            Line(one_line(tool.description)),
        )
    OUT.print(table)
    ERR.print(f"{len(tools)} tools. * is required.", style="dim")


def _arguments(tool: Tool) -> str:
    required = set(tool.input_schema.get("required", ()))
    names = tool.input_schema.get("properties", {})
    return " ".join(printable(name) + ("*" if name in required else "") for name in names)


def written_tool(tool: Tool) -> Mapping[str, Any]:
    """A tool for a script, under MCP's names."""
    written = {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "outputSchema": tool.output_schema,
        "annotations": asdict(tool.annotations) if tool.annotations else None,
    }
    return {key: value for key, value in written.items() if value is not None}


def show_result(result: ToolResult, *, as_json: bool) -> None:
    """What a call gave: to stdout, or to stderr if it is an error."""
    if as_json:
        content = [_written(block) for block in result.content]
        structured = {"structuredContent": result.structured} if result.structured else {}
        write_json({"content": content, **structured, "isError": result.is_error})
        return
    console = ERR if result.is_error else OUT
    for block in result.content:
        style = "red" if result.is_error else ""
        console.print(Line(_shown(block), style=style), soft_wrap=True)


def _shown(block: Content) -> str:
    if isinstance(block, Text):
        return printable(block.text)
    if isinstance(block, Image | Audio):
        return f"[{block.mime_type}, {len(block.data)} bytes; --json has them]"
    if isinstance(block, Resource):
        return printable(block.text or f"[{block.uri}, {len(block.blob or b'')} bytes]")
    return printable(f"{block.name}: {block.uri}")


def _written(block: Content) -> Mapping[str, Any]:
    if isinstance(block, Text):
        return {"type": "text", "text": block.text}
    if isinstance(block, Image | Audio):
        kind = type(block).__name__.lower()
        data = b64encode(block.data).decode()
        return {"type": kind, "mimeType": block.mime_type, "data": data}
    if isinstance(block, Resource):
        blob = None if block.blob is None else b64encode(block.blob).decode()
        return {"type": "resource", "uri": block.uri, "text": block.text, "blob": blob}
    return {"type": "resource_link", "uri": block.uri, "name": block.name}


class Reporter:
    """A `CallChannel` for the terminal: a bar for progress, a line for each log entry."""

    capabilities: Mapping[str, Any] = {}
    can_ask = False

    def __init__(self, name: str) -> None:
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:.0f}%"),
            TimeElapsedColumn(),
            console=ERR,
            transient=True,
        )
        self._task = self._bar.add_task(printable(name), total=None, visible=False)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=progress, total=total, visible=True)
        if message:
            self._bar.update(self._task, description=one_line(message, 60))

    async def log(self, level: LogLevel, data: Any, logger: str | None) -> None:
        """Print the entry above the bar."""
        del logger
        ERR.print(f"{level}: {printable(str(data))}", style="dim", markup=False)

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        """Questions go to the client's own answers, never here."""
        raise MissingCapability({request.method: {}})
