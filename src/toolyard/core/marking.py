"""Methods marked as tools of the object they belong to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, Unpack, overload

from toolyard.core.offer import ToolOptions

_MARK = "__toolyard_tool__"

F = TypeVar("F", bound=Callable[..., Any])


@overload
def tool(function: F, /) -> F: ...
@overload
def tool(**options: Unpack[ToolOptions]) -> Callable[[F], F]: ...
def tool(function: Any = None, /, **options: Unpack[ToolOptions]) -> Any:
    """Mark a method as a tool of its object; `Toolbox.add` then takes the object.

    What the object was configured with stays its own: a model sees only the parameters.
    """

    def mark(function: F) -> F:
        setattr(getattr(function, "__func__", function), _MARK, options)
        return function

    return mark if function is None else mark(function)


def options_of(function: Callable[..., Any]) -> ToolOptions | None:
    """The options `function` was marked with; `None` if it is not marked."""
    return getattr(function, _MARK, None)


def marked_methods(thing: object) -> Sequence[Callable[..., Any]]:
    """The marked methods, bound, in the order of definition, those of base classes first."""
    names = dict.fromkeys(name for kind in reversed(type(thing).__mro__) for name in vars(kind))
    return [getattr(thing, name) for name in names if _is_marked(thing, name)]


def _is_marked(thing: object, name: str) -> bool:
    method = inspect.getattr_static(thing, name)  # does not run the properties of `thing`
    return hasattr(getattr(method, "__func__", method), _MARK)
