"""The JSON Schema of a type as far as a model has to know it."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, PydanticUserError
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from toolyard.core.content import Image
from toolyard.core.errors import PromptError
from toolyard.core.generated_schema import GeneratedSchema
from toolyard.prompts.prompt_enum import PromptEnum
from toolyard.prompts.prompt_field import is_hidden
from toolyard.prompts.shape import adapter_of, type_name


class _PromptSchema(GeneratedSchema):
    """Pydantic's generator without what is not shown to models."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """A model without its hidden fields and its pictures."""
        written = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        for name, field in model.model_fields.items():
            if is_hidden(field) or holds_image(field.annotation):
                _leave_out(written, _key(name, field))
        return written

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """An enumeration without its hidden members."""
        written = super().enum_schema(schema)
        if issubclass(schema["cls"], PromptEnum):
            written["enum"] = [each.value for each in schema["cls"].shown()]
        return written


def prompt_json_schema(wanted: Any) -> JsonSchemaValue:
    """The JSON Schema of `wanted` without hidden fields, pictures and hidden members.

    Raises:
        PromptError: JSON cannot say the type.
    """
    try:
        return adapter_of(wanted).json_schema(schema_generator=_PromptSchema)
    except (PydanticUserError, KeyError, TypeError) as error:
        raise PromptError(f"JSON cannot say the type {type_name(wanted)}.") from error


def holds_image(annotation: Any) -> bool:
    """Whether values of this type are pictures, or lists of them."""
    return annotation is Image or any(map(holds_image, get_args(annotation)))


def _key(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    return alias if isinstance(alias, str) else name


def _leave_out(written: JsonSchemaValue, key: str) -> None:
    written.get("properties", {}).pop(key, None)
    if key in written.get("required", ()):
        written["required"] = [each for each in written["required"] if each != key]
