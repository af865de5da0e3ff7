"""The exact replacement of a text that occurs once."""

from __future__ import annotations

from toolyard.builtin_tools.filesystem.path import shown
from toolyard.core.errors import ToolError


def edited(content: bytes, old: bytes, new: bytes, path: str) -> bytes:
    """`content` with `old` replaced by `new`.

    Raises:
        ToolError: `old` does not occur exactly once; the text says how often.
    """
    if old == new:
        raise ToolError("The old and the new text are the same: nothing to do.")
    times = _occurrences(content, old)
    if times == 1:
        return content.replace(old, new)
    if times:
        raise ToolError(
            f"The old text occurs {times} times in {shown(path)}, and must occur exactly once: "
            "give more of the lines around it."
        )
    hint = ""
    if b"\r\n" in content and b"\n" in old and b"\r\n" not in old:
        hint = r" Its lines end with '\r\n'."
    raise ToolError(
        f"The old text occurs 0 times in {shown(path)}: read the file and copy the text exactly, "
        f"with its spaces.{hint}"
    )


def _occurrences(content: bytes, text: bytes) -> int:
    """How often `text` is there; two that overlap are two."""
    times = content.count(text) if text else 0
    if times != 1:
        return times
    return 1 + (content.find(text, content.find(text) + 1) >= 0)
