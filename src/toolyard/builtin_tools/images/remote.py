"""An image model of a provider on the web."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from toolyard.builtin_tools.images.dialect import Dialect, Found, JsonObject, Wish
from toolyard.builtin_tools.images.faults import refused
from toolyard.builtin_tools.images.model import refuse_unfit
from toolyard.builtin_tools.images.picture import examined
from toolyard.builtin_tools.images.post import Line, post
from toolyard.core.content import Image, ResourceLink
from toolyard.core.errors import ConfigError, ToolError

LONGEST_URL = 4_000
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


class RemoteModel:
    """Asks a provider in its own `dialect`; every call has a connection of its own.

    Args:
        dialect: How it is spoken to.
        api_key: Goes into a header of each request, and nowhere else.
        model: The provider's name of it; the provider's usual one if not given.
        base_url: Another address with the same wire format: https, or http to this machine.
        timeout_s: Seconds a call may take, with all attempts, above 0.

    Raises:
        ConfigError: The address or the time cannot be used.
    """

    def __init__(
        self,
        dialect: Dialect,
        api_key: str,
        *,
        model: str | None = None,
        base_url: str | None = None,
        timeout_s: float = 180.0,
    ) -> None:
        traits = dialect.traits
        if not timeout_s > 0:
            raise ConfigError(f"An image model needs a timeout_s above 0, not {timeout_s:g}.")
        if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
            raise ConfigError(f"The API key of {traits.provider} is not one: check how it is set.")
        self._dialect = dialect
        self._model = model or traits.model
        base = checked_base(base_url or traits.base_url)
        self._line = Line(
            provider=traits.provider,
            url=base + dialect.path(self._model),
            headers=dialect.headers(api_key),
            api_key=api_key,
            timeout_s=timeout_s,
        )

    @property
    def provider(self) -> str:
        """Its name in lower case."""
        return self._dialect.traits.provider

    @property
    def model(self) -> str:
        """The provider's name of it."""
        return self._model

    @property
    def aspect_ratios(self) -> Sequence[str]:
        """Those the model draws."""
        return self._dialect.aspect_ratios(self._model)

    @property
    def most_images(self) -> int:
        """How many one call may ask for."""
        return self._dialect.traits.most_images

    @property
    def gives_urls(self) -> bool:
        """Whether the provider keeps images and gives their addresses."""
        return self._dialect.traits.gives_urls

    async def generate(
        self, prompt: str, aspect_ratio: str | None, count: int, *, as_urls: bool = False
    ) -> Sequence[Image | ResourceLink]:
        """Draw; an address the provider gives is passed on, never fetched.

        Raises:
            ToolError: It cannot be drawn so, or not now.
        """
        refuse_unfit(self, prompt, aspect_ratio, count, as_urls)
        bodies = self._dialect.bodies(Wish(self._model, prompt, aspect_ratio, count, as_urls))
        answers = await _all(self._line, bodies)
        found = [each for answer in answers for each in self._images(answer)]
        return await anyio.to_thread.run_sync(lambda: [_block(each) for each in found[:count]])

    def _images(self, answer: JsonObject) -> Iterator[Found]:
        found = list(self._dialect.found(answer))
        if not found:
            word = self._dialect.refusal(answer)
            if word is not None:
                raise refused(self.provider, word)
            raise ToolError(f"{self.provider} drew nothing; say more clearly what to draw.")
        yield from found


async def _all(line: Line, bodies: Sequence[JsonObject]) -> Sequence[JsonObject]:
    """The answers in order; the first that fails ends the others."""
    answers: dict[int, JsonObject] = {}
    failed: list[ToolError] = []

    async def ask(number: int, body: JsonObject) -> None:
        try:
            answers[number] = await post(line, body)
        except ToolError as error:
            failed.append(error)
            tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        for number, body in enumerate(bodies):
            tasks.start_soon(ask, number, body)
    if failed:
        raise failed[0]
    return [answers[number] for number in range(len(bodies))]


def _block(found: Found) -> Image | ResourceLink:
    if found.url is not None:
        return ResourceLink(checked_address(found.url), name="image")
    encoded = found.base64 or ""
    if encoded.startswith("data:"):  # some gateways answer with a data URI
        encoded = encoded.partition(",")[2]
    try:
        return examined(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        raise ToolError("What was drawn is not valid base64; try again.") from None


def checked_address(url: str) -> str:
    """`url`, if a caller may be told to open it; `ToolError` otherwise."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise ToolError("The address of the image cannot be used; ask for the image itself.")
    try:
        parts = urlsplit(url)
        is_fine = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        is_fine = False
    if not is_fine:
        raise ToolError("The address of the image is not https; ask for the image itself.")
    return url


def checked_base(url: str) -> str:
    """`url` without a slash at its end; `ConfigError` if a key must not be sent there."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # not a number: ValueError
    except ValueError:
        raise ConfigError("The base_url of an image model is not a URL.") from None
    if not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigError("A base_url is https://HOST/PATH, without a user, query or fragment.")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _HERE):
        raise ConfigError("A base_url is https, as a key is sent there; http to this machine only.")
    return url.rstrip("/")
