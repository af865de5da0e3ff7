"""What workers and the process that started them tell each other.

Pickled, over sockets without a name that only they hold.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import Any

CLIENT, RELAY = b"c", b"r"
"""What a socket is that a worker is handed: a client's, or another worker's."""
MOST_WORKERS = 128
"""One byte names a worker."""


@dataclass(frozen=True, slots=True)
class Membership:
    """What makes a server one of several workers."""

    index: int
    url: str
    port: int
    secret: bytes = field(repr=False)
    """32 random bytes that all workers of one run have."""


@dataclass(frozen=True, slots=True)
class Ready:
    """From a worker: it serves."""


@dataclass(frozen=True, slots=True)
class Failed:
    """From a worker: it cannot start; the text is for the user."""

    text: str


@dataclass(frozen=True, slots=True)
class Closing:
    """From a worker: it takes no more clients."""


@dataclass(frozen=True, slots=True)
class Left:
    """From a worker: of the clients it was handed, the one of this number is gone."""

    number: int


@dataclass(frozen=True, slots=True)
class Applied:
    """From a worker: it is as this edition of the settings says now."""

    edition: Any


@dataclass(frozen=True, slots=True)
class Question:
    """From a worker: what do all say about this? And to each: what do you?"""

    number: int
    about: str
    details: Any = None


@dataclass(frozen=True, slots=True)
class Reply:
    """From a worker: what it says, pickled."""

    number: int
    said: bytes


@dataclass(frozen=True, slots=True)
class Replies:
    """To the worker that asked: what those who replied in time said, pickled."""

    number: int
    said: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """To a worker: drain, or end the calls under way at once."""

    now: bool = False


def packed(message: object) -> bytes:
    """How a message is sent."""
    return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)


def unpacked(piece: bytes) -> Any:
    """The message that was sent."""
    return pickle.loads(piece)  # noqa: S301 (only processes of ours hold the other end)
