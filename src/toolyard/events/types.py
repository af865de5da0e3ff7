"""The typed events: what a server and a registry say about themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolyard.core.context import Event


@dataclass(frozen=True, slots=True)
class CallStarted(Event):
    """A tool began to work for a caller."""

    tool: str
    caller: str
    address: str | None


@dataclass(frozen=True, slots=True)
class CallFinished(Event):
    """A tool call is over, well or not; `outcome` is `ok`, `error` or an error's code."""

    tool: str
    caller: str
    address: str | None
    duration_s: float
    outcome: str


@dataclass(frozen=True, slots=True)
class RequestRefused(Event):
    """The gate let a request not in; `reason` is one stable word such as `token` or `rate`.

    `path` is what the client wrote: it may hold anything, a misplaced token too.
    """

    reason: str
    status: int
    address: str | None
    path: str


@dataclass(frozen=True, slots=True)
class ConnectionCut(Event):
    """A connection was cut off, or answered before there was a request to look at.

    `reason` is `connections` (too many), `tls` (no handshake), `framing` (no HTTP, or requests
    that pile up), `slow` (a request that trickles in) or `unread` (an answer nobody takes).
    """

    reason: str
    address: str | None


@dataclass(frozen=True, slots=True)
class ServerStarted(Event):
    """The server accepts calls at `url`."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class ServerStopping(Event):
    """The server takes no new calls and waits up to `drain_s` seconds for `in_flight` ones."""

    name: str
    drain_s: float
    in_flight: int


@dataclass(frozen=True, slots=True)
class ServerStopped(Event):
    """The server is down; `interrupted` calls had to be ended."""

    name: str
    interrupted: int


@dataclass(frozen=True, slots=True)
class MountChanged(Event):
    """A mount of a registry is in another state; `error` is the last that is known of it.

    `state` is `ready`, `unreachable`, `disabled`, `draining`, `failed` or `removed`. A swap is
    `ready` again.
    """

    mount: str
    state: str
    error: str | None


@dataclass(frozen=True, slots=True)
class SettingsRead(Event):
    """Settings were edited: `changed` mounts are as they say now; `problem` is what is not."""

    file: str
    changed: Sequence[str]
    problem: str | None


@dataclass(frozen=True, slots=True)
class ToolHidden(Event):
    """`mount` offers `tool` in vain: another mount, `holder`, had a tool of that name before."""

    tool: str
    mount: str
    holder: str
