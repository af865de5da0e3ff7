"""The JSON Schema of Python types, by pydantic, without its noise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticSerializationError, core_schema, to_jsonable_python

from toolyard.core.portable import ANYTHING


def _untitled(schema: JsonSchemaValue, of: Any) -> JsonSchemaValue:
    """`schema` without the title that merely repeats the class's name."""
    if schema.get("title") == getattr(of, "__name__", None):
        schema.pop("title", None)
    return schema


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def _is_plain_value(member: Enum) -> bool:
    return _is_plain(member.value)


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

    def encode_default(self, dft: Any) -> Any:
        """A default that JSON can say; any other is not listed."""
        plain = to_jsonable_python(dft, inf_nan_mode="constants", fallback=repr)
        try:
            json.dumps(plain, allow_nan=False)
        except ValueError as error:
            raise PydanticSerializationError("it is not finite") from error
        return super().encode_default(dft)

    def is_subclass_schema(self, schema: core_schema.IsSubclassSchema) -> JsonSchemaValue:
        """Refused: a class cannot be said in JSON."""
        return self._refused("a class cannot be said in JSON")

    def generator_schema(self, schema: core_schema.GeneratorSchema) -> JsonSchemaValue:
        """Refused inside another type, since it would be validated only as it is read."""
        if self.mode == "validation":
            return self._refused("an Iterable inside another type is read too late: use a list")
        return super().generator_schema(schema)

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """A dictionary whose keys can be read from text."""
        keys = self.generate_inner(schema["keys_schema"]) if "keys_schema" in schema else {}
        if self.mode == "validation" and keys.get("type") in ("array", "object", "null"):
            return self._refused("the keys of an object in JSON are text")
        return super().dict_schema(schema)

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        """A few values that JSON has."""
        for each in schema["expected"]:
            if self.mode == "validation" and isinstance(each, Enum) and not _is_plain(each):
                return self._refused(
                    f"a Literal of {each} is never met: make {type(each).__name__} a StrEnum or "
                    "an IntEnum"
                )
        return super().literal_schema(schema)

    def model_field_schema(self, schema: core_schema.ModelField) -> JsonSchemaValue:
        """A field of a model."""
        return self._unless_path(schema) or super().model_field_schema(schema)

    def typed_dict_field_schema(self, schema: core_schema.TypedDictField) -> JsonSchemaValue:
        """A key of a typed dictionary."""
        return self._unless_path(schema) or super().typed_dict_field_schema(schema)

    def dataclass_field_schema(self, schema: core_schema.DataclassField) -> JsonSchemaValue:
        """A field of a dataclass."""
        return self._unless_path(schema) or super().dataclass_field_schema(schema)

    def _unless_path(self, field: Mapping[str, Any]) -> JsonSchemaValue | None:
        alias = field.get("validation_alias")
        if self.mode == "serialization" or not isinstance(alias, list):
            return None
        choices = cast("list[Any]", alias)
        if any(isinstance(each, list) and len(cast("list[Any]", each)) == 1 for each in choices):
            return None
        return self._refused("an AliasPath is not listed: give a field one name")

    def _refused(self, reason: str) -> JsonSchemaValue:
        raise PydanticUserError(
            reason, code="invalid-for-json-schema"
        )  # which no union passes over

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """An enumeration by its values."""
        if self.mode == "validation" and not all(map(_is_plain_value, schema["members"])):
            return self._refused("the members of an Enum must have values that JSON has")
        return _untitled(super().enum_schema(schema), schema["cls"])

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Alternatives told apart by a tag, which must be given even where it has a default."""
        written = super().tagged_union_schema(schema)
        tag = written.get("discriminator", {}).get("propertyName")
        if tag is not None:
            written["oneOf"] = [{**each, "required": [tag]} for each in written["oneOf"]]
        return written
