"""What a process may have as its standard input and output: two descriptors, ours and theirs."""

import os
import socket
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager

import pytest

Ends = tuple[int, int]

ON_BOTH_LOOPS = pytest.mark.parametrize(
    "anyio_backend",
    [("asyncio", {"use_uvloop": False}), ("asyncio", {"use_uvloop": True})],
    ids=["asyncio", "uvloop"],
)


def pipe() -> Ends:
    return os.pipe()


def sockets() -> Ends:
    ours, theirs = socket.socketpair()
    return ours.detach(), theirs.detach()


@contextmanager
def opened(make: Callable[[], Ends]) -> Generator[Ends]:
    """What `make` gives, closed in the end."""
    descriptors = make()
    with ExitStack() as stack:
        for each in descriptors:
            stack.callback(os.close, each)
        yield descriptors
