"""Models by name: `PROVIDER:MODEL`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from toolyard.core.errors import ConfigError, KeyRefused
from toolyard.llm.chat_model import ChatModel
from toolyard.llm.providers.access import Access
from toolyard.llm.providers.provider_model import Dialect, ProviderModel
from toolyard.llm.retrying import Retrying, RetryPolicy
from toolyard.llm.scripted_model import EchoModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider, and how it is spoken to."""

    dialect: Callable[[Access], Dialect]
    library: str
    """The module that speaks to it."""
    extra: str
    """What to install for it: `toolyard[EXTRA]`."""
    example: str
    """One of its models."""
    keys: tuple[str, ...]
    """Environment variables that may hold the key, the first the usual one; none, if the library
    knows where to look."""
    base_url: str | None = None
    """Where it is, if the library does not know."""
    base_url_name: str | None = None
    """The environment variable that says otherwise."""

    @property
    def is_installed(self) -> bool:
        """Whether its library is here."""
        try:
            return find_spec(self.library) is not None
        except ModuleNotFoundError:  # not even what it is a part of
            return False

    @property
    def key(self) -> str | None:
        """The key from the environment."""
        return next((key for name in self.keys if (key := os.environ.get(name))), None)


def _openai(access: Access) -> Dialect:
    from toolyard.llm.providers.openai_dialect import OpenAIDialect

    return OpenAIDialect(access)


def _anthropic(access: Access) -> Dialect:
    from toolyard.llm.providers.anthropic_dialect import AnthropicDialect

    return AnthropicDialect(access)


def _gemini(access: Access) -> Dialect:
    from toolyard.llm.providers.gemini_dialect import GeminiDialect

    return GeminiDialect(access)


def _any_llm(access: Access) -> Dialect:
    from toolyard.llm.providers.any_llm_dialect import AnyLLMDialect

    return AnyLLMDialect(access)


PROVIDERS: Mapping[str, Provider] = {
    "openai": Provider(
        dialect=_openai,
        library="openai",
        extra="openai",
        example="gpt-5-mini",
        keys=("OPENAI_API_KEY",),
        base_url_name="OPENAI_BASE_URL",
    ),
    "anthropic": Provider(
        dialect=_anthropic,
        library="anthropic",
        extra="anthropic",
        example="claude-haiku-4-5",
        keys=("ANTHROPIC_API_KEY",),
        base_url_name="ANTHROPIC_BASE_URL",
    ),
    "gemini": Provider(
        dialect=_gemini,
        library="google.genai",
        extra="gemini",
        example="gemini-2.5-flash",
        keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        base_url_name="GOOGLE_GEMINI_BASE_URL",
    ),
    "xai": Provider(
        dialect=_openai,
        library="openai",
        extra="openai",
        example="grok-4",
        keys=("XAI_API_KEY",),
        base_url="https://api.x.ai/v1",
    ),
    "openrouter": Provider(
        dialect=_openai,
        library="openai",
        extra="openai",
        example="qwen/qwen3-32b",
        keys=("OPENROUTER_API_KEY",),
        base_url="https://openrouter.ai/api/v1",
    ),
    "any": Provider(
        dialect=_any_llm,
        library="any_llm",
        extra="any-llm",
        example="mistral:mistral-small-latest",
        keys=(),
    ),
}


def chat_model(
    name: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    retry: RetryPolicy | None = None,
) -> ChatModel:
    """The model of that name, ready to be asked; `close` gives up what it holds.

    Args:
        name: `PROVIDER:MODEL`, such as `openai:gpt-5-mini`; `any:PROVIDER:MODEL` for one of the
            providers of any-llm; or `echo`.
        api_key: In place of the one in the environment.
        base_url: Another server that speaks as the provider does, such as one of your own. The
            key in the environment is not sent there: it is the provider's.
        retry: How often to ask again.

    Raises:
        ConfigError: There is no such provider, or its library is not installed.
        KeyRefused: There is no key for it.
    """
    if name == "echo":
        return EchoModel()
    provider_name, colon, model = name.partition(":")
    provider = PROVIDERS.get(provider_name)
    if provider is None or not colon or not model:
        known = ", ".join(PROVIDERS)
        raise ConfigError(
            f"{name!r} is no model's name; write PROVIDER:MODEL with one of {known}, or echo."
        )
    access = _access(provider_name, model, provider, api_key, base_url)
    return Retrying(ProviderModel(access, provider.dialect(access)), retry)


def _access(
    name: str, model: str, provider: Provider, api_key: str | None, base_url: str | None
) -> Access:
    if not provider.is_installed:
        raise ConfigError(
            f"Models of {name} need one more package: pip install 'toolyard[{provider.extra}]'"
        )
    if base_url is not None:
        return Access(name, model, api_key, base_url, is_own=False)
    key = api_key or provider.key
    if not provider.keys:  # it has many, and who knows what each of them keeps to
        return Access(name, model, key, is_own=False)
    key_name = provider.keys[0]
    if key is None:
        raise KeyRefused(f"There is no key for {name}; set {key_name} or give api_key.")
    moved = os.environ.get(provider.base_url_name) if provider.base_url_name else None
    where = moved or provider.base_url
    return Access(name, model, key, where, is_own=moved is None, key_name=key_name)
