"""How tangled a JSON text is, told from its bytes before it is parsed."""

from __future__ import annotations

from typing import Literal

Tangle = Literal["encoding", "values", "depth"]

_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_QUOTES_PER_VALUE = 4
"""Around a name and a text."""
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def tangle_in(text: bytes, *, most_depth: int, most_values: int) -> Tangle | None:
    """What keeps a parser from taking `text` without using up stack or memory, if anything does.

    What is not JSON passes as well; the parser will say so.

    Args:
        text: UTF-8.
        most_depth: Arrays and objects inside each other.
        most_values: Commas and opening brackets, about the number of values.
    """
    opened = text.count(b"[") + text.count(b"{")
    if opened <= most_depth and opened + text.count(b",") <= most_values:
        return None
    if b"\0" in text:
        # Some parsers guess UTF-16, in which a letter may look like a quote or a bracket here.
        return "encoding"
    unescaped = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    if unescaped.count(b'"') > _QUOTES_PER_VALUE * (most_values + 1):
        return "values"
    bare = b"".join(unescaped.split(b'"')[::2])
    if bare.count(b"[") + bare.count(b"{") + bare.count(b",") > most_values:
        return "values"
    return "depth" if _depth(bare) > most_depth else None


def _depth(bare: bytes) -> int:
    depth = deepest = 0
    for bracket in bare.translate(None, _NOT_BRACKETS):
        depth += _STEP[bracket]
        deepest = max(deepest, depth)
    return deepest
