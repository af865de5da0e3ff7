"""Enumerations that tell a model what their members mean."""

from __future__ import annotations

from enum import Enum, StrEnum
from inspect import cleandoc
from typing import Literal

from toolyard.core.content import Image, Text


class _Skip(Enum):
    SKIP = "skip"


SKIP: Literal[_Skip.SKIP] = _Skip.SKIP
"""Behind a member's value: models are not told of it."""


class PromptEnum(StrEnum):
    """A `StrEnum` whose members have a description: `Search = "search", "The user wants ..."`.

    A member whose value is followed by `SKIP` is valid and not shown.
    """

    _value_: str
    _meaning: str
    _is_shown: bool

    def __new__(cls, value: str, *about: str | _Skip) -> PromptEnum:
        """A member from what its line says."""
        member = str.__new__(cls, value)
        member._value_ = value
        member._meaning = " ".join(each for each in about if isinstance(each, str))
        member._is_shown = SKIP not in about
        return member

    @classmethod
    def shown(cls) -> list[PromptEnum]:
        """The members that models are told of."""
        return [member for member in cls if member._is_shown]

    @classmethod
    def prompt_schema(cls) -> str:
        """What the enumeration is for, and its members with what they mean."""
        documentation = cleandoc(cls.__dict__.get("__doc__") or "")
        heading = f"{cls.__name__}: {documentation}" if documentation else cls.__name__
        return "\n".join([heading, "", "Possible values:", *cls.shown_lines()])

    @classmethod
    def shown_lines(cls) -> list[str]:
        """A line for each member that models are told of."""
        return [f"- {member.to_prompt()}" for member in cls.shown()]

    def to_prompt(self, target: object = None) -> str:
        """The value, and what it means; the same for every target."""
        is_told = self._meaning and self._is_shown
        return f"{self.value}: {self._meaning}" if is_told else self.value

    def prompt_parts(self, target: object = None) -> list[Text | Image]:
        """The same as a part."""
        return [Text(self.to_prompt())]
