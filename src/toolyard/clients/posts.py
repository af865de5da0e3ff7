"""Which request of ours the HTTP transport is serving at the moment."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from mcp_types import RequestId


@dataclass(frozen=True, slots=True)
class Post:
    """A request on its way to the server."""

    number: RequestId


_CURRENT: ContextVar[Post | None] = ContextVar("toolyard_post", default=None)


@contextmanager
def sending(post: Post | None) -> Generator[None]:
    """While a message is handed to the transport: the request that it is, if it is one.

    The SDK's transport does everything for a message in the context in which it was sent.
    """
    token = _CURRENT.set(post)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current() -> Post | None:
    """The request that is being served; `None` for notices, answers and everything else."""
    return _CURRENT.get()
