"""Any value as text for a model, and as text with pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, time
from enum import Enum
from typing import Any, Protocol, cast, runtime_checkable

from pydantic import BaseModel

from toolyard.core.content import Image, Text
from toolyard.core.errors import PromptError

Part = Text | Image
_STEP = "  "


@runtime_checkable
class Promptable(Protocol):
    """Whatever shows itself to a model in its own way."""

    def to_prompt(self, target: object = None) -> str:
        """The value as text, for `target` if there is one."""
        ...

    def prompt_parts(self, target: object = None) -> list[Part]:
        """The same with its pictures."""
        ...


def to_prompt(value: Any, *, target: object = None) -> str:
    """`value` as text for a model; pictures are left out.

    Numbers and texts are as they are, `None` and truth values as in JSON, lists in brackets, and
    what has names as lines of `name: value`, indented inside of others.

    Args:
        value: Anything but bytes.
        target: For what a `PromptModel` shows itself: one of its targets' names, or an object.

    Raises:
        PromptError: There is no such target, or no text for such a value.
    """
    if isinstance(value, Promptable):
        return value.to_prompt(target)
    return text_of(prompt_parts(value, target=target))


def prompt_parts(value: Any, *, target: object = None) -> list[Part]:
    """The same with its pictures, each where it stands."""
    if isinstance(value, Promptable):
        return value.prompt_parts(target)
    if target is not None:
        raise PromptError(f"A {type(value).__name__} has no targets: give it to a PromptModel.")
    if isinstance(value, Text | Image):
        return [value]
    if isinstance(value, list | tuple):
        several = cast("Sequence[Any]", value)
        if any(isinstance(each, Text | Image) for each in several):
            return joined(map(prompt_parts, several))
    return [Text(_plain(value))]


def text_of(parts: Iterable[Part]) -> str:
    """The text in `parts`."""
    return "".join(part.text for part in parts if isinstance(part, Text))


def joined(several: Iterable[Iterable[Part]], *, between: str = "") -> list[Part]:
    """All parts but empty text, with text that follows on text made one."""
    kept: list[Part] = []
    for part in (each for parts in several for each in parts):
        before = kept[-1] if kept else None
        if isinstance(part, Text) and isinstance(before, Text):
            kept[-1] = Text(before.text + between + part.text)
        elif not isinstance(part, Text) or part.text:
            kept.append(part)
    return kept


def line(name: str, value: Any) -> str:
    """`name: value`, or below `name:` what has lines of its own."""
    text = to_prompt(value)
    if "\n" in text or _has_names(value):
        return f"{name}:\n{_indented(text)}"
    return f"{name}: {text}"


def _plain(value: Any) -> str:
    for kinds, write in _WRITERS:
        if isinstance(value, kinds):
            try:
                return write(value)
            except RecursionError as error:
                raise PromptError("A value is nested too deeply, or in itself.") from error
    if is_dataclass(value) and not isinstance(value, type):
        return _named({each.name: getattr(value, each.name) for each in fields(value)})
    return str(value)


def _refused(value: bytes) -> str:
    raise PromptError("Bytes have no text: make an image of them, or decode them.")


def _literal(value: bool | None) -> str:
    return "null" if value is None else str(value).lower()


def _model(value: BaseModel) -> str:
    return _named({name: getattr(value, name) for name in type(value).model_fields})


def _named(values: Mapping[Any, Any]) -> str:
    return "\n".join(line(to_prompt(name), each) for name, each in values.items())


def _list(values: Iterable[Any]) -> str:
    several = list(values)
    texts = [to_prompt(each) for each in several]
    if any("\n" in text for text in texts) or any(map(_has_names, several)):
        return "\n".join(f"- {_indented(text).strip()}" for text in texts)
    return f"[{', '.join(texts)}]"


def _has_names(value: Any) -> bool:
    return isinstance(value, BaseModel | Mapping) or (
        is_dataclass(value) and not isinstance(value, Text | Image)
    )


def _indented(text: str) -> str:
    return "\n".join(_STEP + each if each else each for each in text.split("\n"))


_WRITERS: Sequence[tuple[Any, Callable[[Any], str]]] = (
    (str, str),
    ((bool, type(None)), _literal),
    (Enum, lambda value: to_prompt(value.value)),
    ((bytes, bytearray, memoryview), _refused),
    ((date, time), lambda value: value.isoformat()),
    (BaseModel, _model),
    (Mapping, _named),
    ((list, tuple, AbstractSet), _list),
)
"""The first that knows a value writes it; a `StrEnum` is a text."""
