"""Frozen dataclasses that are made for every call, made in two thirds of the time."""

from __future__ import annotations

import inspect
import sys
from dataclasses import MISSING, fields
from typing import Any, TypeVar, cast

T = TypeVar("T")


def quick_init(kind: type[T]) -> type[T]:
    """Give a frozen dataclass with slots a constructor that does the same as its own.

    The one that `dataclasses` writes looks for each field by its name; this one calls what sets
    its slot. To be used where it was measured: it is one more thing to know.

    Raises:
        TypeError: The class has no slots, or a constructor that does more than to set its fields.
    """
    is_made: bool = cast("Any", kind).__dataclass_params__.init
    if not is_made or hasattr(kind, "__post_init__") or not hasattr(kind, "__slots__"):
        raise TypeError(f"{kind.__name__} must have slots, and set its fields and no more.")
    own: Any = kind.__init__
    taken = inspect.signature(own).parameters
    known, lines = dict[str, Any](), ["pass"]
    for field in fields(kind):  # pyright: ignore[reportArgumentType]
        name, value = field.name, field.name
        if field.default_factory is not MISSING:
            known[f"make_{name}"], value = field.default_factory, f"make_{name}()"
            if field.init:
                known[f"unset_{name}"] = taken[name].default
                value = f"make_{name}() if {name} is unset_{name} else {name}"
        elif not field.init:
            if field.default is MISSING:
                continue
            known[f"default_{name}"], value = field.default, f"default_{name}"
        known[f"set_{name}"] = getattr(kind, name).__set__
        lines.append(f"set_{name}(self, {value})")
    kind.__init__ = _made(kind, own, list(taken.values()), known, lines)
    return kind


def _made(
    kind: type, own: Any, taken: list[inspect.Parameter], known: dict[str, Any], lines: list[str]
) -> Any:
    """A function that looks like `own` and does what `lines` say with what is `known`."""
    given = [each.name for each in taken if each.kind is not each.KEYWORD_ONLY]
    named = [each.name for each in taken if each.kind is each.KEYWORD_ONLY]
    parameters = ", ".join([*given, "*", *named] if named else given)
    body = "".join(f"\n  {line}" for line in lines)
    source = f"def make({', '.join(known)}):\n def __init__({parameters}):{body}\n return __init__"
    scope = dict[str, Any]()
    # As `dataclasses` does it: it is made of names of fields, and its names are the module's.
    exec(source, vars(sys.modules[kind.__module__]), scope)  # noqa: S102
    made = scope["make"](**known)
    made.__defaults__, made.__kwdefaults__ = own.__defaults__, own.__kwdefaults__
    made.__qualname__, made.__module__ = own.__qualname__, own.__module__
    made.__annotations__ = own.__annotations__
    return made
