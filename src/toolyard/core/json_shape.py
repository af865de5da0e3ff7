"""How tangled a JSON text is, told from its bytes before it is parsed."""

from __future__ import annotations

from typing import Literal

Tangle = Literal["encoding", "values", "depth"]

_KEPT = b'[]{},"'
_NOT_KEPT = bytes(set(range(256)) - set(_KEPT))
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_QUOTES_PER_VALUE = 4
"""Around a name and a text."""
_STEP = {ord("["): 1, ord("]"): -1}
_LEAF = b"[]"
_PASSES = 8
"""Few JSON texts nest deeper; each pass looks at all brackets that are left."""


def tangle_in(text: bytes | bytearray, *, most_depth: int, most_values: int) -> Tangle | None:
    """What keeps a parser from taking `text` without using up stack or memory, if anything does.

    What is not JSON passes as well; the parser will say so.

    Args:
        text: UTF-8.
        most_depth: Arrays and objects inside each other.
        most_values: Commas and opening brackets, about the number of values.
    """
    opened = text.count(b"[") + text.count(b"{")
    if opened <= most_depth and (
        len(text) <= most_values or opened + text.count(b",") <= most_values
    ):
        return None
    if b"\0" in text:
        # Some parsers guess UTF-16, in which a letter may look like a quote or a bracket here.
        return "encoding"
    unescaped = text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text
    shape = unescaped.translate(_AS_SQUARE, _NOT_KEPT)
    if shape.count(b'"') > _QUOTES_PER_VALUE * (most_values + 1):
        return "values"
    # Without their quotes, strings that hold nothing of the kind are gone; the others are not.
    bare = b"".join(shape.replace(b'""', b"").split(b'"')[::2])
    if bare.count(b"[") + bare.count(b",") > most_values:
        return "values"
    return "depth" if _depth(bare.replace(b",", b"")) > most_depth else None


def _depth(brackets: bytes | bytearray) -> int:
    """How deep they nest; taking the innermost away leaves one less."""
    taken = 0
    while _LEAF in brackets and taken < _PASSES:
        brackets = brackets.replace(_LEAF, b"")
        taken += 1
    depth = deepest = 0
    for bracket in brackets:
        depth += _STEP[bracket]
        deepest = max(deepest, depth)
    return taken + deepest
