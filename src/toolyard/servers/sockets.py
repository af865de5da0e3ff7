"""The listening socket and the HTTP server on it."""

from __future__ import annotations

import asyncio
import errno
import math
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, cast

import anyio

from toolyard.core.errors import ConfigError
from toolyard.servers.connection import GuardedProtocol, guarded
from toolyard.servers.entrance import Entrance
from toolyard.servers.paths import MCP_PATH
from toolyard.servers.streams import ShortApp
from toolyard.servers.tls import Tls, TlsDoor
from toolyard.servers.turnstile import Turnstile
from toolyard.servers.uvicorn_parts import Config, Server

if TYPE_CHECKING:
    from toolyard.servers.workers.door import HandedDoor
    from toolyard.servers.workers.team import Team

BACKLOG = 1024
CLOSING_S = 5
"""How long finished answers may take to reach their clients when the server stops."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 picks a free one.

    Raises:
        ConfigError: The address is taken, not ours, or needs more rights.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError(_why(error, host, port)) from error
    # Accepted sockets inherit it. Else an answer in two writes waits 40 ms for the client's
    # acknowledgement: asyncio does not see that sockets made this way are TCP.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def url_at(host: str, port: int, *, has_tls: bool) -> str:
    """Where clients of this machine connect to a server that is bound there."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    scheme = "https" if has_tls else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}{MCP_PATH}"


def _why(error: OSError, host: str, port: int) -> str:
    where = f"Cannot serve on {host} port {port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where}: it is in use. Choose another port, or 0 for a free one."
    if error.errno == errno.EACCES:
        return f"{where}: ports below 1024 need more rights. Choose a higher one."
    return f"{where}: it is not an address of this machine."


class HttpServer(Server):
    """uvicorn, started and stopped by its owner; it leaves the process's signals alone.

    Raises:
        ConfigError: The certificate cannot be used.
    """

    def __init__(
        self, app: ShortApp, turnstile: Turnstile, tls: Tls | None, team: Team | None = None
    ) -> None:
        limits = turnstile.limits
        config = Config(
            app,  # pyright: ignore[reportArgumentType]
            http=guarded(turnstile, app),
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=math.ceil(limits.keep_alive_s),
            timeout_graceful_shutdown=CLOSING_S,
            ssl_certfile=tls.certfile if tls else None,
            ssl_keyfile=tls.keyfile if tls else None,
            ssl_keyfile_password=tls.password if tls else None,
        )
        try:
            config.load()
        except (OSError, ssl.SSLError, ValueError) as error:
            raise ConfigError(
                "The TLS certificate and key cannot be used: two PEM files that belong together "
                f"are needed, and the key's password if it has one ({type(error).__name__})."
            ) from error
        super().__init__(config)
        self._turnstile = turnstile
        self._context, config.ssl = config.ssl, None  # TLS begins at our own door
        self._team = team
        self.servers: list[asyncio.Server] = []  # uvicorn makes it when it starts
        self.is_up = anyio.Event()
        self._is_down = anyio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """The owner handles signals: uvicorn's handler would end streams in mid-call."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and say so."""
        if self._context is None and self._team is None:
            await super().startup(sockets)
        else:
            await super().startup([])
            doors = [TlsDoor(listener, self._entrance()) for listener in sockets or ()]
            self.servers = cast("list[asyncio.Server]", [*doors, *self._handed()])
        self.is_up.set()

    def _handed(self) -> list[HandedDoor]:
        if self._team is None:
            return []
        from toolyard.servers.workers.door import HandedDoor  # no server of its own needs it

        return [HandedDoor(self._team, self._entrance())]

    def _entrance(self) -> Entrance:
        make_protocol = partial(
            cast("type[GuardedProtocol]", self.config.http_protocol_class),
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        return Entrance(self._context, self._turnstile, make_protocol)

    async def run_until_stopped(self, listener: socket.socket | None) -> None:
        """Serve the connections that come in at `listener`, or to the team, until `stop`."""
        try:
            await self.serve([] if listener is None else [listener])
        finally:
            self._is_down.set()

    async def stop(self) -> None:
        """Close every connection once its answer is sent; returns when that is done."""
        self.should_exit = True
        with anyio.move_on_after(2 * CLOSING_S):
            await self._is_down.wait()

    def refuse_connections(self) -> None:
        """Stop accepting; connections that are open stay."""
        for server in self.servers:
            server.close()
