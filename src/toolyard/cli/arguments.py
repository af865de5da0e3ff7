"""A tool's arguments from the words of a command line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Never, cast

from toolyard.core.errors import ConfigError
from toolyard.core.tool import Tool

TEXT = frozenset({"string"})
_KINDS: Mapping[type, frozenset[str]] = {
    str: TEXT,
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
    type(None): frozenset({"null"}),
}
MOST_SCHEMAS = 100
"""How many schemas are looked into to find out what one value may be."""


def arguments_of(words: Sequence[str], tool: Tool | None) -> Mapping[str, Any]:
    """What the words after TOOL say: one JSON object, or KEY=VALUE pairs.

    A pair's value is text where the tool's schema wants text, else JSON if it is JSON.

    Raises:
        ConfigError: It is none of these.
    """
    if len(words) == 1 and words[0].lstrip().startswith("{"):
        return object_in(words[0])
    schema: Mapping[str, Any] = {} if tool is None else tool.input_schema
    arguments: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise ConfigError(f"{word!r} is neither a JSON object nor KEY=VALUE.")
        arguments[name] = _value(text, _wanted(schema, name))
    return arguments


def object_in(text: str) -> Mapping[str, Any]:
    """The JSON object that `text` is; `ConfigError` if it is not one."""
    try:
        parsed = _json(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"The arguments are not valid JSON: {error}.") from None
    if not isinstance(parsed, dict):
        raise ConfigError('The arguments are a JSON object, such as {"expression": "1+1"}.')
    return cast("dict[str, Any]", parsed)


def _value(text: str, wanted: frozenset[str]) -> Any:
    if wanted == TEXT:
        return text
    try:
        parsed: Any = _json(text)
    except (ValueError, RecursionError):
        return text
    is_wanted = not wanted or not wanted.isdisjoint(_KINDS[type(parsed)])
    return parsed if is_wanted or "string" not in wanted else text


def _json(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is not JSON")


def _wanted(schema: Mapping[str, Any], name: str) -> frozenset[str]:
    """The JSON types that the argument `name` may have; none if the schema does not say."""
    return frozenset(_types(_at(schema, "properties", name), schema))


def _types(schema: Any, root: Mapping[str, Any]) -> Iterator[str]:
    """The types that a schema, its branches and what they refer to name."""
    waiting = [schema]
    for _ in range(MOST_SCHEMAS):  # a foreign schema may refer to itself
        if not waiting:
            return
        said = waiting.pop()
        if not isinstance(said, Mapping):
            continue
        known = cast("Mapping[str, Any]", said)
        yield from (kind for kind in _several(known.get("type")) if isinstance(kind, str))
        for value in (
            *_several(known.get("enum")),
            *([known["const"]] if "const" in known else ()),
        ):
            yield from _KINDS[type(value)]
        waiting += [*_several(known.get("anyOf")), *_several(known.get("oneOf"))]
        waiting.append(_at(root, *str(known.get("$ref", "")).removeprefix("#/").split("/")))


def _several(value: Any) -> Sequence[Any]:
    if isinstance(value, list):
        return cast("list[Any]", value)
    return () if value is None else (value,)


def _at(document: Any, *path: str) -> Any:
    """What stands at `path`; `None` if nothing does."""
    for part in path:
        document = cast("Any", document).get(part) if isinstance(document, Mapping) else None
    return document
