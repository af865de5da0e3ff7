"""What hosts and model providers will stumble over in a list of tools."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError
from jsonschema.validators import validator_for  # pyright: ignore[reportUnknownVariableType]
from mcp.shared.inbound import find_invalid_x_mcp_header

from toolyard.clients.finding import Finding, Verdict, failure, listed, ok, shown, warning
from toolyard.core.errors import InvalidTool
from toolyard.core.portable import subschemas
from toolyard.core.text_safety import refuse_hidden_within
from toolyard.core.tool import TOOL_NAME, Tool

MOST_NAME = 40
"""Letters in a name: hosts put the server's name before it and refuse more than 64 in all."""
MOST_DESCRIPTION = 1024
"""Letters in a description; some providers refuse more, others cut it."""
MOST_TOOLS = 128
"""Tools in one request to a model."""
LETTERS_PER_TOKEN = 4


def lint(tools: Sequence[Tool]) -> Sequence[Finding]:
    """What is wrong with each tool, then with the list, and last what the list costs."""
    found = [finding for tool in tools for finding in _of_tool(tool)]
    found.extend(_of_list(tools))
    if tools and not found:
        found.append(ok("schema", "Names, descriptions and schemas suit every host."))
    letters = sum(len(_written(tool)) for tool in tools)
    cost = -(-letters // LETTERS_PER_TOKEN)
    return (*found, ok("cost", f"The list costs a model about {cost} tokens."))


def _written(tool: Tool) -> str:
    """The tool as JSON, much as it is listed."""
    given = {key: value for key, value in asdict(tool).items() if value not in (None, ())}
    return json.dumps(given, ensure_ascii=False, separators=(",", ":"))


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
    yield from _schema(tool, tool.input_schema, "input")
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
    yield from _schema(tool, tool.output_schema, "output")


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
    if not isinstance(schema, dict):
        return False
    known = cast("dict[str, Any]", schema)
    if known.get("description"):
        return True
    reference = known.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/$defs/"):
        return False
    definitions: Any = root.get("$defs")
    target: Any = definitions.get(reference[8:]) if isinstance(definitions, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return isinstance(target, dict) and bool(target.get("description"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


@dataclass(frozen=True, slots=True)
class _Rule:
    """Something a schema should not hold, at any place inside it."""

    verdict: Verdict
    complaint: str
    advice: str
    breaks: Callable[[str, Any], bool]
    """Given the keyword a schema stands under, and the schema."""


_BOOLEANS_ARE_USUAL = frozenset(
    ("additionalProperties", "additionalItems", "unevaluatedProperties", "unevaluatedItems")
)
_NOTES = frozenset(
    (
        "title",
        "description",
        "default",
        "examples",
        "$comment",
        "deprecated",
        "readOnly",
        "writeOnly",
        "$schema",
        "$id",
        "$anchor",
        "$defs",
        "definitions",
    )
)
"""The keywords that refuse no value."""
_ITEMS = frozenset(("items", "prefixItems", "contains", "enum", "const"))


def _is_bare(keyword: str, schema: Any) -> bool:
    return isinstance(schema, bool) and keyword not in _BOOLEANS_ARE_USUAL


def _is_union(keyword: str, schema: Any) -> bool:
    del keyword
    return isinstance(schema, dict) and isinstance(schema.get("type"), list)  # pyright: ignore[reportUnknownMemberType]


def _is_untyped(keyword: str, schema: Any) -> bool:
    usual = keyword == "not" or keyword in _BOOLEANS_ARE_USUAL
    return isinstance(schema, dict) and not usual and schema.keys() <= _NOTES  # pyright: ignore[reportUnknownMemberType]


def _is_remote(keyword: str, schema: Any) -> bool:
    del keyword
    return isinstance(schema, dict) and not str(schema.get("$ref", "#")).startswith("#")  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _lacks_items(keyword: str, schema: Any) -> bool:
    del keyword
    return isinstance(schema, dict) and schema.get("type") == "array" and not schema.keys() & _ITEMS  # pyright: ignore[reportUnknownMemberType]


_RULES = (
    _Rule(
        "failure",
        "has a bare true or false in place of a schema",
        "some hosts refuse the whole list for it; say which type is meant",
        _is_bare,
    ),
    _Rule(
        "warning",
        "has a list of types",
        "some providers refuse it; use anyOf with one type in each branch",
        _is_union,
    ),
    _Rule(
        "warning",
        "accepts anything, having no type,",
        "some providers refuse it, and models must guess; say which type is meant",
        _is_untyped,
    ),
    _Rule(
        "warning",
        "refers to another document",
        "hosts do not fetch it; put that schema under $defs",
        _is_remote,
    ),
    _Rule(
        "warning",
        "has an array whose items are not described",
        "some providers refuse it; give items",
        _lacks_items,
    ),
)


def _schema(tool: Tool, schema: Mapping[str, Any], which: str) -> Iterator[Finding]:
    check = "schema" if which == "input" else "output-schema"
    subject = f"The {which} schema of {shown(tool.name)}"
    invalid = _invalid(schema)
    if invalid is not None:
        yield failure(check, f"{subject} is no valid JSON Schema: {invalid}.", tool.name)
        return
    every = tuple(_places(schema))
    for rule in _RULES:
        places = [place for place, keyword, node in every if rule.breaks(keyword, node)]
        if places:
            where = listed(list(dict.fromkeys(places)))
            text = f"{subject} {rule.complaint} at {where}: {rule.advice}."
            yield Finding(rule.verdict, check, text, tool.name)


def _invalid(schema: Mapping[str, Any]) -> str | None:
    """Why `schema` is none; patterns are let be, as they follow JavaScript's rules."""
    validator: Any = validator_for(schema, default=Draft202012Validator)
    try:
        validator.check_schema(schema, format_checker=FormatChecker(formats=()))
    except SchemaError as error:
        return shown(error.message, 200)
    except RecursionError:
        return "it is nested too deeply"
    return None


_MAPS = frozenset(("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"))


def _places(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every schema in a valid one: where it is, under which keyword, and itself.

    Where: `a.b` is the property `b` of the property `a`; the root is called so.
    """
    waiting: deque[tuple[str, str, Any]] = deque([("", "", schema)])
    while waiting:
        place, keyword, node = waiting.popleft()
        yield place or "the root", keyword, node
        if isinstance(node, dict):
            for inner_keyword, value in cast("dict[str, Any]", node).items():
                inside = _inside(place, inner_keyword, value)
                waiting.extend((where, inner_keyword, inner) for where, inner in inside)


def _inside(place: str, keyword: str, value: Any) -> Iterator[tuple[str, Any]]:
    if keyword in _MAPS:
        above = f"{place}." if place else ""
        group = "" if keyword == "properties" else f"{keyword}/"
        for name, inner in value.items():
            yield f"{above}{group}{name}", inner
        return
    if keyword == "items" and isinstance(value, list):  # drafts before 2020-12
        value, keyword = cast("list[Any]", value), "prefixItems"
    for inner in subschemas({keyword: value}):
        yield place, inner
