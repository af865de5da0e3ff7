"""A function's arguments: the schema that is listed, and their validation against it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any, NotRequired, cast

from pydantic import (
    AliasChoices,
    ConfigDict,
    PydanticUserError,
    TypeAdapter,
    ValidationError,
    with_config,
)
from pydantic.errors import PydanticSchemaGenerationError
from pydantic.fields import Field, FieldInfo
from pydantic_core import PydanticUndefined, SchemaError, to_json
from typing_extensions import TypedDict

from toolyard.core.annotation import eager, nullable
from toolyard.core.branching import branching_of
from toolyard.core.errors import InvalidArguments, InvalidTool
from toolyard.core.explanation import MOST_PROBLEMS, Explanation
from toolyard.core.generated_schema import GeneratedSchema
from toolyard.core.json_arguments import UNFIT, decode_arguments, encode_arguments
from toolyard.core.plain_arguments import PlainArguments
from toolyard.core.portable import Schema, portable
from toolyard.core.signature import UNSAID, Parameter, Signature
from toolyard.core.verdict import verdict_of
from toolyard.core.wording import place

MOST_LOOKED_AT = 1_000
"""Errors of pydantic's that are told one by one."""
TOO_BRANCHED = "the arguments: are nested too deeply in types that only trying can tell apart."
UNTAKEN = "the arguments: hold a value that the rules of its type cannot take."
_WHOLE = re.compile(rb"\d(?:\.0|e\+?\d+)[,\]}]")
"""A float in JSON that may be a whole number."""


def adapter_of(parameters: tuple[Parameter, ...], what: str) -> TypeAdapter[dict[str, Any]]:
    """What validates values given by name; a missing one gets its default.

    Raises:
        InvalidTool: JSON Schema or pydantic cannot express the type of a parameter.
    """
    config = ConfigDict(extra="forbid", allow_inf_nan=False)
    try:
        fields = {each.name: _field(each) for each in parameters}
        arguments: Any = TypedDict("Arguments", fields)  # pyright: ignore[reportArgumentType, reportGeneralTypeIssues]
        adapter: TypeAdapter[dict[str, Any]] = TypeAdapter(with_config(config)(arguments))
    except (PydanticUserError, PydanticSchemaGenerationError, SchemaError, TypeError) as error:
        raise unspeakable(f"the parameters of {what}", error) from error
    _refuse_defaults(parameters, adapter, what)
    return adapter


def text_adapter(parameters: tuple[Parameter, ...], what: str) -> TypeAdapter[dict[str, Any]]:
    """The same for values that arrive as text; a parameter that says nothing takes a string."""
    textual = (replace(p, annotation=str) if p.annotation is UNSAID else p for p in parameters)
    return adapter_of(tuple(textual), what)


def is_required(parameter: Parameter) -> bool:
    """Whether a value must be given, since there is no default."""
    return FieldInfo.from_annotation(_annotation(parameter)).is_required()


def listed_names(parameters: Sequence[Parameter], what: str) -> Mapping[str, str]:
    """The name by which each parameter's value is given: its own or an alias.

    Raises:
        InvalidTool: Two parameters have the same one.
    """
    names: dict[str, str] = {}
    for each in parameters:
        alias = FieldInfo.from_annotation(_annotation(each)).validation_alias
        if isinstance(alias, AliasChoices):
            alias = next((choice for choice in alias.choices if isinstance(choice, str)), None)
        name = alias if isinstance(alias, str) else each.name
        if name in names.values():
            raise InvalidTool(f"{what} takes two values by the name {name!r}: rename one of them.")
        names[each.name] = name
    return names


def unspeakable(place: str, error: Exception) -> InvalidTool:
    """The refusal of types that JSON cannot carry."""
    reason = str(error).strip().partition("\n")[0]
    return InvalidTool(f"The types in {place} cannot be read from JSON: {reason}")


def messages(error: ValidationError, given: Any = None) -> list[str]:
    """What pydantic found in `given`, a sentence each, without the values it found it in."""
    if error.error_count() > MOST_LOOKED_AT:  # to write them all down takes long
        return [f"{place(())}: hold {error.error_count()} values that their types refuse."]
    found = error.errors(include_url=False, include_context=False, include_input=False)
    told = (f"{place(_path(each['loc'], given))}: {each['msg']}." for each in found)
    return list(dict.fromkeys(told))[:MOST_PROBLEMS]


def _path(steps: Sequence[str | int], given: Any) -> Sequence[str | int]:
    """Those of pydantic's `steps` that lead somewhere in `given`; others name its own branches."""
    path: list[str | int] = []
    for step in steps:
        try:
            given = given[step]
        except (LookupError, TypeError):
            continue
        path.append(step)
    return path


def listed_descriptions(signature: Signature, what: str) -> Mapping[str, str]:
    """What the docstring says about each parameter, by the name by which it is given."""
    described = signature.documentation.arguments
    names = listed_names(signature.parameters, what)
    return {name: described.get(own, "") for own, name in names.items()}


class Arguments:
    """What a function takes, as JSON."""

    def __init__(self, tool: str, signature: Signature) -> None:
        what = f"the function {tool!r}"
        adapter = adapter_of(signature.parameters, what)
        try:
            generated = adapter.json_schema(schema_generator=GeneratedSchema)
        except (PydanticUserError, KeyError) as error:  # a reference that leads nowhere
            raise unspeakable(f"the parameters of {what}", error) from error
        self.schema = _documented(portable(generated), listed_descriptions(signature, what))
        self._tool = tool
        self._plain = PlainArguments(signature.parameters)
        self._adapter = adapter  # keeps the validator's classes
        self._validate = adapter.validator.validate_json
        self._accepts = verdict_of(self.schema, f"The schema of {what}")
        self._branching = branching_of(cast("Mapping[str, Any]", adapter.core_schema))
        self._explanation = Explanation(self.schema)

    def validate(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The values to call the function with.

        Raises:
            InvalidArguments: The listed schema, or a validator of a type, refuses them.
        """
        taken = self._plain.taken(arguments)
        if taken is not None:
            return taken
        data = encode_arguments(self._tool, arguments)
        given = decode_arguments(self._tool, data)
        if not self._accepts(given):
            raise self._refusal(given)
        if not self._branching.is_bearable(given):
            raise InvalidArguments(self._tool, [TOO_BRANCHED])
        try:
            return self._validate(data, strict=True)
        except ValidationError as error:
            return self._with_integers(given, data, error)
        except TypeError as error:  # `int(None)` in a validator that is written for text
            raise InvalidArguments(self._tool, [UNTAKEN]) from error

    def _with_integers(
        self, given: Mapping[str, Any], data: bytes, error: ValidationError
    ) -> dict[str, Any]:
        """A second try: JSON Schema's integers include 5.0, pydantic's strict ones do not."""
        if _WHOLE.search(data):
            with suppress(ValidationError):
                return self._validate(to_json(_integers(given)), strict=True)
        raise self._refusal(given, messages(error, given)) from None

    def _refusal(self, given: Mapping[str, Any], found: Sequence[str] = ()) -> InvalidArguments:
        """Why the listed schema refuses `given`; if it does not, what was `found` instead."""
        return InvalidArguments(self._tool, self._explanation.of(given) or found or [UNFIT])


def _field(parameter: Parameter) -> Any:
    annotation = _annotation(parameter)
    return annotation if is_required(parameter) else NotRequired[annotation]


def _annotation(parameter: Parameter) -> Any:
    annotation: Any = Any if parameter.annotation is UNSAID else eager(parameter.annotation)
    default = parameter.default
    if default is UNSAID:
        return annotation
    # `x: int = Field(ge=0)` is pydantic's own way, and may have no default
    field = default if isinstance(default, FieldInfo) else Field(default=default)
    return Annotated[nullable(annotation) if field.default is None else annotation, field]


def _refuse_defaults(
    parameters: Sequence[Parameter], adapter: TypeAdapter[dict[str, Any]], what: str
) -> None:
    """What a function gets when nothing is given must be what its types say."""
    names = listed_names(parameters, what)
    defaults = {names[each.name]: _default(each) for each in parameters}
    given = {name: each for name, each in defaults.items() if each is not PydanticUndefined}
    for name, kind in _refused(adapter, given):
        if name in given and kind not in ("missing", "finite_number"):
            raise InvalidTool(
                f"The default of {name!r} in {what} is not what its type says: mend one of them."
            )


def _default(parameter: Parameter) -> Any:
    default = parameter.default
    if default is UNSAID:
        return PydanticUndefined
    return default.default if isinstance(default, FieldInfo) else default


def _refused(
    adapter: TypeAdapter[dict[str, Any]], values: dict[str, Any]
) -> Sequence[tuple[str | int, str]]:
    """The names of the values that pydantic refuses, and the kind of each error."""
    try:
        adapter.validator.validate_python(values)
    except ValidationError as error:
        return [(each["loc"][0], each["type"]) for each in error.errors(include_input=False)]
    except Exception:  # a validator, its author's code, that is written for JSON alone
        return []
    return []


def _documented(schema: Schema, descriptions: Mapping[str, str]) -> Schema:
    """`schema` with the docstring's descriptions where a field has none of its own."""
    properties = {
        name: {"description": descriptions[name], **each} if descriptions.get(name) else each
        for name, each in schema["properties"].items()
    }
    return {**schema, "properties": properties}


def _integers(value: Any) -> Any:
    """`value` with floats that are whole numbers as integers."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list):
        return [_integers(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: _integers(each) for key, each in cast("dict[str, Any]", value).items()}
    return value
