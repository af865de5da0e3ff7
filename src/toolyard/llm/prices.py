"""What answers cost, by the list prices of their providers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

from toolyard.llm.chat import Reply
from toolyard.llm.usage import Usage

MILLION = Decimal(1_000_000)

_FREE = {"echo", "scripted"}
"""Models of ours that cost nothing."""
_LISTED_AS = {"xai": "x-ai", "gemini": "google"}
"""Providers that genai-prices calls otherwise than we do."""


class Prices(Protocol):
    """Knows what an answer costs."""

    def cost(self, reply: Reply) -> Decimal | None:
        """In US dollars; `None` if that is not known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per million tokens."""

    input: Decimal | float | int
    output: Decimal | float | int
    cached: Decimal | float | int | None = None
    """Of input from the provider's cache; as `input` if not given."""

    def of(self, usage: Usage) -> Decimal:
        """What `usage` costs."""
        cached = self.input if self.cached is None else self.cached
        fresh = usage.input_tokens - usage.cached_tokens
        shares = ((fresh, self.input), (usage.cached_tokens, cached))
        spent = sum((tokens * Decimal(str(price)) for tokens, price in shares), Decimal(0))
        return (spent + usage.output_tokens * Decimal(str(self.output))) / MILLION


class ListPrices:
    """The public prices, as far as they are known; yours come first.

    Args:
        own: By the model's name, as `PROVIDER:MODEL`.
    """

    def __init__(self, own: Mapping[str, Price] | None = None) -> None:
        self._own = dict(own or {})

    def cost(self, reply: Reply) -> Decimal | None:
        """As `Prices.cost`."""
        if reply.model in _FREE:
            return Decimal(0)
        own = self._own.get(reply.model)
        return own.of(reply.usage) if own is not None else _listed(reply.model, reply.usage)


def difference(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    """What was spent from `before` to `after`; `None` if either is not known."""
    return None if before is None or after is None else after - before


@lru_cache(maxsize=256)
def _listed(model: str, usage: Usage) -> Decimal | None:
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    provider, _, name = model.removeprefix("any:").partition(":")
    counted = Counted(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_written_tokens,
    )
    known: Mapping[str, Any] = {"provider_id": _LISTED_AS.get(provider, provider)}
    try:
        return calc_price(counted, name, **known).total_price
    except LookupError:
        return None
