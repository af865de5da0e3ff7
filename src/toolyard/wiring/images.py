"""The kind `image`: plain options become a tool that draws."""

from __future__ import annotations

import os

from toolyard.builtin_tools.images.generation import ImageGeneration
from toolyard.builtin_tools.images.providers import image_model
from toolyard.core.errors import ConfigError


def image_source(
    provider: str = "placeholder",
    model: str | None = None,
    base_url: str | None = None,
    save_to: str | None = None,
    api_key_env: str | None = None,
) -> ImageGeneration:
    """The tool `generate_image`.

    Args:
        provider: openai, grok, gemini or placeholder.
        model: The provider's name of it.
        base_url: Another address with the provider's wire format.
        save_to: A folder to keep images in.
        api_key_env: The variable that holds the key, if it is not the provider's usual one.

    Raises:
        ConfigError: An option cannot be used, or the key is missing.
    """
    _refuse_other_than_text(
        provider=provider,
        model=model,
        base_url=base_url,
        save_to=save_to,
        api_key_env=api_key_env,
    )
    key = None if api_key_env is None else _key(api_key_env)
    drawn_by = image_model(provider, api_key=key, model=model, base_url=base_url)
    return ImageGeneration(drawn_by, save_to=save_to)


def _refuse_other_than_text(**options: object) -> None:
    """Files and `--set` may hold numbers, tables and empty texts."""
    for name, value in options.items():
        if value is not None and not (isinstance(value, str) and value):
            raise ConfigError(f"The option {name} of 'image' is a text.")


def _key(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise ConfigError(f"Set {variable[:60]!r} in the environment to the API key for images.")
    return value
