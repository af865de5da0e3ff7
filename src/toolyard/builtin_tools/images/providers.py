"""A provider's name becomes an image model."""

from __future__ import annotations

import os
from collections.abc import Mapping

from toolyard.builtin_tools.images.dialect import Dialect
from toolyard.builtin_tools.images.gemini_images import GeminiImages
from toolyard.builtin_tools.images.model import ImageModel
from toolyard.builtin_tools.images.openai_images import GrokImages, OpenAIImages
from toolyard.builtin_tools.images.placeholder import PlaceholderModel
from toolyard.builtin_tools.images.remote import RemoteModel
from toolyard.core.errors import ConfigError

_DIALECTS: Mapping[str, Dialect] = {
    each.traits.provider: each for each in (OpenAIImages(), GrokImages(), GeminiImages())
}
PROVIDERS = (*_DIALECTS, "placeholder")


def image_model(
    provider: str,
    *,
    api_key: str | None = None,
    model: str | None = None,
    base_url: str | None = None,
    timeout_s: float = 180.0,
) -> ImageModel:
    """The image model of `provider`: openai, grok, gemini or placeholder, in any case.

    Args:
        provider: placeholder draws the words of a prompt on this machine, with no key.
        api_key: Read from OPENAI_API_KEY, XAI_API_KEY or GEMINI_API_KEY if not given.
        model: The provider's name of it; its usual one if not given.
        base_url: Another address with the same wire format: https, or http to this machine.
        timeout_s: Seconds a call may take, with all attempts, above 0.

    Raises:
        ConfigError: There is no such provider, no key, or the address cannot be used.
    """
    name = provider.strip().lower()
    if name == "placeholder":
        return _placeholder(api_key, model, base_url)
    dialect = _DIALECTS.get(name)
    if dialect is None:
        known = ", ".join(PROVIDERS)
        raise ConfigError(f"There is no image provider {provider[:40]!r}; there are {known}.")
    key = api_key or os.environ.get(dialect.traits.key_variable)
    if not key:
        variable = dialect.traits.key_variable
        raise ConfigError(f"Set {variable} in the environment to the API key of {name}.")
    return RemoteModel(dialect, key.strip(), model=model, base_url=base_url, timeout_s=timeout_s)


def _placeholder(*options: str | None) -> PlaceholderModel:
    if any(each is not None for each in options):
        raise ConfigError("The placeholder takes no key, model or base_url.")
    return PlaceholderModel()
