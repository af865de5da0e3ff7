"""Models by name, and the keys that go with them."""

import sys
from collections.abc import Callable
from functools import partial
from importlib.machinery import ModuleSpec

import pytest
from tests.support.provider import API_KEY, Answer, Provider, Request, serving

from toolyard.core.errors import ConfigError, KeyRefused, ModelError
from toolyard.llm.chat import ChatRequest
from toolyard.llm.chat_model import ChatModel, close
from toolyard.llm.message import user
from toolyard.llm.models import PROVIDERS, chat_model
from toolyard.llm.retrying import RetryPolicy

HELLO = ChatRequest([user("Hello")])
ONCE = RetryPolicy(attempts=1)
KEYED = [name for name, each in PROVIDERS.items() if each.keys]
MOVED = [name for name, each in PROVIDERS.items() if each.base_url_name]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What someone has set for themselves must not change what a test sees."""
    for provider in PROVIDERS.values():
        for name in (*provider.keys, provider.base_url_name):
            if name:
                monkeypatch.delenv(name, raising=False)


async def test_echo_needs_nothing() -> None:
    assert (await chat_model("echo").reply(HELLO)).text == "Hello"


@pytest.mark.parametrize("name", ["gpt-5", "openai", "openai:", ":gpt-5", "nobody:gpt-5", ""])
def test_a_name_that_is_none_says_which_there_are(name: str) -> None:
    with pytest.raises(ConfigError, match=r"PROVIDER:MODEL with one of openai, .*, or echo\.$"):
        chat_model(name)


def test_any_llm_wants_a_provider_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolyard.llm.models.find_spec", partial(ModuleSpec, loader=None))
    for name in ("any:m-1", "any:openai:", "any::m-1"):
        with pytest.raises(ConfigError, match="write any:PROVIDER:MODEL"):
            chat_model(name)


@pytest.mark.parametrize("provider", KEYED)
def test_a_missing_key_is_named(provider: str) -> None:
    first = PROVIDERS[provider].keys[0]
    with pytest.raises(KeyRefused, match=f"set {first} or give api_key"):
        chat_model(f"{provider}:m-1")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_missing_library_is_named(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = PROVIDERS[provider]
    monkeypatch.delitem(sys.modules, known.library, raising=False)
    monkeypatch.setitem(sys.modules, known.library.partition(".")[0], None)
    with pytest.raises(ConfigError, match=rf"pip install 'toolyard\[{known.extra}\]'"):
        chat_model(f"{provider}:m-1", api_key=API_KEY)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_model_is_made_without_its_library(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("toolyard.llm.providers.")]:
        monkeypatch.delitem(sys.modules, name)  # what is imported already needs nothing more
    monkeypatch.setattr("toolyard.llm.models.find_spec", partial(ModuleSpec, loader=None))
    monkeypatch.setitem(sys.modules, PROVIDERS[provider].library, None)  # to import it fails
    chat_model(f"{provider}:openai:m-1", api_key=API_KEY)


@pytest.mark.parametrize("provider", KEYED)
async def test_the_key_of_the_environment_goes_to_the_provider_only(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROVIDERS[provider].keys:
        monkeypatch.setenv(name, API_KEY)
    elsewhere = await _asked(lambda url: chat_model(f"{provider}:m-1", base_url=url, retry=ONCE))
    assert API_KEY not in str(elsewhere)


@pytest.mark.parametrize("provider", MOVED)
async def test_the_key_of_the_environment_goes_where_the_environment_says(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = PROVIDERS[provider]

    def made(url: str) -> ChatModel:
        monkeypatch.setenv(known.base_url_name or "", url)
        return chat_model(f"{provider}:m-1", retry=ONCE)

    for name in known.keys:
        with monkeypatch.context() as patch:
            patch.setenv(name, API_KEY)
            heard = await _asked(made)
        assert API_KEY in str(heard.headers)


async def _asked(make: Callable[[str], ChatModel]) -> Request:
    """What a server hears of a model that is made with its address."""
    async with serving(Provider(Answer())) as server:
        model = make(server.url)
        with pytest.raises(ModelError):
            await model.reply(HELLO)
        await close(model)
    return server.requests[0]
