"""The schemas of a document as JSON Schema 2020-12, each tool with the definitions it needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import Any, cast

from toolyard.clients.openapi.document import Document
from toolyard.clients.openapi.nodes import Node, table_of
from toolyard.core.errors import ConfigError, InvalidTool
from toolyard.core.portable import Schema, with_subschemas
from toolyard.core.text_safety import without_hidden

MAX_CHARS = 131_072
"""Of the definitions of one tool, as JSON."""
MAX_VISITS = 2_000_000
"""Definitions that are looked at, those of all tools together."""
MAX_DESCRIPTION = 500
MAX_EXAMPLE = 100

_KEPT = frozenset(
    (
        "$ref", "additionalProperties", "allOf", "anyOf", "const", "contains", "contentEncoding",
        "contentMediaType", "default", "dependentRequired", "dependentSchemas", "deprecated",
        "description", "else", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "if",
        "items", "maxContains", "maxItems", "maxLength", "maxProperties", "maximum",
        "minContains", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "not",
        "oneOf", "pattern", "patternProperties", "prefixItems", "properties", "propertyNames",
        "required", "then", "title", "type", "unevaluatedItems", "unevaluatedProperties",
        "uniqueItems",
    )
)  # fmt: skip
"""Keywords of JSON Schema that refuse something or explain; OpenAPI's own are translated."""
_DYNAMIC = frozenset(("$dynamicRef", "$recursiveRef"))
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(slots=True)
class _Definition:
    """What a reference leads to, as it will be listed."""

    name: str
    schema: Schema
    needs: Mapping[str, None]
    chars: int


class Schemas:
    """Translates for requests: what only answers hold is left out.

    A reference is translated once, however many tools need it, so circles are no trouble.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._definitions: dict[str, _Definition] = {}
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()
        self._visits = 0

    def translated(self, schema: Any, needs: dict[str, None]) -> Schema:
        """`schema` in 2020-12; the references in it are added to `needs`.

        Raises:
            InvalidTool: It cannot be said, or refers to what cannot be had.
        """
        if isinstance(schema, bool):
            return {} if schema else {"not": {}}
        node = table_of(schema, "A schema")
        if not _DYNAMIC.isdisjoint(node):
            raise InvalidTool("A schema has a dynamic reference, which is not read.")
        reference = node.get("$ref")
        if isinstance(reference, str):
            return self._reference(node, reference, needs)
        return _nullable(node, self._keywords(node, needs))

    def plain(self, schema: Any) -> Node:
        """`schema`, or what it refers to, untranslated."""
        return {} if isinstance(schema, bool) else self._document.resolved(schema, "A schema")

    def definitions(self, needs: Iterable[str]) -> Schema:
        """The `$defs` for the references in `needs` and in what they lead to.

        Raises:
            InvalidTool: They are too much for a tool.
            ConfigError: All of them together are.
        """
        waiting, found, chars = list(needs), dict[str, _Definition](), 0
        while waiting:
            reference = waiting.pop()
            if reference in found:
                continue
            self._visit()
            definition = found[reference] = self._definition(reference)
            chars += definition.chars
            if chars > MAX_CHARS:
                raise InvalidTool(f"What it takes cannot be described in {MAX_CHARS} characters.")
            waiting += definition.needs
        ordered = sorted(found.values(), key=lambda each: each.name)
        return {each.name: each.schema for each in ordered}

    def _visit(self) -> None:
        self._visits += 1
        if self._visits > MAX_VISITS:
            raise ConfigError(
                f"The document {self._document.what} refers to too much; choose fewer operations "
                "with include."
            )

    def _reference(self, node: Node, reference: str, needs: dict[str, None]) -> Schema:
        file, hash_, pointer = reference.partition("#")
        if file:  # or one thing would have a name for each way to write it
            reference = f"{normpath(file)}{hash_}{pointer}"
        needs[reference] = None
        written: Schema = {"$ref": f"#/$defs/{self._name(reference)}"}
        if self._document.is_3_0:  # where nothing beside a reference counts
            return written
        return {**self._keywords({**node, "$ref": None}, needs), **written}

    def _definition(self, reference: str) -> _Definition:
        known = self._definitions.get(reference)
        if known is None:
            needs: dict[str, None] = {}
            schema = self.translated(self._document.at(reference), needs)
            chars = len(json.dumps(schema))
            known = _Definition(self._name(reference), schema, needs, chars)
            self._definitions[reference] = known
        return known

    def _name(self, reference: str) -> str:
        """The last part of `reference`, as far as names can be told apart."""
        if reference not in self._names:
            last = _UNFIT.sub("_", reference.rpartition("/")[2])[:64] or "schema"
            name, number = last, 2
            while name in self._taken:
                name, number = f"{last}_{number}", number + 1
            self._taken.add(name)
            self._names[reference] = name
        return self._names[reference]

    def _keywords(self, node: Node, needs: dict[str, None]) -> Schema:
        written: Schema = {}
        for keyword, value in node.items():
            if keyword not in _KEPT or (value is None and keyword not in ("const", "default")):
                continue
            inner = self._asked_for(value) if keyword == "properties" else value
            try:
                written[keyword] = with_subschemas(
                    keyword, inner, lambda each: self.translated(each, needs)
                )
            except (TypeError, AttributeError):
                raise InvalidTool(
                    f"The value of '{keyword}' in a schema is of a wrong type."
                ) from None
        _bound(written, "minimum", "exclusiveMinimum")
        _bound(written, "maximum", "exclusiveMaximum")
        self._require(written, node)
        _explain(written, node)
        return written

    def _asked_for(self, properties: Any) -> Node:
        """The properties that a request has; one that is read-only is the service's to give."""
        known = table_of(properties, "'properties'")
        return {name: each for name, each in known.items() if not self._is_read_only(each)}

    def _is_read_only(self, schema: Any) -> bool:
        if not isinstance(schema, Mapping):
            return False
        node = cast("Node", schema)
        return node.get("readOnly") is True or (
            isinstance(node.get("$ref"), str) and self.plain(node).get("readOnly") is True
        )

    def _require(self, written: Schema, node: Node) -> None:
        required = written.pop("required", None)
        if not isinstance(required, list):  # some documents say `true` beside a property
            return
        known = table_of(node.get("properties") or {}, "'properties'")
        left_out = known.keys() - written.get("properties", known).keys()
        names = [name for name in cast("list[Any]", required) if name not in left_out]
        if names:
            written["required"] = list(dict.fromkeys(names))


def _nullable(node: Node, schema: Schema) -> Schema:
    """What OpenAPI 3.0 says with `nullable`; some documents of 3.1 still do."""
    if node.get("nullable") is not True:
        return schema
    kind = schema.get("type")
    if isinstance(kind, str):
        values = cast("list[Any]", schema.get("enum") or [])
        more: Schema = {"enum": [*values, None]} if values and None not in values else {}
        return {**schema, "type": [kind, "null"], **more}
    if isinstance(kind, list) or not schema.keys() & {"allOf", "anyOf", "oneOf", "enum", "not"}:
        return schema
    notes = {name: schema.pop(name) for name in ("title", "description") if name in schema}
    return {**notes, "anyOf": [schema, {"type": "null"}]}


def _bound(schema: Schema, bound: str, exclusive: str) -> None:
    """Of 3.0, where an exclusive bound is a bound with a flag beside it."""
    flag = schema.get(exclusive)
    if not isinstance(flag, bool):
        return
    del schema[exclusive]
    if flag and bound in schema:
        schema[exclusive] = schema.pop(bound)


def _explain(schema: Schema, node: Node) -> None:
    for name in ("title", "description"):
        if name in schema:
            schema[name] = short(schema[name], MAX_DESCRIPTION)
    example = node.get("example")
    if example is not None and len(json.dumps(example)) <= MAX_EXAMPLE:
        schema["examples"] = [example]


def short(text: object, most: int) -> str:
    """`text` as everybody sees it, cut after `most` characters."""
    if not isinstance(text, str):
        return ""
    seen = without_hidden(text).strip()
    return seen if len(seen) <= most else f"{seen[: most - 1].rstrip()}…"
