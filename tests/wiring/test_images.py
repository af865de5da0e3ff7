"""The kind `image`, from a table or the command line."""

from typing import Any

import pytest

from toolyard import CallContext, ConfigError, ImageGeneration, ToolCall
from toolyard.config.settings import ToolSettings
from toolyard.wiring.sources import source_of

CONTEXT = CallContext()


def source(**options: Any) -> ImageGeneration:
    settings = ToolSettings.model_validate({"kind": "image", "options": options})
    made = source_of("pictures", settings)
    assert isinstance(made, ImageGeneration)
    return made


async def test_without_options_it_draws_with_no_key() -> None:
    result = await source().call_tool(ToolCall("generate_image", {"prompt": "a cat"}), CONTEXT)
    assert result.structured["provider"] == "placeholder"


async def test_a_provider_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAI_API_KEY", "pear-tree-4711-x")
    made = source(provider="Grok", model="grok-2", base_url="https://gateway.example.com/v1")
    (tool,) = await made.list_tools(CONTEXT)
    assert tool.input_schema["properties"]["count"]["maximum"] == 10


def test_the_key_stands_in_a_variable_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(ConfigError, match="Set 'MY_KEY' in the environment"):
        source(provider="gemini", api_key_env="MY_KEY")
    monkeypatch.setenv("MY_KEY", "pear-tree-4711-x")
    source(provider="gemini", api_key_env="MY_KEY")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"provider": "midjourney"}, "there are openai, grok, gemini, placeholder"),
        ({"provider": 7}, "option provider of 'image' is a text"),
        ({"save_to": ""}, "option save_to of 'image' is a text"),
        ({"base_url": ["x"]}, "option base_url of 'image' is a text"),
        ({"model": "x"}, "placeholder takes no key, model"),
        ({"api_key": "pear-tree-4711-x"}, "does not take the options api_key; it has: provider"),
    ],
)
def test_options_that_cannot_be_used(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        source(**options)
    assert "pear-tree" not in str(refused.value)
