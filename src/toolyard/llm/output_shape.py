"""What a structured answer must be: told to the model, and read from its answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from pydantic import TypeAdapter, create_model

from toolyard.core.generated_schema import GeneratedSchema
from toolyard.core.object_schema import MEMBER, inlined, wrapped
from toolyard.core.portable import Schema
from toolyard.llm.chat import OutputSchema
from toolyard.llm.strict_schema import strict_form
from toolyard.prompts.extraction import read_json
from toolyard.prompts.schema_text import schema_text

_ODD = re.compile(r"[^A-Za-z0-9_-]+")


class OutputShape:
    """What an answer must be: a type that pydantic knows, or a JSON Schema of an object.

    Raises:
        PromptError: JSON cannot say the type.
    """

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._is_wrapped = False
        schema: Schema
        if isinstance(kind, dict):
            schema = cast("Schema", kind)
            self._text = json.dumps(schema, ensure_ascii=False)
        else:
            self._text = schema_text(kind)
            schema = inlined(TypeAdapter(kind).json_schema(schema_generator=GeneratedSchema))
            self._is_wrapped = schema.get("type") != "object"
        if self._is_wrapped:  # providers want objects
            schema = wrapped(schema)
            member: Mapping[str, Any] = {MEMBER: (kind, ...)}
            self._kind = create_model(MEMBER, **member)
        name = _ODD.sub("_", str(getattr(cast("object", kind), "__name__", MEMBER)))[:64]
        self.output = OutputSchema(name, strict_form(schema))
        """For the request."""

    @property
    def instructions(self) -> str:
        """For a model whose provider does not keep it to the schema."""
        member = f' as the member "{MEMBER}" of an object' if self._is_wrapped else ""
        return (
            f"IMPORTANT: Answer with JSON alone that matches this schema{member}:\n\n{self._text}"
        )

    def read(self, answer: str) -> Any:
        """The value in `answer`.

        Raises:
            ExtractionError: There is none.
        """
        value: Any = read_json(answer, self._kind)
        return getattr(value, MEMBER) if self._is_wrapped else value
