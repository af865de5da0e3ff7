"""What an answer took, counted in tokens."""

from __future__ import annotations

from dataclasses import dataclass

from toolyard.core.quick_init import quick_init


@quick_init
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
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_written_tokens=self.cache_written_tokens + other.cache_written_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
        )

    def __sub__(self, other: Usage) -> Usage:
        return Usage(
            calls=self.calls - other.calls,
            input_tokens=self.input_tokens - other.input_tokens,
            output_tokens=self.output_tokens - other.output_tokens,
            cached_tokens=self.cached_tokens - other.cached_tokens,
            cache_written_tokens=self.cache_written_tokens - other.cache_written_tokens,
            reasoning_tokens=self.reasoning_tokens - other.reasoning_tokens,
        )


NO_USAGE = Usage(calls=0)
