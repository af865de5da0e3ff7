"""What a new version of a source changes for those who call its tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolyard.core.tool import Tool

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Names of tools that came, went and changed, and what breaks for callers, in sentences."""

    added: Sequence[str] = ()
    removed: Sequence[str] = ()
    changed: Sequence[str] = ()
    breaks: Sequence[str] = ()


def compared(old: Sequence[Tool], new: Sequence[Tool]) -> Comparison:
    """What changes when the tools `new` take the place of `old`."""
    before = {tool.name: tool for tool in old}
    after = {tool.name: tool for tool in new}
    removed = [name for name in before if name not in after]
    shared = [name for name in before if name in after]
    changed = [name for name in shared if before[name] is not after[name] != before[name]]
    breaks = [f"The tool {name!r} is gone." for name in removed]
    for name in changed:
        breaks += _breaks(before[name], after[name])
    return Comparison([name for name in after if name not in before], removed, changed, breaks)


def _breaks(old: Tool, new: Tool) -> Iterator[str]:
    for problem in _narrower(old.input_schema, new.input_schema, "argument"):
        yield f"{new.name!r}: {problem}"
    if old.output_schema is not None and new.output_schema is None:
        yield f"{new.name!r}: it gives no structured content any more."
    elif old.output_schema is not None and new.output_schema is not None:
        gone = set(_properties(old.output_schema)) - set(_properties(new.output_schema))
        for name in sorted(gone):
            yield f"{new.name!r}: its result has no {name!r} any more."


def _narrower(old: Schema, new: Schema, what: str) -> Iterator[str]:
    """What was accepted and is not any more, as far as two schemas of objects tell at a glance."""
    before, after = _properties(old), _properties(new)
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"the {what} {name!r} is required now."
    for name, schema in before.items():
        if name not in after:
            if new.get("additionalProperties", True) is False:
                yield f"the {what} {name!r} is gone."
            continue
        yield from _narrower_value(schema, after[name], f"the {what} {name!r}")


def _narrower_value(old: Schema, new: Schema, what: str) -> Iterator[str]:
    lost = _types(old) - _types(new)
    if lost:
        yield f"{what} may be no {' or '.join(sorted(lost))} any more."
    if "enum" in new:
        gone = [value for value in old.get("enum", ()) if value not in new["enum"]]
        if gone or "enum" not in old:
            yield f"{what} takes fewer values than before."


_ALL = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def _types(schema: Schema) -> frozenset[str]:
    said = schema.get("type")
    if said is None:
        return _ALL
    named = {said} if isinstance(said, str) else set(said)
    return frozenset(named | ({"integer"} if "number" in named else set()))


def _properties(schema: Schema) -> dict[str, Schema]:
    """What it says of each property; `true` and `false` say nothing."""
    found: Mapping[str, Any] = schema.get("properties", {})
    return {name: each if isinstance(each, Mapping) else {} for name, each in found.items()}
