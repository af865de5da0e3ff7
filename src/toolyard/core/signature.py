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
    inspected = _inspected(function, what)
    hints = _hints(function, inspected, what)
    parameters: list[Parameter] = []
    context: str | None = None
    for each in inspected.parameters.values():
        _refuse_kind(each, what)
        annotation = hints.get(each.name, UNSAID)
        if CallContext not in set(members(annotation)):
            parameters.append(Parameter(each.name, annotation, each.default))
        elif context is None:
            context = each.name
        else:
            raise InvalidTool(f"{what} takes two call contexts: one is enough.")
    return Signature(
        name=name_of(function),
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


def underlying(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function that is written somewhere: of a `partial`, of an object that is called."""
    while isinstance(function, partial):
        function = cast("partial[Any]", function).func
    if inspect.isroutine(function) or isinstance(function, type):
        return function
    return getattr(type(function), "__call__", function)  # noqa: B004 - it is there, or refused


def name_of(function: Callable[..., Any]) -> str:
    """The name of `function`; that of its class if it is an object that is called."""
    while isinstance(function, partial):
        function = cast("partial[Any]", function).func
    return getattr(function, "__name__", type(function).__name__)


def _hints(function: Callable[..., Any], inspected: inspect.Signature, what: str) -> dict[str, Any]:
    try:
        return _evaluated(underlying(function), inspected)
    except NameError as error:
        raise InvalidTool(
            f"{what} has an annotation that names {error.name!r}, which is not known in its "
            "module: import or define it there, outside functions and `TYPE_CHECKING`."
        ) from error
    except Exception as error:  # evaluating an annotation runs its author's code
        raise InvalidTool(f"{what} has an annotation that cannot be read: {error}") from error


def _evaluated(function: Callable[..., Any], inspected: inspect.Signature) -> dict[str, Any]:
    """The annotations of `function`, and those that a decorator gave only to its signature."""
    hints = get_type_hints(function, include_extras=True)
    said = {each.name: each.annotation for each in inspected.parameters.values()}
    said["return"] = inspected.return_annotation

    def carrier() -> None: ...

    carrier.__annotations__ = {
        name: each for name, each in said.items() if name not in hints and each is not UNSAID
    }
    scope = getattr(function, "__globals__", {})
    return {**hints, **get_type_hints(carrier, globalns=scope, include_extras=True)}


def members(annotation: Any) -> Iterator[Any]:
    """The types a union or an `Annotated` is made of, also under another name."""
    waiting, seen = [annotation], list[Any]()
    while waiting:
        each = waiting.pop()
        if any(each is known for known in seen):  # an alias may hold itself
            continue
        seen.append(each)
        if hasattr(each, "__value__"):  # of a `type X = ...`
            waiting.append(each.__value__)
        elif get_origin(each) is Annotated:
            waiting.append(get_args(each)[0])
        elif is_union(each):
            waiting.extend(get_args(each))
        elif isinstance(each, type):
            yield each


def is_union(annotation: Any) -> bool:
    """Whether `annotation` is `X | Y`, `Optional[X]` or `Union[X, Y]`."""
    return get_origin(annotation) in (UnionType, Union)


def _refuse_generator(function: Callable[..., Any], what: str) -> None:
    written = underlying(function)
    if inspect.isgeneratorfunction(written) or inspect.isasyncgenfunction(written):
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
