"""Something a model wants done, which it writes as an element."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo
from typing_extensions import Unpack

from toolyard.core.errors import PromptError
from toolyard.prompts.tagged_prompt import checked_tag


class _Inner:
    """Marks the field that is the text between the tags."""


InnerText = Annotated[str, _Inner()]
"""The text between the tags, with entities such as `&lt;` read."""


class Action(BaseModel):
    """An element `<Tag field="value">inner text</Tag>`; its docstring says what it does.

    The fields are attributes, of any type that can be read from text; one may be `InnerText`.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)
    _tag: ClassVar[str]
    _inner: ClassVar[str | None]

    def __init_subclass__(cls, *, tag: str | None = None, **config: Unpack[ConfigDict]) -> None:
        """Keep the tag's name, which is that of the class if none is given."""
        cls._tag = checked_tag(cls.__name__ if tag is None else tag)

    @classmethod
    def __pydantic_init_subclass__(cls, **config: Any) -> None:
        super().__pydantic_init_subclass__()
        inner = [name for name, each in cls.model_fields.items() if _is_inner(each)]
        if len(inner) > 1:
            raise PromptError(f"{cls.__name__} has more than one InnerText: {', '.join(inner)}.")
        cls._inner = inner[0] if inner else None

    @classmethod
    def tag_name(cls) -> str:
        """The name of its tag."""
        return cls._tag

    @classmethod
    def inner_field(cls) -> str | None:
        """The name of the field that is the text between the tags, if there is one."""
        return cls._inner

    @classmethod
    def documentation(cls) -> str:
        """How it is written, what it does, and a line for each field."""
        attributes = {name: each for name, each in cls.model_fields.items() if name != cls._inner}
        written = "".join(f' {name}="..."' for name in attributes)
        inner = f">{cls._inner}</{cls._tag}>" if cls._inner else " />"
        does = " ".join((cls.__doc__ or "").split())
        lines = [f"- `<{cls._tag}{written}{inner}`{f': {does}' if does else ''}"]
        for name, each in cls.model_fields.items():
            kind = "inner text" if name == cls._inner else "attribute"
            kind += "" if each.is_required() else ", optional"
            about = " ".join((each.description or "").split())
            lines.append(f"  - `{name}` ({kind}){f': {about}' if about else ''}")
        return "\n".join(lines)


def _is_inner(field: FieldInfo) -> bool:
    return any(isinstance(each, _Inner) for each in field.metadata)
