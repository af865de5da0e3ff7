"""How tools, results and progress look at a terminal."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self, cast

import anyio
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text as Line

from toolyard.cli.consoles import ERR, OUT, WIDE, show
from toolyard.cli.questions import ask_user
from toolyard.cli.terminal import json_of, say, write, write_json
from toolyard.core.content import Audio, Content, Image, Resource, Text
from toolyard.core.context import LogLevel
from toolyard.core.errors import MissingCapability
from toolyard.core.inputs import InputRequest
from toolyard.core.printable import one_line
from toolyard.core.tool import Tool, ToolAnnotations, ToolResult


def show_tools(tools: Sequence[Tool]) -> None:
    """A table of tools with their arguments; required ones are marked."""
    table = Table("Tool", "Arguments", "What it does", show_lines=False, box=None, pad_edge=False)
    for tool in tools:
        table.add_row(
            Line(one_line(tool.name), style="bold", overflow="fold"),
            Line(_arguments(tool)),
            Line(one_line(tool.description)),
        )
    show(table, console=OUT if OUT.is_terminal else WIDE)
    say(f"{len(tools)} tools. * is required.")


def _arguments(tool: Tool) -> str:
    """The names, as far as a foreign schema, which may be anything, says any."""
    names, listed = (tool.input_schema.get(key) for key in ("properties", "required"))
    if not isinstance(names, Mapping):
        return ""
    marked = cast("list[object]", listed) if isinstance(listed, list) else []
    required = {name for name in marked if isinstance(name, str)}
    return " ".join(
        one_line(name) + ("*" if name in required else "")
        for name in cast("Mapping[str, Any]", names)
    )


def written_tool(tool: Tool) -> Mapping[str, Any]:
    """A tool for a script, under MCP's names."""
    hints = tool.annotations
    written = {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "outputSchema": tool.output_schema,
        "annotations": hints and _hints(hints),
    }
    return _said(written)


def _hints(hints: ToolAnnotations) -> Mapping[str, Any]:
    return _said(
        {
            "title": hints.title,
            "readOnlyHint": hints.read_only,
            "destructiveHint": hints.destructive,
            "idempotentHint": hints.idempotent,
            "openWorldHint": hints.open_world,
        }
    )


def _said(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def show_result(result: ToolResult, *, as_json: bool) -> None:
    """What a call gave: to stdout, or to stderr if it is an error; all of it as JSON to stdout."""
    if as_json:
        content = [_written(block) for block in result.content]
        structured = _said({"structuredContent": result.structured})
        write_json({"content": content, **structured, "isError": result.is_error})
        return
    shown = [_shown(block) for block in result.content]
    if not shown and result.structured is not None:
        shown = [json_of(result.structured)]
    for text in shown:
        if result.is_error:
            say(text, style="red")
        else:
            write(text)


def _shown(block: Content) -> str:
    if isinstance(block, Text):
        return block.text
    if isinstance(block, Image | Audio):
        return f"[{block.mime_type}, {len(block.data)} bytes; --json has them]"
    if isinstance(block, Resource):
        if block.text is not None:
            return block.text
        return f"[{block.uri}, {len(block.blob or b'')} bytes; --json has them]"
    return f"{block.name}: {block.uri}"


def _written(block: Content) -> Mapping[str, Any]:
    if isinstance(block, Text):
        return {"type": "text", "text": block.text}
    if isinstance(block, Image | Audio):
        kind = type(block).__name__.lower()
        return {"type": kind, "mimeType": block.mime_type, "data": _base64(block.data)}
    if isinstance(block, Resource):
        blob = None if block.blob is None else _base64(block.blob)
        document = {"uri": block.uri, "mimeType": block.mime_type, "text": block.text, "blob": blob}
        return {"type": "resource", "resource": _said(document)}
    link = {"uri": block.uri, "name": block.name, "title": block.title, "size": block.size}
    about = {"description": block.description, "mimeType": block.mime_type}
    return {"type": "resource_link", **_said({**link, **about})}


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


class Reporter:
    """A `CallChannel` for the terminal: a bar for progress, a line for each log entry.

    The bar comes with the first report, and goes while the user is asked something.
    """

    capabilities: Mapping[str, Any] = {}
    log_level: LogLevel | None = "info"
    wants_progress = True
    can_ask = False

    def __init__(self, name: str) -> None:
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:.0f}%"),
            TimeElapsedColumn(),
            console=ERR,
            transient=True,
            disable=not ERR.is_terminal,  # in a file, a bar is but an empty line
        )
        self._asking = anyio.Lock()
        self._task = self._bar.add_task(one_line(name, 60), total=None, visible=False)

    def __enter__(self) -> Self:
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
        self._bar.start()
        self._bar.update(self._task, completed=progress, total=total, visible=True)
        if message:
            self._bar.update(self._task, description=one_line(message, 60))

    async def log(self, level: LogLevel, data: Any, logger: str | None) -> None:
        """Print the entry above the bar."""
        del logger
        say(f"{level}: {data}")

    async def answer(self, request: InputRequest) -> Mapping[str, Any]:
        """Ask the user, for whoever asks in the middle of the call; one question at a time."""
        async with self._asking:
            self._bar.stop()
            return await ask_user(request)

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        """Questions go to the client's own answers, never here."""
        raise MissingCapability({request.method: {}})
