"""How a field of a model shows itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptField:
    """Stands in an annotation: `Annotated[int, PromptField(rename="number")]`.

    A field may have several: one for all targets, and one for each target where it differs.
    """

    rename: str | None = None
    """The name before the value, instead of the field's description or its own name."""
    skip: bool = False
    """Leave the field out; without a target also of the schema and of examples."""
    format: Callable[[Any], str] | None = None
    """Makes the value's text."""
    target: str | type | None = None
    """What is said counts for this target alone, and without `skip` the field has no other."""


def marks_of(field: FieldInfo) -> list[PromptField]:
    """What is said of a field, in its order."""
    return [each for each in field.metadata if isinstance(each, PromptField)]


def is_hidden(field: FieldInfo) -> bool:
    """Whether a field is shown nowhere."""
    return any(mark.skip and mark.target is None for mark in marks_of(field))


def mark_for(field: FieldInfo, target: str | type | None) -> PromptField | None:
    """How `field` shows itself for `target`; `None` if it does not."""
    marks = marks_of(field)
    own = [mark for mark in marks if mark.target == target is not None]
    general = [mark for mark in marks if mark.target is None]
    elsewhere = any(mark.target is not None and not mark.skip for mark in marks)
    applying = [*own, *general]
    if any(mark.skip for mark in applying) or (elsewhere and not own):
        return None
    return PromptField(
        rename=next((mark.rename for mark in applying if mark.rename is not None), None),
        format=next((mark.format for mark in applying if mark.format is not None), None),
        target=target,
    )
