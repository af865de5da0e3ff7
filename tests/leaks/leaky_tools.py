"""Tools, documents and prompts that fail in every way; what is in their errors is nobody's to read.

Served as `leaky_tools.py:tools` and `leaky_tools.py:rude`. Loading it turns every log up.
"""

import logging
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import anyio
from mcp import MCPError
from pydantic import TypeAdapter

from toolyard import CallContext, Resource, Tool, Toolbox, ToolCall, ToolResult
from toolyard.core.errors import InputRequired
from toolyard.core.inputs import elicit
from toolyard.core.protocol import (
    Change,
    Listener,
    Listeners,
    PromptInfo,
    PromptMessage,
    ResourceInfo,
)

INNER = "innermost-detail-7Qw4Zp"
PLACE = f"/etc/{INNER}/private.key"
OBJECT: Mapping[str, Any] = {"type": "object"}

for watched in ("", "toolyard", "mcp", "uvicorn", "httpx2"):
    logging.getLogger(watched or None).setLevel(logging.DEBUG)


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError(PLACE)


class Opaque:
    def __repr__(self) -> str:
        return f"<Opaque at {PLACE}>"


def nested() -> object:
    inner = ValueError(f"{PLACE} {INNER}")
    raise ExceptionGroup(INNER, [inner, OSError(2, "No such file", PLACE)]) from inner


def endless() -> object:
    return endless()


def raising(error: BaseException) -> Callable[[], object]:
    def fail() -> object:
        raise error

    return fail


FAILURES: Mapping[str, Callable[[], object]] = {
    "value": raising(ValueError(f"{PLACE} {INNER}")),
    "missing_key": raising(KeyError(INNER)),
    "missing_file": Path(PLACE).read_text,
    "command": raising(subprocess.CalledProcessError(1, ["psql", f"--password={INNER}"])),
    "exit": raising(SystemExit(PLACE)),
    "timeout": raising(TimeoutError(PLACE)),
    "protocol": raising(MCPError(-32000, PLACE, {"where": INNER})),
    "unspeakable": raising(Unspeakable(INNER)),
    "invalid": lambda: TypeAdapter(int).validate_python(INNER),
    "undecodable": lambda: INNER.encode("utf-16").decode("utf-8"),
    "nested": nested,
    "endless": endless,
}

ODDITIES: Mapping[str, object] = {
    "object": Opaque(),
    "inside": {"deep": [Opaque()]},
    "key": {Opaque(): 1},
    "bytes": b"\xff" + INNER.encode(),
    "number": float("nan"),
    "list": [{INNER: Opaque()}],
}
"""What no tool may return."""

tools = Toolbox()


def add_failure(name: str, fail: Callable[[], object]) -> None:
    def in_thread() -> str:
        return str(fail())

    async def in_loop() -> str:
        return str(fail())

    def document() -> str:
        return str(fail())

    tools.add(in_thread, name=f"thread_{name}", description="Fail in a thread.")
    tools.add(in_loop, name=f"loop_{name}", description="Fail in the loop.")
    tools.resource(f"leak://failing/{name}", name=f"doc_{name}")(document)
    tools.prompt(name=f"prompt_{name}", description="Fail.")(in_loop)


def add_oddity(name: str, odd: object) -> None:
    def handler(arguments: Mapping[str, Any]) -> Any:
        del arguments
        return odd

    def document() -> str:
        return cast("str", odd)

    output = {"type": "object", "properties": {"deep": {"type": "integer"}}, "required": ["deep"]}
    about = f"Return {name}."
    tools.add_schema(f"odd_{name}", handler, description=about, input_schema=OBJECT)
    tools.add_schema(
        f"wrong_{name}", handler, description=about, input_schema=OBJECT, output_schema=output
    )
    tools.resource(f"leak://odd/{name}", name=f"odd_doc_{name}")(document)
    tools.prompt(name=f"odd_prompt_{name}", description=about)(document)


for each, failure in FAILURES.items():
    add_failure(each, failure)
for each, oddity in ODDITIES.items():
    add_oddity(each, oddity)


@tools.tool(timeout_s=0.01)
async def slow() -> None:
    """Take too long."""
    await anyio.sleep_forever()


@tools.tool
async def miscount() -> int:
    """Return what is no number."""
    return cast("int", INNER)


@tools.tool
async def take(number: int, choice: str = "") -> str:
    """Take a number and a text."""
    return f"{number} {choice}"


@tools.tool
async def remember() -> str:
    """Ask something and remember what nobody else may know."""
    raise InputRequired({"name": elicit("Who?", {"type": "object", "properties": {}})}, INNER)


@tools.tool
def process_id() -> int:
    """The process that serves."""
    return os.getpid()


@tools.resource("leak://family/{member}")
def family(member: str) -> str:
    """A document of a family."""
    raise LookupError(f"{PLACE} {member}")


@tools.completion("leak://family/{member}", "member")
def members(value: str) -> list[str]:
    """The members."""
    raise LookupError(f"{PLACE} {value}")


@tools.prompt
def greeting(name: str) -> str:
    """Greet."""
    return name


@tools.completion("greeting", "name")
def names(value: str) -> list[str]:
    """What cannot be written as JSON."""
    return cast("list[str]", [Opaque(), value])


class Rude:
    """A source that lets every error pass, and sooner or later cannot even say what it has."""

    def __init__(self) -> None:
        self._listeners = Listeners()
        self._broken = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        del kind, error, traceback

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        return self._listeners.subscribe(listener)

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        del context
        self._break_if_broken()
        named = ("rude", "rude_result", "rude_break")
        return [Tool(name, "Fail.", {"type": "object"}) for name in named]

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        del context
        if call.name == "rude_result":
            return cast("ToolResult", Opaque())
        if call.name == "rude_break":
            self._broken = True
            self._listeners.tell(Change("tools"))
            self._listeners.tell(Change("resources"))
            self._listeners.tell(Change("prompts"))
        raise ValueError(f"{PLACE} {INNER}")

    async def list_resources(self, context: CallContext) -> Sequence[ResourceInfo]:
        del context
        self._break_if_broken()
        return [ResourceInfo("rude://document", "document")]

    async def list_resource_templates(self, context: CallContext) -> Sequence[ResourceInfo]:
        del context
        return []

    async def read_resource(self, uri: str, context: CallContext) -> Sequence[Resource]:
        del context
        raise OSError(2, f"No such file for {uri}", PLACE)

    async def list_prompts(self, context: CallContext) -> Sequence[PromptInfo]:
        del context
        self._break_if_broken()
        return [PromptInfo("rude_prompt")]

    async def get_prompt(
        self, name: str, arguments: Mapping[str, str], context: CallContext
    ) -> Sequence[PromptMessage]:
        del arguments, context
        return cast("Sequence[PromptMessage]", [Opaque(), name])

    async def complete(
        self, name: str, argument: str, value: str, context: CallContext
    ) -> Sequence[str]:
        del argument, value, context
        raise KeyError(f"{PLACE} {name}")

    def _break_if_broken(self) -> None:
        if self._broken:
            raise RuntimeError(f"{PLACE} {INNER}")


rude = Rude()
