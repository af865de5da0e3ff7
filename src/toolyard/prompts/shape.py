"""What a JSON value must be: a Python type, or a JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Generic, Protocol, TypeVar, cast, get_args, get_origin

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError
from pydantic_core import ErrorDetails, from_json

from toolyard.core.errors import InvalidTool, PromptError
from toolyard.core.explanation import MOST_PROBLEMS, Explanation
from toolyard.core.verdict import verdict_of
from toolyard.core.wording import place

_ROOT = place(())
_KEPT = 128
_MODULES = re.compile(r"[\w<>.]+\.(?=\w)")
_MOST_READ = 1_000
"""Errors of pydantic's that are taken apart; to write them all down takes long."""
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Misfit(Exception):
    """A value is not of the wanted shape; the text says why."""


class Shape(Protocol[T_co]):
    """What a value must be, and how it is called."""

    @property
    def name(self) -> str:
        """As the shape is called in errors."""
        ...

    def read(self, text: str) -> T_co:
        """The value that `text`, which is JSON, says.

        Raises:
            Misfit: It says a value of another shape, or is no JSON.
        """
        ...


class _TypeShape(Generic[T]):
    def __init__(self, wanted: Any) -> None:
        self._adapter: TypeAdapter[T] = adapter_of(wanted)
        self.name = type_name(wanted)

    def read(self, text: str) -> T:
        try:
            return self._adapter.validate_json(text)
        except ValidationError as error:
            raise Misfit(_told(sentences(error, _loaded(text)))) from error


class _SchemaShape:
    name = "JSON that suits the schema"

    def __init__(self, schema: Mapping[str, Any]) -> None:
        try:
            self._suits = verdict_of(schema, "The JSON Schema of what is wanted")
        except InvalidTool as error:
            raise PromptError(str(error)) from error
        self._explanation = Explanation(schema)

    def read(self, text: str) -> Any:
        try:
            value = from_json(text, allow_inf_nan=False)
        except (ValueError, TypeError) as error:  # the latter for half a surrogate pair
            raise Misfit(f"the value: Invalid JSON: {error}.") from error
        if not self._suits(value):
            raise Misfit(_told(self._explanation.of(value)))
        return value


def shape_of(wanted: Any) -> Shape[Any]:
    """The shape of a type, a `TypeAdapter` or a JSON Schema.

    Raises:
        PromptError: Neither pydantic nor JSON Schema can make sense of it.
    """
    if isinstance(wanted, Mapping):
        return _SchemaShape(cast("Mapping[str, Any]", wanted))
    return _TypeShape(wanted)


def type_name(wanted: Any) -> str:
    """A type as people write it."""
    if isinstance(wanted, type) and not hasattr(wanted, "__args__"):
        return wanted.__name__
    if get_origin(wanted) is Annotated:
        return type_name(get_args(wanted)[0])
    return _MODULES.sub("", str(wanted).removeprefix("TypeAdapter(").removesuffix(")"))


def adapter_of(wanted: Any) -> TypeAdapter[Any]:
    """What reads values of a type, or the `TypeAdapter` itself.

    Raises:
        PromptError: Pydantic does not know such a type.
    """
    if isinstance(wanted, TypeAdapter):
        return cast("TypeAdapter[Any]", wanted)
    try:
        return _kept_adapter(wanted)
    except TypeError:  # what cannot be hashed cannot be kept
        return _new_adapter(wanted)


def _new_adapter(wanted: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(wanted)
    except (PydanticUserError, PydanticSchemaGenerationError) as error:
        raise PromptError(f"{type_name(wanted)} is no type that JSON can be read as.") from error


_kept_adapter: Callable[[Any], TypeAdapter[Any]] = lru_cache(_KEPT)(_new_adapter)


def _loaded(text: str) -> Any:
    """What `text` holds, if it is JSON."""
    try:
        return from_json(text)
    except (ValueError, TypeError):  # the latter for half a surrogate pair
        return None


def sentences(error: ValidationError, given: Any) -> Sequence[str]:
    """What pydantic found wrong in `given`, a sentence each."""
    if error.error_count() > _MOST_READ:
        return [f"{_ROOT}: has {error.error_count()} parts that do not fit."]
    found = error.errors(include_url=False, include_context=False, include_input=False)
    told = (f"{place(_path(each, given))}: {each['msg']}." for each in found)
    return list(dict.fromkeys(told))[:MOST_PROBLEMS]


def _path(error: ErrorDetails, given: Any) -> Sequence[str | int]:
    """Where the error is in what was given; other steps of pydantic's name its own branches."""
    path: list[str | int] = []
    for step in error["loc"]:
        try:
            given = given[step]
        except (LookupError, TypeError):
            continue
        path.append(step)
    return [*path, error["loc"][-1]] if error["type"] == "missing" else path


def _told(sentences: Sequence[str]) -> str:
    return " ".join(each.replace(_ROOT, "the value", 1) for each in sentences)
