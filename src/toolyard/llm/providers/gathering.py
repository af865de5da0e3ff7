"""A whole answer, gathered from the pieces it comes in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from uuid import uuid4

from pydantic_core import from_json

from toolyard.core.content import Text
from toolyard.core.json_value import is_json
from toolyard.llm.chat import ReasoningDelta, TextDelta, ToolUseDelta
from toolyard.llm.message import Message, Part, Reasoning, ToolUse


class _Growing:
    """One part that is not whole yet."""

    def __init__(self, kind: type[Text | Reasoning | ToolUse], number: int = 0) -> None:
        self.kind = kind
        self.number = number
        """Of the tool uses, from 0."""
        self.text: list[str] = []
        self.id = self.name = ""
        self.signature: str | None = None

    @property
    def whole(self) -> Part:
        text = "".join(self.text)
        if self.kind is Text:
            return Text(text)
        if self.kind is Reasoning:
            return Reasoning(text, self.signature)
        return tool_use(self.id, self.name, text, signature=self.signature)


class Gathering:
    """Takes an answer piece by piece; each method gives the delta to pass on."""

    def __init__(self) -> None:
        self._parts: list[_Growing | Part] = []
        self._uses: dict[int | None, _Growing] = {}
        self._begun = 0

    def text(self, more: str) -> TextDelta:
        """More text."""
        self._last(Text).text.append(more)
        return TextDelta(more)

    def reasoning(self, more: str, signature: str | None = None) -> ReasoningDelta:
        """More of what the model thinks, or the signature below it."""
        growing = self._last(Reasoning)
        growing.text.append(more)
        growing.signature = signature or growing.signature
        return ReasoningDelta(more)

    def tool_use(
        self,
        index: int | None,
        *,
        id: str = "",
        name: str = "",
        arguments: str = "",
        signature: str | None = None,
    ) -> ToolUseDelta:
        """More of a tool use; its id and name come once, or whole each time.

        Servers that give no `index`, or the same to all, begin another use with another id.
        """
        growing = self._uses.get(index)
        if growing is None or (id and growing.id and id != growing.id):
            growing = self._uses[index] = _Growing(ToolUse, self._begun)
            self._begun += 1
            self._parts.append(growing)
        growing.id, growing.name = id or growing.id, name or growing.name
        growing.signature = signature or growing.signature
        growing.text.append(arguments)
        return ToolUseDelta(growing.number, growing.id, growing.name, arguments)

    def part(self, part: Part) -> None:
        """A whole part that nobody needs to hear of before the end."""
        self._parts.append(part)

    @property
    def message(self) -> Message:
        """All of it."""
        whole = (each.whole if isinstance(each, _Growing) else each for each in self._parts)
        return Message("assistant", tuple(whole))

    def _last(self, kind: type[Text | Reasoning]) -> _Growing:
        last = self._parts[-1] if self._parts else None
        if isinstance(last, _Growing) and last.kind is kind and not last.signature:
            return last
        growing = _Growing(kind)
        self._parts.append(growing)
        return growing


def tool_use(id: str, name: str, arguments: str, *, signature: str | None = None) -> ToolUse:
    """A tool use with its arguments read from JSON text; no text means none.

    What is nested too deeply, is no Unicode, or has numbers that are not finite, cannot be sent
    back either, and is malformed.
    Where the provider gives no id, it gets one.
    """
    id = id or f"use-{uuid4().hex}"
    try:
        value: Any = from_json(arguments or "{}")
    except (ValueError, TypeError):  # the latter for a text that is no Unicode
        value = None
    if isinstance(value, dict) and is_json(cast("object", value)):
        return ToolUse(id, name, cast("Mapping[str, Any]", value), signature=signature)
    return ToolUse(id, name, {}, malformed=arguments, signature=signature)
