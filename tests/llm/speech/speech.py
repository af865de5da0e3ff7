"""What a provider says on the wire, whichever dialect it speaks."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import anyio
from tests.support.provider import Answer, Provider

from toolyard.core.errors import ModelError
from toolyard.llm.chat import Finish
from toolyard.llm.chat_model import StreamingModel
from toolyard.llm.providers.access import Access
from toolyard.llm.providers.provider_model import Dialect, ProviderModel


class Speech(Protocol):
    """One dialect, as its server speaks and hears it."""

    name: str
    """The provider's."""
    sees_results: bool
    """Whether pictures may be in the results of tools."""
    refuses: Finish
    """How it ends where it would not answer."""

    def dialect(self, access: Access) -> Dialect: ...

    def text(self, text: str, *, finish: str = "stop") -> Answer:
        """An answer of 11 tokens, 4 of them from a cache, that has 7, 2 of them thought."""
        ...

    def thought(self, thought: str, text: str) -> Answer: ...

    def uses(self, *uses: tuple[str, str, Mapping[str, Any]]) -> Answer:
        """The id, the name and the arguments of each tool that is to run."""
        ...

    def refusal(self, text: str) -> Answer: ...

    def stream(self, *texts: str, until: anyio.Event | None = None, first: int = 0) -> Answer:
        """Text in pieces; those after the `first` wait for `until`. Counted as `text`."""
        ...

    def stream_thought(self, thoughts: Sequence[str], texts: Sequence[str]) -> Answer: ...

    def stream_uses(self, *uses: tuple[str, str, Sequence[str]]) -> Answer:
        """As `uses`, with the JSON of the arguments in pieces."""
        ...

    def stream_refusal(self, text: str) -> Answer: ...

    def broken_stream(self, text: str) -> Answer:
        """A stream that ends in the provider's error for too many requests of others."""
        ...

    def errors(self) -> Sequence[tuple[type[ModelError], Answer]]:
        """Every kind of error as this provider says it, with a word that must not matter."""
        ...

    def heard(self, body: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
        """A request in one form for all: who says what.

        Texts are texts, pictures `("image", MIME type, base64)`, tools that run
        `("use", id, name, arguments)` and their results `("result", id, text)`.
        """
        ...

    def schema(self, body: Mapping[str, Any]) -> Any:
        """The schema that the answer must have, as the request says it."""
        ...

    def tools(self, body: Mapping[str, Any]) -> Sequence[tuple[str, str, Any]]:
        """The name, description and schema of each tool that is offered."""
        ...


def model_at(server: Provider, speech: Speech, key: str, model: str = "m-1") -> StreamingModel:
    """The real client library, sent to `server`."""
    access = Access(speech.name, model, key, server.url, key_name="THE_KEY")
    return ProviderModel(access, speech.dialect(access))
