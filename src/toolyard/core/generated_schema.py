"""The JSON Schema of Python types, by pydantic, without its noise."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from toolyard.core.portable import ANYTHING


def _untitled(schema: JsonSchemaValue, of: Any) -> JsonSchemaValue:
    """`schema` without the title that merely repeats the class's name."""
    if schema.get("title") == getattr(of, "__name__", None):
        schema.pop("title", None)
    return schema


class GeneratedSchema(GenerateJsonSchema):
    """Pydantic's generator, with titles only where somebody wrote one."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012 - pydantic declares it so

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never: a title made of the field's name tells nothing new."""
        return False

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        """As it was generated: what a property is comes before how it is limited."""
        del parent_key
        return value

    def any_schema(self, schema: core_schema.AnySchema) -> JsonSchemaValue:
        """Every JSON type by name, since a bare `{}` confuses hosts."""
        return {**ANYTHING}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """A pydantic model."""
        return _untitled(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        """A dataclass."""
        return _untitled(super().dataclass_schema(schema), schema["cls"])

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        """A dictionary with known keys."""
        return _untitled(super().typed_dict_schema(schema), schema.get("cls"))

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """An enumeration by its values."""
        return _untitled(super().enum_schema(schema), schema["cls"])

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Alternatives told apart by a tag, which must be given even where it has a default."""
        written = super().tagged_union_schema(schema)
        tag = written.get("discriminator", {}).get("propertyName")
        if tag is not None:
            written["oneOf"] = [{**each, "required": [tag]} for each in written["oneOf"]]
        return written
