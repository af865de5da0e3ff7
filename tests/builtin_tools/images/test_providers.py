"""A provider's name becomes a model that can be asked."""

import sys

import pytest
from tests.builtin_tools.images.provider import API_KEY

from toolyard import ConfigError, PlaceholderModel, ToolError, image_model
from toolyard.builtin_tools.images.model import LONGEST_PROMPT

REMOTE = {
    "openai": ("OPENAI_API_KEY", "gpt-image-2", 10),
    "grok": ("XAI_API_KEY", "grok-imagine-image", 10),
    "gemini": ("GEMINI_API_KEY", "gemini-3.1-flash-image", 4),
}


@pytest.mark.parametrize("name", ["openai", "OpenAI", "GROK", " Gemini "])
def test_a_provider_is_found_in_any_case(name: str) -> None:
    model = image_model(name, api_key=API_KEY)
    variable, usual, most = REMOTE[model.provider]
    assert variable
    assert model.provider == name.strip().lower()
    assert (model.model, model.most_images) == (usual, most)
    assert "16:9" in model.aspect_ratios


def test_the_placeholder_is_found_too() -> None:
    assert isinstance(image_model("PlaceHolder"), PlaceholderModel)


@pytest.mark.parametrize("name", ["", "midjourney", "open ai", "x" * 1000])
def test_an_unknown_provider_lists_the_four(name: str) -> None:
    with pytest.raises(ConfigError, match="there are openai, grok, gemini, placeholder") as refused:
        image_model(name)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("name", REMOTE)
def test_the_key_is_read_from_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = REMOTE[name][0]
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ConfigError, match=f"Set {variable} in the environment"):
        image_model(name)
    monkeypatch.setenv(variable, API_KEY)
    assert image_model(name, model="other").model == "other"
    monkeypatch.setenv(variable, "")
    with pytest.raises(ConfigError, match=variable):
        image_model(name)


@pytest.mark.parametrize("key", ["two words", "kéy", "line\nbreak", "tab\tbed"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ConfigError, match="API key of openai is not one") as refused:
        image_model("openai", api_key=key)
    assert key not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/v1",
        "ftp://127.0.0.1/v1",
        "https://",
        "https://user:pass@example.com/v1",
        "https://example.com/v1?key=1",
        "https://example.com/v1#x",
        "https://example.com:port/v1",
        "https://[::1/v1",
        "no url",
        "file:///etc/passwd",
    ],
)
def test_a_key_is_not_sent_just_anywhere(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url"):
        image_model("openai", api_key=API_KEY, base_url=url)


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan")])
def test_a_call_needs_time(timeout_s: float) -> None:
    with pytest.raises(ConfigError, match="timeout_s above 0"):
        image_model("grok", api_key=API_KEY, timeout_s=timeout_s)


def test_the_placeholder_takes_no_options() -> None:
    with pytest.raises(ConfigError, match="takes no key"):
        image_model("placeholder", model="other")


def test_without_pillow_the_placeholder_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "toolyard.builtin_tools.images.drawing", raising=False)
    monkeypatch.delattr("toolyard.builtin_tools.images.drawing", raising=False)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ConfigError, match=r"pip install \"toolyard\[images\]\""):
        PlaceholderModel()


@pytest.mark.parametrize("name", [*REMOTE, "placeholder"])
async def test_what_a_provider_cannot_do_is_refused_before_it_is_asked(name: str) -> None:
    """No server is there: a request would end with another error."""
    address = None if name == "placeholder" else "http://127.0.0.1:9/v1"
    key = None if name == "placeholder" else API_KEY
    model = image_model(name, api_key=key, base_url=address)
    known = ", ".join(model.aspect_ratios)
    with pytest.raises(ToolError, match=f"'7:1'; choose one of {known}"):
        await model.generate("a cat", "7:1", 1)
    for count in (0, -1, model.most_images + 1):
        with pytest.raises(ToolError, match=f"draws 1 to {model.most_images} images"):
            await model.generate("a cat", None, count)
    with pytest.raises(ToolError, match="prompt is empty"):
        await model.generate(" \n", None, 1)
    with pytest.raises(ToolError, match=f"may have {LONGEST_PROMPT} characters"):
        await model.generate("x" * (LONGEST_PROMPT + 1), None, 1)
    if not model.gives_urls:
        with pytest.raises(ToolError, match="gives no URLs"):
            await model.generate("a cat", None, 1, as_urls=True)


def test_a_model_does_not_show_its_key() -> None:
    model = image_model("openai", api_key=API_KEY)
    assert API_KEY not in repr(model) + repr(getattr(model, "_line"))  # noqa: B009
