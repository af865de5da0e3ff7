"""What hosts and model providers will stumble over in a list of tools."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from mcp.shared.inbound import find_invalid_x_mcp_header

from toolyard.clients.doctor.finding import Finding, failure, listed, ok, shown, warning
from toolyard.clients.doctor.schema import faults_in
from toolyard.core.errors import InvalidTool
from toolyard.core.text_safety import refuse_hidden_within
from toolyard.core.tool import TOOL_NAME, Tool

MOST_NAME = 40
"""Letters in a name: hosts put the server's name before it and refuse more than 64 in all."""
MOST_DESCRIPTION = 1024
"""Letters in a description; some providers refuse more, others cut it."""
MOST_TOOLS = 128
"""Tools in one request to a model."""
LETTERS_PER_TOKEN = 4


def lint(tools: Sequence[Tool], *, within_s: float = math.inf) -> Sequence[Finding]:
    """What is wrong with each tool, then with the list, and last what the list costs.

    Args:
        tools: In the order they are listed.
        within_s: Seconds after which no further tool is looked at.
    """
    found: list[Finding] = []
    letters, until = 0, time.monotonic() + within_s
    for count, tool in enumerate(tools):
        if time.monotonic() > until:
            text = f"Only {count} of {len(tools)} tools were looked at within {within_s:g} s."
            found.append(warning("schema", text))
            break
        try:
            found.extend(_of_tool(tool))
            letters += len(_written(tool))
        except RecursionError:
            text = f"A schema of {shown(tool.name)} is nested too deeply for hosts."
            found.append(failure("schema", text, tool.name))
    found.extend(_of_list(tools))
    if tools and not found:
        found.append(ok("schema", "Names, descriptions and schemas suit every host."))
    cost = -(-letters // LETTERS_PER_TOKEN)
    return (*found, ok("cost", f"The list costs a model about {cost} tokens."))


def _written(tool: Tool) -> str:
    """What a model may be given of the tool, as JSON."""
    hints = asdict(tool.annotations) if tool.annotations else {}
    given = {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "outputSchema": tool.output_schema,
        "annotations": {key: value for key, value in hints.items() if value is not None} or None,
    }
    told = {key: value for key, value in given.items() if value is not None}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _of_list(tools: Sequence[Tool]) -> Iterator[Finding]:
    twice = [name for name, times in Counter(tool.name for tool in tools).items() if times > 1]
    if twice:
        yield failure(
            "duplicate",
            f"More than one tool is called {listed(twice)}: a call cannot tell them apart; "
            "rename all but one.",
        )
    if len(tools) > MOST_TOOLS:
        yield warning(
            "count",
            f"There are {len(tools)} tools; several hosts send a model at most {MOST_TOOLS}: "
            "split the server, or offer fewer.",
        )


def _of_tool(tool: Tool) -> Iterator[Finding]:
    yield from _name(tool)
    yield from _description(tool)
    yield from _hidden(tool)
    yield from _annotations(tool)
    yield from _input(tool)
    yield from _output(tool)


def _name(tool: Tool) -> Iterator[Finding]:
    if not TOOL_NAME.fullmatch(tool.name):
        yield failure(
            "name",
            f"{shown(tool.name)} is a name that some hosts refuse: use 1 to 64 of the letters "
            "A-Z and a-z, digits, '_' and '-'.",
            tool.name,
        )
    elif len(tool.name) > MOST_NAME:
        yield warning(
            "name",
            f"{shown(tool.name)} has {len(tool.name)} letters; hosts put the server's name "
            f"before it and refuse more than 64 in all: use at most {MOST_NAME}.",
            tool.name,
        )


def _description(tool: Tool) -> Iterator[Finding]:
    if not tool.description.strip():
        yield failure(
            "description",
            f"{shown(tool.name)} has no description: say what it does and when to use it, or no "
            "model will know.",
            tool.name,
        )
    elif len(tool.description) > MOST_DESCRIPTION:
        yield warning(
            "description",
            f"The description of {shown(tool.name)} has {len(tool.description)} letters; some "
            f"hosts cut or refuse more than {MOST_DESCRIPTION}: say the most important first.",
            tool.name,
        )


def _hidden(tool: Tool) -> Iterator[Finding]:
    try:
        refuse_hidden_within(asdict(tool), f"tool {shown(tool.name)}")
    except InvalidTool as error:
        yield failure("hidden-text", f"{error} Models read what people cannot see.", tool.name)


def _annotations(tool: Tool) -> Iterator[Finding]:
    hints = tool.annotations
    if hints is None or (not hints.read_only and hints.destructive is None):
        yield warning(
            "annotations",
            f"{shown(tool.name)} does not say whether it changes anything, so hosts take it to be "
            "destructive: give readOnlyHint, or destructiveHint.",
            tool.name,
        )


def _input(tool: Tool) -> Iterator[Finding]:
    if tool.input_schema.get("type") != "object":
        yield failure(
            "schema",
            f"The input schema of {shown(tool.name)} does not have the type 'object' at its root: "
            "the protocol asks for it and hosts drop the tool.",
            tool.name,
        )
    yield from faults_in(tool.input_schema, tool.name, "input")
    invalid = find_invalid_x_mcp_header(tool.input_schema)
    if invalid is not None:
        yield failure(
            "schema",
            f"Hosts must leave out {shown(tool.name)} because of an x-mcp-header in its input "
            f"schema: {shown(invalid, 200)}.",
            tool.name,
        )
    yield from _parameters(tool)


def _output(tool: Tool) -> Iterator[Finding]:
    if tool.output_schema is None:
        return
    if tool.output_schema.get("type") != "object":
        yield warning(
            "output-schema",
            f"The output schema of {shown(tool.name)} does not have the type 'object' at its "
            "root: only clients of 2026-07-28 understand that.",
            tool.name,
        )
    yield from faults_in(tool.output_schema, tool.name, "output")


def _parameters(tool: Tool) -> Iterator[Finding]:
    properties: object = tool.input_schema.get("properties")
    if not isinstance(properties, dict):
        return
    named = cast("dict[str, Any]", properties)
    silent = [name for name, schema in named.items() if not _says_what(schema, tool.input_schema)]
    if silent:
        yield warning(
            "parameters",
            f"{shown(tool.name)} does not describe {listed(silent)}: a description tells a model "
            "what to put there.",
            tool.name,
        )


def _says_what(schema: Any, root: Mapping[str, Any]) -> bool:
    """Whether a parameter's schema has a description, or the one it refers to."""
    if not isinstance(schema, Mapping):
        return False
    known = cast("Mapping[str, Any]", schema)
    if known.get("description"):
        return True
    name = str(known.get("$ref", "")).removeprefix("#/$defs/")
    definitions: Any = root.get("$defs")
    if not isinstance(definitions, Mapping):
        return False
    target: Any = cast("Mapping[str, Any]", definitions).get(name)
    return isinstance(target, Mapping) and "description" in target
