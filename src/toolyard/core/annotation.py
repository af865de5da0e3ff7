"""Annotations as they must be for values that arrive as JSON."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Annotated, Any, Optional, Union, get_args, get_origin

from pydantic import AfterValidator, PydanticUserError, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError

from toolyard.core.signature import is_union, members


def eager(annotation: Any) -> Any:
    """`annotation` with lists for what pydantic would validate only as the function reads it."""
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return Annotated[(eager(arguments[0]), *annotation.__metadata__)]
    if is_union(annotation):
        return Union[tuple(map(eager, arguments))]  # noqa: UP007 - of any number
    kind = get_origin(annotation) or annotation
    if not any(kind is each for each in (Iterable, Iterator, Generator)):
        return annotation
    listed: Any = list[eager(arguments[0]) if arguments else Any]
    return listed if kind is Iterable else Annotated[listed, AfterValidator(iter)]


def nullable(annotation: Any) -> Any:
    """`annotation`, and `None` too, as `x: int = None` means it."""
    if _takes_none(annotation):
        return annotation
    if get_origin(annotation) is Annotated:
        return Annotated[(nullable(get_args(annotation)[0]), *annotation.__metadata__)]
    return Optional[annotation]  # noqa: UP045 - a quoted one knows no `|`


def _takes_none(annotation: Any) -> bool:
    if type(None) in members(annotation):
        return True
    try:
        TypeAdapter[Any](annotation).validate_python(None)
    except (ValidationError, TypeError):
        return False
    except (PydanticUserError, PydanticSchemaGenerationError):  # told when all is put together
        return True
    return True
