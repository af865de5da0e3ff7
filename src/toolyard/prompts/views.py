"""What there is to show of a type besides a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from toolyard.core.errors import PromptError
from toolyard.prompts.examples import example_text
from toolyard.prompts.schema_text import schema_text
from toolyard.prompts.shape import type_name


def full_text(wanted: Any) -> str:
    """The schema of a type, and an example below it.

    Raises:
        PromptError: JSON cannot say the type, or a field needs an example by its author.
    """
    example = f"Here is an example of a valid `{type_name(wanted)}` object:\n{example_text(wanted)}"
    return f"{schema_text(wanted)}\n\n### Example\n{example}"


_VIEWS: Mapping[str, Callable[[Any], str]] = {
    "schema": schema_text,
    "example": example_text,
    "full": full_text,
}


def view(value: Any, name: str) -> str:
    """The view called `name` of a type, or of the type of a value.

    Raises:
        PromptError: There is no such view, or nothing to be seen in it.
    """
    if name not in _VIEWS:
        raise PromptError(f"There is no view {name!r}; there are {', '.join(_VIEWS)}.")
    return _VIEWS[name](value if isinstance(value, type) else type(value))
