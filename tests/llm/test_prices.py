"""What answers cost."""

from decimal import Decimal

import pytest

from toolyard.llm.chat import Reply
from toolyard.llm.message import assistant
from toolyard.llm.prices import ListPrices, Price
from toolyard.llm.usage import NO_USAGE, Usage

MUCH = Usage(input_tokens=1_000_000, output_tokens=1_000_000)


def said_by(model: str, usage: Usage = MUCH) -> Reply:
    return Reply(assistant("Hi"), usage, model=model)


@pytest.mark.parametrize(
    "model",
    [
        "openai:gpt-5-mini",
        "anthropic:claude-sonnet-4-5",
        "gemini:gemini-2.5-flash",
        "xai:grok-4",
        "any:mistral:mistral-large-latest",
    ],
)
def test_the_list_price_of_every_provider(model: str) -> None:
    cost = ListPrices().cost(said_by(model))
    assert cost is not None
    assert cost > 0


def test_what_came_from_a_cache_costs_less() -> None:
    prices = ListPrices()
    cached = Usage(input_tokens=1_000_000, output_tokens=1_000_000, cached_tokens=900_000)
    fresh = prices.cost(said_by("openai:gpt-5-mini"))
    assert fresh is not None
    assert (prices.cost(said_by("openai:gpt-5-mini", cached)) or fresh) < fresh


@pytest.mark.parametrize("model", ["openai:no-such-model", "nobody:m", "mine", ""])
def test_a_price_that_is_not_known(model: str) -> None:
    assert ListPrices().cost(said_by(model)) is None


def test_what_needs_no_provider_is_free() -> None:
    assert ListPrices().cost(said_by("echo")) == 0


def test_yours_comes_first() -> None:
    prices = ListPrices({"openai:gpt-5-mini": Price(input=2, output=0.5, cached=1)})
    usage = Usage(input_tokens=1_000_000, output_tokens=2_000_000, cached_tokens=500_000)
    assert prices.cost(said_by("openai:gpt-5-mini", usage)) == Decimal("2.5")


def test_usage_adds_up() -> None:
    one = Usage(input_tokens=3, output_tokens=2, cached_tokens=1, reasoning_tokens=1)
    both = one + one + NO_USAGE
    assert (both.calls, both.input_tokens, both.cached_tokens) == (2, 6, 2)
    assert both.total_tokens == 10
