"""How large and how tangled a JSON body may be, told before it is parsed."""

from __future__ import annotations

from dataclasses import dataclass

from toolyard.core.json_shape import tangle_in
from toolyard.security.refusal import Refusal


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
        tangle = tangle_in(body, most_depth=self.max_depth, most_values=self.max_items)
        if tangle is None:
            return
        if tangle == "encoding":
            raise Refusal(400, "depth", "The body must be JSON in UTF-8.")
        if tangle == "values":
            raise Refusal(400, "depth", f"The body may hold {self.max_items} values at most.")
        raise Refusal(400, "depth", f"The body may be nested {self.max_depth} deep at most.")
