"""How large and how tangled a JSON body may be, told before it is parsed."""

from __future__ import annotations

from dataclasses import dataclass

from toolyard.security.refusal import Refusal

_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_QUOTES_PER_ITEM = 4
"""Around a name and a text."""
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bounds on a body; the defaults suit tool calls."""

    max_bytes: int = 4 << 20
    max_depth: int = 64
    """Arrays and objects inside each other."""
    max_items: int = 100_000
    """Commas and opening brackets, about the number of values."""

    def check_size(self, size: int) -> None:
        """Pass a body of `size` bytes, announced or received so far.

        Raises:
            Refusal: 413.
        """
        if size > self.max_bytes:
            raise Refusal(413, "size", f"The body may have {self.max_bytes} bytes at most.")

    def check_shape(self, body: bytes) -> None:
        """Pass a body that a JSON parser can take without using up stack or memory.

        What is not JSON passes as well; the parser will say so.

        Raises:
            Refusal: 400.
        """
        opened = body.count(b"[") + body.count(b"{")
        if opened <= self.max_depth and opened + body.count(b",") <= self.max_items:
            return
        if b"\0" in body:
            # Some parsers guess UTF-16, in which a letter may look like a quote or a bracket here.
            raise Refusal(400, "depth", "The body must be JSON in UTF-8.")
        unescaped = body.replace(b"\\\\", b"").replace(b'\\"', b"")
        if unescaped.count(b'"') > _QUOTES_PER_ITEM * (self.max_items + 1):
            raise self._too_many()
        bare = b"".join(unescaped.split(b'"')[::2])
        if bare.count(b"[") + bare.count(b"{") + bare.count(b",") > self.max_items:
            raise self._too_many()
        if _depth(bare) > self.max_depth:
            raise Refusal(400, "depth", f"The body may be nested {self.max_depth} deep at most.")

    def _too_many(self) -> Refusal:
        return Refusal(400, "depth", f"The body may hold {self.max_items} values at most.")


def _depth(bare: bytes) -> int:
    depth = deepest = 0
    for bracket in bare.translate(None, _NOT_BRACKETS):
        depth += _STEP[bracket]
        deepest = max(deepest, depth)
    return deepest
