"""Examples of what is wanted, as JSON that is valid."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError

from toolyard.core.errors import PromptError
from toolyard.prompts.json_schema import prompt_json_schema
from toolyard.prompts.shape import adapter_of, type_name

_NOTHING = object()
_TEXTS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00",
    "duration": "PT1H",
    "email": "someone@example.com",
    "uri": "https://example.com",
    "uuid": "3f2b8c1e-5d64-4a7b-9c0d-1e2f3a4b5c6d",
    "ipv4": "192.0.2.1",
}


def example_text(wanted: Any) -> str:
    """An example of a type as JSON, without its hidden fields.

    Each field has the first of its `examples`, or its default, or something of its type.

    Raises:
        PromptError: JSON cannot say the type, or a field needs an example by its author.
    """
    schema = prompt_json_schema(wanted)
    value = _Examples(schema.get("$defs", {})).of(schema)
    _refuse_invalid(wanted, value)
    return json.dumps(value, indent=2, ensure_ascii=False)


def examples_section(*wanted: Any) -> str:
    """A Markdown section with an example of each type.

    Raises:
        PromptError: As `example_text` does.
    """
    each = [f"#### `{type_name(one)}`\n{example_text(one)}\n---" for one in wanted]
    heading = "### Examples\n\nHere are examples of the data structures you should use.\n\n---"
    return "\n".join([heading, *each])


class _Examples:
    """Makes values that suit the schemas of one document."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._inside: list[str] = []

    def of(self, schema: Mapping[str, Any]) -> Any:
        for known in (*schema.get("examples", ())[:1], schema.get("default", _NOTHING)):
            if known is not _NOTHING:
                return known
        reference = schema.get("$ref")
        return self._made(schema) if reference is None else self._referred(reference)

    def _referred(self, reference: str) -> Any:
        name = reference.removeprefix("#/$defs/")
        if name in self._inside:
            return _NOTHING  # a type that holds itself must be able to end
        self._inside.append(name)
        try:
            return self.of(self._definitions[name])
        finally:
            self._inside.pop()

    def _made(self, schema: Mapping[str, Any]) -> Any:
        if "enum" in schema or "const" in schema:
            return schema["enum"][0] if "enum" in schema else schema["const"]
        for rule in ("anyOf", "oneOf"):
            if rule in schema:
                made = (self.of(each) for each in schema[rule])
                return next((each for each in made if each is not _NOTHING), _NOTHING)
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema)
        return self._array(schema) if kind == "array" else _scalar(schema)

    def _object(self, schema: Mapping[str, Any]) -> Any:
        required = schema.get("required", ())
        made = {name: self.of(each) for name, each in schema.get("properties", {}).items()}
        if any(value is _NOTHING and name in required for name, value in made.items()):
            return _NOTHING
        others = schema.get("additionalProperties")
        if isinstance(others, Mapping):
            made["name"] = self.of(cast("Mapping[str, Any]", others))
        return {name: value for name, value in made.items() if value is not _NOTHING}

    def _array(self, schema: Mapping[str, Any]) -> list[Any]:
        made = [self.of(each) for each in schema.get("prefixItems", ())]
        if not made:
            made = [self.of(schema.get("items", {}))] * max(1, schema.get("minItems", 1))
        return [each for each in made if each is not _NOTHING]


def _scalar(schema: Mapping[str, Any]) -> Any:
    match schema.get("type"):
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _TEXTS.get(schema.get("format", ""), "text")


def _number(schema: Mapping[str, Any]) -> float:
    """One within the limits, the least if there is one."""
    step = schema.get("multipleOf", 1)
    if "minimum" in schema or "exclusiveMinimum" in schema:
        return schema.get("minimum", schema.get("exclusiveMinimum", 0) + step)
    most = schema.get("maximum", schema.get("exclusiveMaximum", 1 + step) - step)
    return min(step, most)


def _refuse_invalid(wanted: Any, value: Any) -> None:
    try:
        adapter_of(wanted).validate_json(json.dumps(value))
    except ValidationError as error:
        for each in error.errors():
            if each["type"] != "missing":  # which is hidden
                field = ".".join(map(str, each["loc"]))
                raise PromptError(
                    f"{type_name(wanted)} needs an example of {field or 'its value'}: "
                    f"{each['msg']}. Give it Field(examples=[...])."
                ) from error
