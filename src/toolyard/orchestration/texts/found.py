"""What a retriever found, for those who are to work with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from toolyard.core.workflow_errors import WorkflowError
from toolyard.orchestration.texts.quoted import quoted


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of what was found."""

    content: str
    source: str = ""
    """Where it is from, if that is known."""


def chunks_in(output: Any) -> Sequence[Chunk]:
    """What a retriever gave as chunks, without those that say nothing.

    Raises:
        WorkflowError: It is neither a text, nor `{content, source}`, nor a list of such.
    """
    if output is None:
        return []
    several = cast("Sequence[Any]", output if isinstance(output, list | tuple) else [output])
    found = map(_chunk, several)
    return [each for each in found if each.content.strip()]


def sources_of(chunks: Sequence[Chunk]) -> Sequence[str]:
    """Where `chunks` are from, each source once, in their order."""
    return list(dict.fromkeys(each.source for each in chunks if each.source))


def numbered(chunks: Sequence[Chunk]) -> str:
    """`chunks` for a model, from number 1, with where they are from."""
    return "\n\n".join(
        quoted(f"[{number}] {each.source}".strip(), each.content)
        for number, each in enumerate(chunks, 1)
    )


def _chunk(given: Any) -> Chunk:
    kind = type(given).__name__
    if isinstance(given, str):
        return Chunk(given)
    if isinstance(given, Mapping):
        fields = cast("Mapping[str, Any]", given)
        content = fields.get("content")
        if isinstance(content, str):
            return Chunk(content, str(fields.get("source") or ""))
    raise WorkflowError(
        f"The retriever gave something of the type {kind}: it must give texts, or mappings with "
        "a `content` and a `source`."
    )
