"""Lines that match a regular expression which a model wrote."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

from toolyard.core.errors import ToolError

LONGEST_LINE = 500
LONGEST_PATTERN = 1_000


def matching(lines: Sequence[str], pattern: str, most: int) -> str:
    """The lines that match, each with its number, at most `most` letters of them.

    The engine is Rust's, which takes time linear in the text whatever the pattern.

    Raises:
        ToolError: `pattern` is none that the engine understands.
    """
    validator = _validator(pattern)
    found: list[str] = []
    room = most
    for number, line in enumerate(lines, start=1):
        if not validator.isinstance_python(line):
            continue
        shown = line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"
        found.append(f"{number}: {shown}")
        room -= len(found[-1]) + 1
        if room < 0:
            found.append("[cut: there may be more; choose less]")
            break
    return "\n".join(found) or "No line matches."


def _validator(pattern: str) -> SchemaValidator:
    if len(pattern) > LONGEST_PATTERN:
        raise ToolError(f"A pattern has {LONGEST_PATTERN} letters at most.")
    try:
        schema = core_schema.str_schema(pattern=pattern, regex_engine="rust-regex", strict=True)
        return SchemaValidator(schema)
    except (SchemaError, ValidationError, ValueError):
        raise ToolError(
            f"{pattern[:80]!r} is not a regular expression that is understood here; look-around "
            "and back-references are not."
        ) from None
