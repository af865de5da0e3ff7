"""What JSON of a type looks like, written so that a model can fill it in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from toolyard.core.portable import ANYTHING
from toolyard.prompts.json_schema import prompt_json_schema
from toolyard.prompts.prompt_enum import PromptEnum
from toolyard.prompts.shape import type_name

_WORDS = {
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "string": "string",
    "null": "null",
}
_STEP = "  "


def schema_text(wanted: Any) -> str:
    """A heading with the type's name, and an object as it has to be filled in.

    Each field is a line with its type, and what its description says behind `//`; a name that
    ends in `?` may be left out. Types inside of others are written out where they stand.

    Raises:
        PromptError: JSON cannot say the type.
    """
    if isinstance(wanted, type) and issubclass(wanted, PromptEnum):
        return wanted.prompt_schema()
    schema = prompt_json_schema(wanted)
    writer = _Writer(schema.get("$defs", {}))
    root = writer.resolved(schema)
    heading = [f"### Schema for `{type_name(wanted)}`", *_description(root)]
    return "\n".join([*heading, *writer.form(root).quoted().lines])


@dataclass(frozen=True, slots=True)
class _Form:
    """How a value is written: some lines, or a word for a type, which stands in quotes."""

    lines: Sequence[str]
    is_word: bool = False
    is_choice: bool = False
    """Whether it is several words."""

    def quoted(self) -> _Form:
        if not self.is_word or self.lines == ["null"]:
            return self
        return _Form([f'"{self.lines[0]}"'])


class _Writer:
    """Writes the schemas of one document."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._inside: list[str] = []

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """`schema` with what it refers to, its own words first."""
        reference = schema.get("$ref")
        if reference is None:
            return schema
        return {**self._definitions[_named(reference)], **schema}

    def form(self, schema: Mapping[str, Any]) -> _Form:
        reference = schema.get("$ref")
        if reference is None:
            return self._own_form(schema)
        name = _named(reference)
        if name in self._inside:  # a type that holds itself is written out once
            return _Form([name], is_word=True)
        self._inside.append(name)
        try:
            return self._own_form(self._definitions[name])
        finally:
            self._inside.pop()

    def _own_form(self, schema: Mapping[str, Any]) -> _Form:
        if "enum" in schema or "const" in schema:
            values = schema.get("enum", [schema.get("const")])
            return _Form([" | ".join(json.dumps(each, ensure_ascii=False) for each in values)])
        if schema.get("anyOf") == ANYTHING["anyOf"]:
            return _Form(["anything"], is_word=True)
        for rule in ("anyOf", "oneOf", "allOf"):
            if rule in schema:
                return _either([self.form(each) for each in schema[rule]])
        kind = schema.get("type")
        if isinstance(kind, list):
            names = cast("list[str]", kind)
            return _either([self._own_form({**schema, "type": each}) for each in names])
        if kind == "array":
            return self._array(schema)
        if kind == "object":
            return self._object(schema)
        word = _WORDS.get(str(kind), "anything")
        return _Form([f"{schema['format']} {word}" if "format" in schema else word], is_word=True)

    def _array(self, schema: Mapping[str, Any]) -> _Form:
        if "prefixItems" in schema:
            firsts = [self.form(each).quoted() for each in schema["prefixItems"]]
            return _block("[", "]", [(each, "") for each in firsts])
        item = self.form(schema.get("items", {}))
        if item.is_word:
            word = f"({item.lines[0]})" if item.is_choice else item.lines[0]
            return _Form([f"{word}[]"], is_word=True)
        return _block("[", "]", [(item, "")])

    def _object(self, schema: Mapping[str, Any]) -> _Form:
        required = schema.get("required", ())
        entries = [
            (
                _entry(name if name in required else f"{name}?", self.form(each).quoted()),
                " ".join(_description(self.resolved(each))),
            )
            for name, each in schema.get("properties", {}).items()
        ]
        others = schema.get("additionalProperties")
        if isinstance(others, Mapping):
            form = self.form(cast("Mapping[str, Any]", others)).quoted()
            entries.append((_entry("<any name>", form), ""))
        return _block("{", "}", entries) if entries else _Form(["object"], is_word=True)


def _named(reference: str) -> str:
    return reference.removeprefix("#/$defs/")


def _description(schema: Mapping[str, Any]) -> Sequence[str]:
    words = str(schema.get("description", "")).split()
    return [" ".join(words)] if words else []


def _entry(name: str, form: _Form) -> _Form:
    mark = "?" if name.endswith("?") else ""
    key = json.dumps(name.removesuffix("?"), ensure_ascii=False)
    return _Form([f"{key}{mark}: {form.lines[0]}", *form.lines[1:]])


def _either(forms: Sequence[_Form]) -> _Form:
    """Words joined by `or`; everything else by a bar, as in TypeScript."""
    if all(form.is_word for form in forms):
        words = dict.fromkeys(form.lines[0] for form in forms)
        return _Form([" or ".join(words)], is_word=True, is_choice=len(words) > 1)
    lines: list[str] = []
    for form in forms:
        first, *rest = form.quoted().lines
        lines = [*lines[:-1], f"{lines[-1]} | {first}", *rest] if lines else [first, *rest]
    return _Form(lines)


def _block(opening: str, closing: str, entries: Sequence[tuple[_Form, str]]) -> _Form:
    """Entries between brackets, a comma before the remark of all but the last."""
    return _Form([opening, *_entries(entries), closing])


def _entries(entries: Sequence[tuple[_Form, str]]) -> Iterator[str]:
    for number, (form, remark) in enumerate(entries, start=1):
        *before, last = form.lines
        comma = "," if number < len(entries) else ""
        for line in [*before, f"{last}{comma}{' // ' + remark if remark else ''}"]:
            yield f"{_STEP}{line}"
