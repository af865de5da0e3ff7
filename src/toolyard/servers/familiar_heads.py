"""Heads of requests that a connection sent before: what they mean is known without parsing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolyard.servers.known_headers import Head, Header

END = b"\r\n\r\n"
LENGTH = b"content-length"
MOST_KEPT = 8
"""Of one connection: those that it used last."""
MOST_BYTES = 4096
"""A longer head is parsed each time."""
MOST_DIGITS = 7


@dataclass(slots=True, repr=False)
class FamiliarHead:
    """One of them."""

    before: bytes
    """Its bytes up to the length of its body."""
    after: bytes
    """Its bytes from there on."""
    scope: dict[str, Any]
    position: int
    """Of that length among the scope's headers."""
    known: Head
    """What it says, apart from that length."""
    whole: bytes
    """All of its bytes, as they came last."""
    digits: bytes
    """The length in them."""
    body_bytes: int
    """That length."""

    def took(self, data: bytes) -> bool:
        """Whether `data` begins with it, whatever the length; then that is kept as the last."""
        if not data.startswith(self.before):
            return False
        start = len(self.before)
        digits = data[start : data.find(b"\r", start, start + MOST_DIGITS + 1)]
        end = start + len(digits)
        if not digits.isdigit() or not data.startswith(self.after, end):
            return False
        self.digits, self.body_bytes = digits, int(digits)
        self.whole = data[: end + len(self.after)]
        return True

    def scope_with(self, digits: bytes) -> dict[str, Any]:
        """The scope, with that length of the body; its own, so that it may be changed."""
        headers: list[Header] = self.scope["headers"].copy()
        headers[self.position] = (LENGTH, digits)
        return {**self.scope, "headers": headers, "state": self.scope["state"].copy()}


class FamiliarHeads:
    """Takes a request apart whose head differs from an earlier one in the body's length alone.

    Byte for byte, so that it means what it meant: only what was parsed and answered is learnt.
    """

    def __init__(self) -> None:
        self._heads: list[FamiliarHead] = []
        """The one that came last is the first."""

    def learn(self, data: bytes, scope: dict[str, Any], body_bytes: int, known: Head) -> None:
        """Remember the head of `data`, which is one whole request, and was parsed to `scope`.

        Args:
            data: What came by the connection; if it is more or less, nothing is learnt.
            scope: As in ASGI; a copy is kept.
            body_bytes: How long the body was.
            known: What was found in the head.
        """
        end = data.find(END) + len(END)
        names = [name for name, _ in scope["headers"]]
        if end > MOST_BYTES or len(data) - end != body_bytes or names.count(LENGTH) != 1:
            return
        position = names.index(LENGTH)
        digits: bytes = scope["headers"][position][1]
        start = data[:end].lower().find(b"\r\n%b:" % LENGTH) + len(LENGTH) + 3
        start = data.index(digits, start)
        after = data[start + len(digits) : end]
        kept = {**scope, "headers": scope["headers"].copy(), "state": scope["state"].copy()}
        head = FamiliarHead(
            data[:start], after, kept, position, known, data[:end], digits, body_bytes
        )
        self._heads = [head, *self._heads[: MOST_KEPT - 1]]

    def find(self, data: bytes) -> tuple[FamiliarHead, bytes, bytes] | None:
        """The head, the digits of the length and the body, if `data` is such a whole request."""
        for position, head in enumerate(self._heads):
            if data.startswith(head.whole) or head.took(data):
                if position:
                    self._heads.insert(0, self._heads.pop(position))
                body = data[len(head.whole) :]
                return (head, head.digits, body) if len(body) == head.body_bytes else None
        return None
