"""A running tool server: HTTP or stdio, from start to graceful stop."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import anyio
from anyio.abc import TaskStatus

from toolyard.core.background import Background, is_cancellation
from toolyard.core.context import EventHandler
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tracing import is_traced
from toolyard.events.bus import EventBus, Kinds
from toolyard.events.types import ConnectionCut, ServerStarted, ServerStopped, ServerStopping
from toolyard.registry.mount import Policy
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.security.gate import Gate
from toolyard.security.refusal import Reason, retry_later
from toolyard.servers.calls import Calls
from toolyard.servers.control import Control
from toolyard.servers.cors import Cors
from toolyard.servers.front import Front
from toolyard.servers.lane.fast_lane import FastLane
from toolyard.servers.lane.session import LaneSessions
from toolyard.servers.limits import Limits
from toolyard.servers.long_way import LongWay
from toolyard.servers.metrics import Metrics
from toolyard.servers.mirrors import Mirrors
from toolyard.servers.routes import Routes, open_paths
from toolyard.servers.scopes import Scopes
from toolyard.servers.sdk import sdk_side
from toolyard.servers.served import LIST_HINTS, Identity, Served
from toolyard.servers.sockets import HttpServer, bind, url_at
from toolyard.servers.streams import App, Receive, Scope, Send
from toolyard.servers.telling import Telling
from toolyard.servers.tls import Tls
from toolyard.servers.tool_calls import ToolCalls
from toolyard.servers.turnstile import Turnstile

if TYPE_CHECKING:
    from toolyard.servers.workers.relay import Relay
    from toolyard.servers.workers.team import Team

logger = logging.getLogger("toolyard.servers")

DRAIN_S = 30.0
SETTLE_S = 6.0
"""How long answers of other workers, which drain too, may take to come beyond that."""
STDIO = "stdio:"
"""In place of a URL, where a server's clients are at the other end of a pipe."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source to serve, under a name and perhaps with a prefix before its tools."""

    name: str
    protocol: ToolProtocol
    prefix: str | None = None
    policies: Sequence[Policy] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a server is made of; `MCPServerBuilder` writes it."""

    identity: Identity
    sources: Sequence[Source]
    gate: Gate
    host: str = "127.0.0.1"
    port: int = 8080
    limits: Limits = field(default_factory=Limits)
    tls: Tls | None = None
    handlers: Sequence[tuple[EventHandler, Kinds]] = ()
    resource_metadata: Mapping[str, Any] | None = None
    drain_s: float = DRAIN_S
    origins: Sequence[str] = ()
    stateless: bool = False
    """Whether clients of the handshake revisions get no sessions."""
    fast_lane: bool = True
    """Whether plain calls and lists go past the SDK."""
    state_keys: Sequence[str] = field(default=(), repr=False)
    """As `MCPServerBuilder.with_state_key` takes them."""
    is_controlled: bool = False
    """Whether one of the sources changes the others."""
    team: Team | None = None
    """The workers that serve together with this one; clients then come from there."""


class ToolServer:
    """Serves its sources between `async with` enter and exit, or for as long as `serve` runs.

    A server is used once: after it stopped, build another.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._events = EventBus()
        for handler, kinds in plan.handlers:
            self._events.add(handler, *kinds)
        team = self._team = plan.team
        self._relay, mark = (None, "") if team is None else _relay_of(team)
        self._metrics = Metrics(lambda: self._calls.in_flight)
        self._calls = Calls(
            self._metrics,
            self._events,
            call_s=plan.limits.call_s,
            most=plan.limits.concurrency,
        )
        self._registry = self._made_registry()
        self._served = Served(
            plan.identity,
            self._registry,
            self._calls,
            ToolCalls(self._registry, self._calls, self._events.emit),
            Mirrors(self._registry),
            plan.limits,
            self._events.emit,
            plan.stateless,
            mark,
            plan.state_keys or (() if team is None else (team.state_key,)),
        )
        self.lane = self._made_lane()
        """The short way of plain calls and lists, if there is one."""
        self.long_way = LongWay(self._served)
        self._front = Front(
            self._made_routes(),
            gate=plan.gate,
            cors=Cors(plan.origins),
            limits=plan.limits,
            calls=self._calls,
            metrics=self._metrics,
            emit=self._events.emit,
            open_paths=open_paths(plan.resource_metadata),
            needed=Scopes(self._registry).needed,
            lane=self.lane,
        )
        self._http: HttpServer | None = None
        self._lives = AsyncExitStack()
        self._port = plan.port
        self.started = anyio.Event()
        """Set once it serves."""
        self.stopping = anyio.Event()
        """Set once it is asked to stop."""
        self._stopped = anyio.Event()
        self._warned = False
        self._is_serving = False

    def _made_registry(self) -> ToolRegistry:
        registry = ToolRegistry(emit=self._events.emit)
        for source in self._plan.sources:
            registry.expect(
                source.name, source.protocol, prefix=source.prefix, policies=source.policies
            )
        return registry

    def _made_lane(self) -> FastLane | None:
        """None where traces are exported: those tell of each way, and only the SDK makes them."""
        if not self._plan.fast_lane or is_traced():
            return None
        served = self._served
        return FastLane(
            self._registry,
            served.tools,
            served.mirrors,
            served.limits,
            stamp=served.identity.stamp,
            list_hints=LIST_HINTS,
            stateless=served.stateless,
            sessions=self._open_sessions,
        )

    def _open_sessions(self) -> LaneSessions | None:
        """None until the SDK, which keeps them, has been needed."""
        return None if self.long_way.side is None else self.long_way.side.sessions

    def _made_routes(self) -> Routes:
        control = Control(self._registry, self._plan.gate, self._served.tools)
        telling = Telling(self._metrics, self._registry, self._team)
        return Routes(
            self._serve_mcp,
            gate=self._plan.gate,
            metrics=telling.counts,
            is_ready=lambda: self.long_way.is_running and not self._front.draining,
            health=telling.health,
            resource_metadata=self._plan.resource_metadata,
            control=control if self._plan.is_controlled else None,
        )

    def _turnstile(self) -> Turnstile:
        def on_cut(reason: Reason, address: str | None) -> None:
            self._metrics.refused(reason)
            self._events.emit(ConnectionCut(reason, address))

        if self._team is not None:
            from toolyard.servers.workers.door import HandedTurnstile  # as in `_relay_of`

            return HandedTurnstile(self._plan.limits, on_cut, self._team)
        return Turnstile(self._plan.limits, on_cut)

    @property
    def registry(self) -> ToolRegistry:
        """What is served: sources can be added, swapped and removed while the server runs."""
        return self._registry

    @property
    def port(self) -> int:
        """The port in use; the one asked for until the server is entered."""
        return self._port

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return url_at(self._plan.host, self._port, has_tls=self._plan.tls is not None)

    def asgi_app(self) -> App:
        """The server as an ASGI application, for any ASGI server or framework.

        Mounted below another application, that one must run `lifespan`: frameworks start only
        the application at their root. Whatever listens then is not ours: deadlines for headers,
        caps of connections and TLS are its own to set, and so is an end to streams that clients
        keep open when it stops (`timeout_graceful_shutdown` of uvicorn), unless `stop` is called
        before.
        """
        from starlette.routing import Router  # loaded where it is used: most servers have no need

        return Router(default=self._front, redirect_slashes=False, lifespan=self.lifespan)  # pyright: ignore[reportArgumentType, reportReturnType]

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncGenerator[None]:
        """Start the sources and the protocol, without listening anywhere."""
        del app
        async with self._registry, self.long_way.running(), Background() as tasks:
            tasks.start_soon(self._front.watch_tokens)
            if self.lane is not None:
                tasks.start_soon(self.lane.run)
            if self._team is not None:
                tasks.start_soon(self._team.run, self.stop, self._answer_relay)
            yield
            if not self.stopping.is_set():  # mounted: this is all that tells of the end
                await self.stop()

    async def _serve_mcp(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.long_way.is_running:
            self._warn_not_started()
            raise retry_later(503, "draining", "The server is not running.", 1)
        holder = None if self._relay is None else self._relay.holder_of(scope)
        if self._relay is None or holder is None:
            await self.long_way(scope, receive, send)
        else:
            await self._relay.pass_on(holder, scope, receive, send)

    async def _answer_relay(self, connection: socket.socket) -> None:
        if self._relay is not None:
            await self._relay.answer(connection, self.long_way)

    def _warn_not_started(self) -> None:
        if not self.stopping.is_set() and not self._warned:
            self._warned = True
            logger.error(
                "the server was not started: where it is mounted below another application, "
                "give that one `lifespan=server.lifespan`"
            )

    async def __aenter__(self) -> Self:
        """Listen and serve.

        Raises:
            ConfigError: The address or the certificate cannot be used.
            NameClash: Two sources offer one name.
        """
        async with AsyncExitStack() as lives:
            if self._team is None:
                listener = lives.enter_context(bind(self._plan.host, self._plan.port))
                self._port = listener.getsockname()[1]
            else:
                listener, self._port = None, self._team.port
            self._http = HttpServer(self._front, self._turnstile(), self._plan.tls, self._team)
            await lives.enter_async_context(self.lifespan())
            tasks = await lives.enter_async_context(Background())
            tasks.start_soon(self._http.run_until_stopped, listener)
            with anyio.fail_after(30):
                await self._http.is_up.wait()
            self._lives = lives.pop_all()
        self._tell_started(self.url)
        return self

    def _tell_started(self, url: str) -> None:
        self.started.set()
        self._events.emit(ServerStarted(self._plan.identity.name, url))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self.stop(0.0 if kind else None)
        if is_cancellation(error):
            await self._lives.__aexit__(kind, error, traceback)
        else:  # the SDK's task groups would wrap whatever the body raised
            await self._lives.aclose()

    async def serve(self) -> None:
        """Serve until `stop` is called or the process is told to end, then drain.

        A second signal ends calls that are still under way at once.
        """
        async with Background() as tasks:
            with anyio.CancelScope() as starting:
                # Before anybody is told that it runs; and a source may take long to start.
                await tasks.start(self._stop_on_signal, starting.cancel)
                async with self:
                    self._is_serving = True
                    await self._stopped.wait()

    async def _stop_on_signal(
        self, give_up: Callable[[], None] | None, *, task_status: TaskStatus[None]
    ) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            async with anyio.create_task_group() as stopping:
                drain_s = None
                async for _ in signals:
                    if give_up is not None and not self._is_serving:
                        give_up()
                        return
                    stopping.start_soon(self.stop, drain_s)
                    drain_s = 0.0

    async def stop(self, drain_s: float | None = None) -> None:
        """Refuse new calls, wait up to `drain_s` seconds for those under way, end the rest.

        `None` stands for what the builder was told, 30 s if nothing.

        Calls that are ended get an answer that says so. Returns when no more are served.
        """
        drain_s = self._plan.drain_s if drain_s is None else drain_s
        if self.stopping.is_set():
            await self._hurry(drain_s)
            return
        self.stopping.set()
        name = self._plan.identity.name
        self._front.draining = True
        self._events.emit(ServerStopping(name, drain_s, self._calls.in_flight))
        if self._http is not None:
            self._http.refuse_connections()
        self.long_way.hang_up()
        self._front.hang_up()
        try:
            interrupted = await self._calls.drain(drain_s)
            if self._relay is not None:
                await self._relay.settle(drain_s + SETTLE_S)
            if self._http is not None:
                await self._http.stop()
        finally:
            self._stopped.set()
        self._events.emit(ServerStopped(name, interrupted))

    async def _hurry(self, drain_s: float) -> None:
        with anyio.move_on_after(drain_s):
            await self._stopped.wait()
        self._calls.interrupt()
        await self._stopped.wait()

    async def serve_stdio(self) -> None:
        """Serve this process's standard input and output until the input ends.

        Told to end, the process drains like `serve`; an input that ends ends the calls with it.
        """
        side = await sdk_side(self._served)
        async with self._registry, Background() as tasks:
            await tasks.start(self._stop_on_signal, None)
            self._tell_started(STDIO)
            await side.serve_stdio(self._stopped, fast_lane=self._plan.fast_lane)


def _relay_of(team: Team) -> tuple[Relay, str]:
    """The way to the other workers, and this one's mark on what is its own."""
    from toolyard.servers.workers.relay import Relay, mark_of  # a server by itself has no use of it

    return Relay(team.index, team.reach), mark_of(team.index)
