"""A provider for commands that ask a model."""

from collections.abc import Generator
from contextlib import contextmanager

from anyio.from_thread import start_blocking_portal
from tests.support.provider import Answer, Provider, serving


@contextmanager
def answering(*answers: Answer) -> Generator[Provider]:
    """A provider in a thread of its own."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(serving(Provider(*answers))) as provider,
    ):
        yield provider


def words(provider: Provider) -> tuple[str, ...]:
    """The options that have a command ask it."""
    return ("--model", "openai:m-1", "--base-url", provider.url)
