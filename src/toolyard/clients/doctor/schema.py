"""What hosts and model providers will stumble over in a tool's schema."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jsonschema_rs import ValidationError, meta

from toolyard.clients.doctor.finding import Finding, Verdict, failure, listed, shown
from toolyard.core.portable import subschemas

Schema = Mapping[str, Any] | bool

MOST_PLACES = 10_000
"""Schemas inside a schema; more are not looked at."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """Something a schema should not hold, at any place inside it."""

    verdict: Verdict
    complaint: str
    advice: str
    breaks: Callable[[str, Schema], bool]
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


def _is_bare(keyword: str, schema: Schema) -> bool:
    return isinstance(schema, bool) and keyword not in _BOOLEANS_ARE_USUAL


def _is_union(keyword: str, schema: Schema) -> bool:
    del keyword
    return isinstance(schema, Mapping) and isinstance(schema.get("type"), list)


def _is_untyped(keyword: str, schema: Schema) -> bool:
    usual = keyword == "not" or keyword in _BOOLEANS_ARE_USUAL
    return isinstance(schema, Mapping) and not usual and schema.keys() <= _NOTES


def _is_remote(keyword: str, schema: Schema) -> bool:
    del keyword
    return isinstance(schema, Mapping) and not str(schema.get("$ref", "#")).startswith("#")


def _lacks_items(keyword: str, schema: Schema) -> bool:
    del keyword
    if isinstance(schema, bool) or schema.get("type") != "array":
        return False
    return not schema.keys() & _ITEMS


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


def faults_in(schema: Mapping[str, Any], tool: str, which: str) -> Iterator[Finding]:
    """What hosts stumble over in the `input` or `output` schema of `tool`."""
    check = "schema" if which == "input" else "output-schema"
    subject = f"The {which} schema of {shown(tool)}"
    invalid = _invalid(schema)
    if invalid is not None:
        yield failure(check, f"{subject} is no valid JSON Schema: {invalid}.", tool)
        return
    every = tuple(islice(_places(schema), MOST_PLACES + 1))
    if len(every) > MOST_PLACES:
        text = f"{subject} holds over {MOST_PLACES} schemas: hosts will not take it; say it simply."
        yield failure(check, text, tool)
        return
    for rule in _RULES:
        places = [place for place, keyword, node in every if rule.breaks(keyword, node)]
        if places:
            where = listed(list(dict.fromkeys(places)))
            text = f"{subject} {rule.complaint} at {where}: {rule.advice}."
            yield Finding(rule.verdict, check, text, tool)


_DIALECTS = frozenset(
    (
        "https://json-schema.org/draft/2020-12/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema",
        "http://json-schema.org/draft-06/schema",
        "http://json-schema.org/draft-04/schema",
    )
)


def _invalid(schema: Mapping[str, Any]) -> str | None:
    """Why `schema` is none; patterns are let be, as they follow JavaScript's rules."""
    judged = dict(schema)
    dialect: object = judged.get("$schema", "")
    if not isinstance(dialect, str):
        return "its $schema is no text"
    if dialect.removesuffix("#") not in _DIALECTS:
        judged.pop("$schema", None)  # then it is taken for the newest
    try:
        meta.validate(judged)
    except ValidationError as error:
        return shown(error.message, 200)
    except UnicodeEncodeError:
        return None  # half a character, which is found as hidden text
    return None


_MAPS = frozenset(("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"))


def _places(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, Schema]]:
    """Every schema in a valid one: where it is, under which keyword, and itself.

    Where: `a.b` is the property `b` of the property `a`; the root is called so.
    """
    waiting: deque[tuple[str, str, Schema]] = deque([("", "", schema)])
    while waiting:
        place, keyword, node = waiting.popleft()
        yield place or "the root", keyword, node
        if isinstance(node, Mapping):
            for inner, value in node.items():
                waiting.extend((where, inner, each) for where, each in _inside(place, inner, value))


def _inside(place: str, keyword: str, value: Any) -> Iterator[tuple[str, Schema]]:
    if keyword in _MAPS:
        above = f"{place}." if place else ""
        group = "" if keyword == "properties" else f"{keyword}/"
        for name, inner in value.items():
            yield f"{above}{group}{name}", inner
        return
    lists = keyword == "items" and isinstance(value, list)  # so it was before 2020-12
    for inner in subschemas({"prefixItems" if lists else keyword: value}):
        yield place, inner
