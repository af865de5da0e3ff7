"""What a function returns, as the result of a call."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast, get_args

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError
from pydantic_core import to_json

from toolyard.core.arguments import messages, unspeakable
from toolyard.core.blocks import BLOCKS, Unfit, json_text, refuse_endless
from toolyard.core.content import Text
from toolyard.core.explanation import Explanation
from toolyard.core.generated_schema import GeneratedSchema
from toolyard.core.object_schema import MEMBER, inlined, wrapped
from toolyard.core.portable import ANYTHING, Schema, every_schema, portable
from toolyard.core.signature import UNSAID
from toolyard.core.text_safety import sendable_within
from toolyard.core.tool import ToolResult
from toolyard.core.verdict import verdict_of

_MISFIT = "what it returned does not fit its output schema"
_SHORT = 1 << 64
"""Longer numbers are written with more care."""
_UNTYPED = (UNSAID, Any, object, None, type(None))


class Output:
    """Structured content by the return annotation: `schema`, and `result` to fill it."""

    def __init__(self, annotation: Any, what: str) -> None:
        try:
            self._adapter: TypeAdapter[Any] = TypeAdapter(annotation)
            generated = self._adapter.json_schema(
                mode="serialization", schema_generator=GeneratedSchema
            )
        except (PydanticUserError, PydanticSchemaGenerationError, KeyError, TypeError) as error:
            raise unspeakable(f"what {what} returns", error) from error
        schema = inlined(portable(generated))
        self._annotation = annotation
        self._is_wrapped = schema.get("type") != "object"
        self.schema: Schema = wrapped(schema) if self._is_wrapped else schema
        self._hides_endless = any(map(_is_loose, every_schema(generated)))
        self._accepts = verdict_of(self.schema, f"The schema of what {what} returns")
        self._explanation = Explanation(self.schema)
        self._validate = self._adapter.validator.validate_python
        self._dump = self._adapter.serializer.to_python

    def result(self, value: Any) -> ToolResult:
        """`value` as structured content and as text.

        Raises:
            Unfit: It does not fit `schema`.
        """
        text = self._plain_text(value)
        if text is not None:
            return ToolResult((Text(text),), {MEMBER: value})
        try:
            valid = self._validate(value)
            data = self._dump(valid, mode="json", by_alias=True, warnings="error")
            if self._hides_endless:
                refuse_endless(to_json(self._dump(valid), serialize_unknown=True))
        except ValidationError as error:
            raise Unfit(_MISFIT, " ".join(messages(error))) from error
        except ValueError as error:  # pydantic's errors of serialising are of this kind
            raise Unfit(_MISFIT, type(value).__name__) from error
        text = json_text(data)
        if not text.isascii():
            data = sendable_within(data)
        structured = {MEMBER: data} if self._is_wrapped else data
        self._refuse_unfit(structured)
        return ToolResult(
            content=(Text(data if isinstance(data, str) else text),), structured=structured
        )

    def _plain_text(self, value: Any) -> str | None:
        """The text of what is plainly right; `None` if more has to be looked at."""
        kind: object = type(value)  # pyright: ignore[reportUnknownVariableType]
        if kind is not self._annotation:
            return None
        if kind is str and value.isascii():
            return value
        if kind is float and math.isfinite(value):
            return to_json(value).decode()
        if kind is bool:
            return "true" if value else "false"
        return str(value) if kind is int and -_SHORT < value < _SHORT else None

    def _refuse_unfit(self, structured: Any) -> None:
        """Pydantic looks only at what it validates, and serialises as the author says."""
        try:
            if self._accepts(structured):
                return
        except ValueError as error:
            raise Unfit("what it returned is nested too deeply") from error
        found = self._explanation.of(structured)
        raise Unfit(_MISFIT, " ".join(each.partition(", got ")[0] for each in found))


def output_of(annotation: Any, what: str) -> Output | None:
    """How values of `annotation` become results; `None` if they have no schema."""
    if _is_untyped(annotation):
        return None
    return Output(annotation, what)


def _is_untyped(annotation: Any) -> bool:
    return any(annotation is each for each in _UNTYPED) or _speaks_of_blocks(annotation)


def _speaks_of_blocks(annotation: Any) -> bool:
    waiting, seen = [annotation], list[Any]()
    while waiting:
        each = waiting.pop()
        if any(each is known for known in seen):  # a type may hold itself by its name
            continue
        seen.append(each)
        if isinstance(each, type) and issubclass(each, (ToolResult, *BLOCKS)):
            return True
        named = getattr(cast("object", each), "__value__", None)  # by `type X = ...`
        waiting.extend(get_args(each) if named is None else (named,))
    return False


def _is_loose(schema: Mapping[str, Any]) -> bool:
    """Whether values may be of any type: there pydantic writes NaN as null."""
    return schema.get("additionalProperties") is True or schema.get("anyOf") == ANYTHING["anyOf"]
