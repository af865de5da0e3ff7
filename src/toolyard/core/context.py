"""Who calls, until when, and the way back to the caller while a call runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

import anyio
import anyio.from_thread

from toolyard.core.errors import InputRequired, MissingCapability
from toolyard.core.inputs import CAPABILITY_OF, InputRequest
from toolyard.core.quick_init import quick_init

LogLevel = Literal["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
"""How grave a log entry is, the least grave first (RFC 5424)."""

LEVELS: tuple[LogLevel, ...] = get_args(LogLevel)

EVERYTHING = "*"
"""The scope that covers all others but `ADMIN`."""

ADMIN = "admin"
"""The scope of those who change what a server serves; it must be given by name."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling: the token's name, the scopes it carries, the address it came from."""

    name: str = "local"
    """The name of the token, or `local` (this process) or `anonymous` (no token asked for)."""
    scopes: frozenset[str] = frozenset({EVERYTHING})
    """What the caller may do, and therefore see.

    `tool:NAME`, `prompt:NAME`, `resource:URI`, `metrics`, any of them cut short with a `*`
    (`tool:files_*`), or `*` alone for everything that is served; and `admin`.
    """
    address: str | None = None
    """The client's IP address, behind trusted proxies the one they vouch for."""

    def may(self, scope: str) -> bool:
        """Whether one of the caller's scopes covers `scope`."""
        if scope in self.scopes:
            return True
        if scope == ADMIN:
            return False
        if EVERYTHING in self.scopes:
            return True
        # That of everything is nothing but the star.
        return any(own[-1:] == "*" and scope.startswith(own[:-1]) for own in self.scopes)


def scope_of(kind: str, name: str) -> str:
    """The scope that using `name` needs; `kind` is `tool`, `prompt` or `resource`."""
    return f"{kind}:{name}"


LOCAL = Caller()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; the typed ones are in `toolyard.events`."""


EventHandler = Callable[[Event], None]
"""Called in the event loop for each event: it must return at once and must not raise."""


class CallChannel(Protocol):
    """The way back to the caller while a call runs; a face of the server implements it."""

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What the calling client declared it can do, as MCP writes it."""
        ...

    @property
    def log_level(self) -> LogLevel | None:
        """The least grave level of log entries that the caller wants; `None` if it wants none."""
        ...

    @property
    def wants_progress(self) -> bool:
        """Whether the caller wants to hear how far the call is."""
        ...

    @property
    def can_ask(self) -> bool:
        """Whether `ask` reaches the caller now; otherwise the call must be repeated."""
        ...

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """Tell the caller how far the call is."""
        ...

    async def log(self, level: LogLevel, data: Any, logger: str | None) -> None:
        """Send a log entry of a level that the caller wants."""
        ...

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        """Send `request` to the caller's side and wait for its answer."""
        ...


class _Silence:
    """The channel of a call made in this process: nobody listens."""

    capabilities: Mapping[str, Any] = {}
    log_level: LogLevel | None = None
    wants_progress = False
    can_ask = False

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        del progress, total, message

    async def log(self, level: LogLevel, data: Any, logger: str | None) -> None:
        del level, data, logger

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        raise MissingCapability({CAPABILITY_OF[request.method]: {}})


SILENCE: CallChannel = _Silence()
"""The channel of a call whose caller hears of nothing but the result."""


def _ignore(event: Event) -> None:
    del event


@quick_init
@dataclass(frozen=True, slots=True)
class CallContext:
    """What a call carries besides its arguments.

    A function that is a tool receives it by annotating a parameter with `CallContext`. The call
    is cancelled by cancelling its task; a tool that runs in a thread asks `check_cancelled`.
    """

    caller: Caller = LOCAL
    deadline: float = math.inf
    """When the call must be over, on the clock of `anyio.current_time`.

    A tool finds its own `timeout_s` in it, where that ends sooner.
    """
    channel: CallChannel = SILENCE
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Answers to what an earlier try of this call asked, by key."""
    state: str | None = None
    """What that earlier try wanted to remember, unchanged: the server seals it."""
    emit: EventHandler = _ignore
    watched_deadline: float = math.inf
    """What whoever made this context sees to; a tool need not, if its own is not sooner."""

    @property
    def remaining_s(self) -> float:
        """Seconds until the deadline, 0 or more; also in a tool that runs in a thread."""
        if self.deadline == math.inf:
            return math.inf
        try:
            now = anyio.current_time()
        except anyio.NoEventLoopError:  # in a thread, whose loop has the clock
            now = anyio.from_thread.run_sync(anyio.current_time)
        return max(0.0, self.deadline - now)

    async def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Tell the caller how far the call is; `progress` grows with every report."""
        await self.channel.progress(progress, total, message)

    async def log(self, level: LogLevel, data: Any, *, logger: str | None = None) -> None:
        """Send the caller a log entry if it wants such; `data` is any JSON value."""
        wanted = self.channel.log_level
        if wanted is not None and LEVELS.index(level) >= LEVELS.index(wanted):
            await self.channel.log(level, data, logger)

    async def ask(self, key: str, request: InputRequest) -> Mapping[str, Any]:
        """Ask the caller's side something in the middle of a call and give its answer.

        Where the protocol has no way back during a call, this raises `InputRequired`; the caller
        answers and repeats the call, which then finds the answer here. So a tool that asks must
        not have changed anything before it does.

        Args:
            key: Names the question within this tool; the same in every try.
            request: Made by `elicit`, `sample` or `list_roots`.

        Raises:
            MissingCapability: The client cannot answer this kind of question.
            InputRequired: The caller must answer and repeat the call; let it pass.
        """
        answer = self.inputs.get(key)
        if answer is not None:
            return answer
        capability = CAPABILITY_OF[request.method]
        if capability not in self.channel.capabilities:
            raise MissingCapability({capability: {}})
        if self.channel.can_ask:
            return await self.channel.ask(request)
        raise InputRequired({key: request}, self.state)

    @staticmethod
    def check_cancelled() -> None:
        """In a tool that runs in a thread: end it here if the call was cancelled.

        An async tool ends at its next `await` anyway.
        """
        with suppress(anyio.NoEventLoopError):
            anyio.from_thread.check_cancelled()
