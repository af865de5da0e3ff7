"""What a function asks for and gives, read once when it is registered."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

from toolyard.core.context import CallContext
from toolyard.core.documentation import Documentation, read_documentation
from toolyard.core.errors import InvalidTool

UNSAID: Any = inspect.Parameter.empty
"""The annotation or the default that a function does not give."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value a function takes by name."""

    name: str
    annotation: Any = UNSAID
    default: Any = UNSAID


@dataclass(frozen=True, slots=True)
class Signature:
    """A function's parameters in order, what it returns, and what its docstring says."""

    name: str
    parameters: tuple[Parameter, ...]
    context: str | None
    """The parameter that receives the `CallContext`; it is not among `parameters`."""
    returns: Any
    documentation: Documentation


def read_signature(function: Callable[..., Any], what: str) -> Signature:
    """The signature of `function`; errors call it `what`.

    Raises:
        InvalidTool: Its values cannot be given by name, or an annotation cannot be resolved.
    """
    _refuse_generator(function, what)
    hints = _hints(function, what)
    parameters: list[Parameter] = []
    context: str | None = None
    for each in _inspected(function, what).parameters.values():
        _refuse_kind(each, what)
        annotation = hints.get(each.name, UNSAID)
        if CallContext not in set(_members(annotation)):
            parameters.append(Parameter(each.name, annotation, each.default))
        elif context is None:
            context = each.name
        else:
            raise InvalidTool(f"{what} takes two call contexts: one is enough.")
    return Signature(
        name=getattr(function, "__name__", ""),
        parameters=tuple(parameters),
        context=context,
        returns=hints.get("return", UNSAID),
        documentation=read_documentation(function),
    )


def _inspected(function: Callable[..., Any], what: str) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise InvalidTool(f"{what} is not a function whose parameters can be read.") from error


def _hints(function: Callable[..., Any], what: str) -> dict[str, Any]:
    while isinstance(function, partial):
        function = cast("partial[Any]", function).func
    try:
        return get_type_hints(function, include_extras=True)
    except NameError as error:
        raise InvalidTool(
            f"{what} has an annotation that names {error.name!r}, which is not known in its "
            "module: import or define it there, outside functions and `TYPE_CHECKING`."
        ) from error
    except Exception as error:  # evaluating an annotation runs its author's code
        raise InvalidTool(f"{what} has an annotation that cannot be read: {error}") from error


def _members(annotation: Any) -> Iterator[Any]:
    """The types a union or an `Annotated` is made of."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif is_union(annotation):
        for member in get_args(annotation):
            yield from _members(member)
    elif isinstance(annotation, type):
        yield annotation


def is_union(annotation: Any) -> bool:
    """Whether `annotation` is `X | Y`, `Optional[X]` or `Union[X, Y]`."""
    return get_origin(annotation) in (UnionType, Union)


def _refuse_generator(function: Callable[..., Any], what: str) -> None:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise InvalidTool(f"{what} is a generator: return the whole result instead of yielding.")


def _refuse_kind(parameter: inspect.Parameter, what: str) -> None:
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise InvalidTool(
            f"{what} takes {str(parameter).partition(':')[0]!r} ({parameter.kind.description}): "
            "every parameter must have a name by which it can be given."
        )
    if parameter.name in ("self", "cls"):
        raise InvalidTool(
            f"{what} is a method without its object: mark it with `toolyard.core.toolbox.tool` "
            "and add the object."
        )
