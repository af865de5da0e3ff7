"""What an answer took, counted in tokens."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the provider counted them; adding two gives those of both."""

    calls: int = 1
    """How many requests were answered."""
    input_tokens: int = 0
    """All that was read, from a cache or not."""
    output_tokens: int = 0
    """All that was written, with the reasoning."""
    cached_tokens: int = 0
    """Of the input, what came from the provider's cache."""
    cache_written_tokens: int = 0
    """Of the input, what was put into it."""
    reasoning_tokens: int = 0
    """Of the output, what was thought."""

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        names = [each.name for each in fields(self)]
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in names})


NO_USAGE = Usage(calls=0)
