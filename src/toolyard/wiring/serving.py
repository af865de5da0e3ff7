"""Settings become a server."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from toolyard.config.origin import Edition, Origin
from toolyard.config.settings import Settings, TokenSettings
from toolyard.core.background import Background
from toolyard.core.context import ADMIN, Event, EventHandler
from toolyard.core.errors import ConfigError
from toolyard.core.toolbox import Toolbox
from toolyard.core.worker_thread import busy_threads
from toolyard.events.bus import Kinds
from toolyard.events.log import LOGGED, log_event
from toolyard.events.types import ServerStarted
from toolyard.servers.builder import MCPServerBuilder
from toolyard.servers.tool_server import ToolServer
from toolyard.wiring.reloading import Reloading
from toolyard.wiring.results import Results
from toolyard.wiring.sources import from_environment
from toolyard.wiring.yard import Yard, source_for

if TYPE_CHECKING:
    from toolyard.servers.workers.team import Team

logger = logging.getLogger("toolyard.wiring")

LAST_MOMENT_S = 1.0
"""How long functions may take to end after the server did, all together."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A server, and what changes what it serves."""

    server: ToolServer
    yard: Yard


def server_of(settings: Settings) -> ToolServer:
    """The server that `settings` describe, not yet started; as `gateway_of`."""
    return gateway_of(settings).server


def gateway_of(
    settings: Settings,
    handlers: Sequence[tuple[EventHandler, Kinds]] = (),
    team: Team | None = None,
) -> Gateway:
    """The server that `settings` describe, not yet started, and its yard.

    Args:
        settings: What to serve.
        handlers: Get events, each of the kinds that it wants.
        team: The workers that it is to be one of.

    Raises:
        ConfigError: An option cannot be used.
    """
    results, control = Results(settings.results, team), Toolbox()
    builder = _builder_of(settings.name, team)
    builder.with_host(settings.host).with_port(settings.port)
    _add_tools(builder, settings, results)
    if settings.control:
        _refuse_uncontrolled(settings)
        builder.with_control(control)
    _add_tokens(builder, settings)
    _add_network(builder, settings)
    if settings.instructions is not None:
        builder.with_instructions(settings.instructions)
    for handler, kinds in handlers:
        builder.with_event_handler(handler, *kinds)
    limits = settings.limits.model_dump(exclude_none=True)
    builder.with_limits(**limits).with_drain(settings.drain_s).with_fast_lane(settings.fast_lane)
    if settings.state_key:
        builder.with_state_key(*(key.get_secret_value() for key in settings.state_key))
    server = builder.with_stateless(settings.stateless).build()
    yard = Yard(server.registry, settings.tools, results)
    if settings.control:
        from toolyard.wiring.yard_tools import YardTools

        control.add(YardTools(yard))
    return Gateway(server, yard)


def _builder_of(name: str, team: Team | None) -> MCPServerBuilder:
    if team is None:
        return MCPServerBuilder(name)
    from toolyard.servers.workers.builder import WorkerBuilder  # loaded in workers only

    return WorkerBuilder(name, team)


def _refuse_uncontrolled(settings: Settings) -> None:
    """Control that nobody can have is a mistake; whoever starts a process over stdio has it."""
    if settings.stdio or settings.token_file or settings.jwt:
        return
    if not any(ADMIN in (token.scopes or ()) for token in settings.tokens):
        raise ConfigError(
            "control needs a token with the scope admin: give --new-token, or make one with "
            "`toolyard token new --scope admin --append FILE` and say --token-file FILE."
        )


def _add_tools(builder: MCPServerBuilder, settings: Settings, results: Results) -> None:
    if not settings.control and not any(tool.enabled for tool in settings.tools.values()):
        raise ConfigError(
            "There is nothing to serve: name a KIND, such as calculator or path/to/file.py, or "
            "enable a [tools.NAME] in the settings."
        )
    for name, tool in settings.tools.items():
        if tool.enabled:
            builder.with_protocol(name, source_for(name, tool, results), tool.prefix)
    if results.reader is not None:
        builder.with_protocol(Results.MOUNT, results.reader)


def _add_tokens(builder: MCPServerBuilder, settings: Settings) -> None:
    for secret in settings.token:
        builder.with_bearer_token(secret.get_secret_value())
    for token in settings.tokens:
        builder.with_bearer_token(_secret(token), token.name, token.scopes, token.expires_at)
    if settings.token_file is not None:
        builder.with_token_file(settings.token_file)
    if settings.jwt is not None:
        key = settings.jwt.key
        builder.with_jwt(
            issuer=settings.jwt.issuer,
            audience=settings.jwt.audience,
            jwks=settings.jwt.jwks,
            key=None if key is None else key.get_secret_value(),
            algorithms=settings.jwt.algorithms,
        )


def _secret(token: TokenSettings) -> str:
    if token.secret is not None:
        return token.secret.get_secret_value()
    what = f"the token {token.name!r}" if token.name else "a token of [[tokens]]"
    return from_environment(token.env or "", what)


def _add_network(builder: MCPServerBuilder, settings: Settings) -> None:
    if settings.allow is not None:
        builder.allow_cidr(*settings.allow)
    builder.deny_cidr(*settings.deny)
    builder.with_trusted_proxies(settings.trust_proxy, settings.proxy_header)
    builder.with_allowed_hosts(*settings.allowed_hosts)
    builder.with_allowed_origins(*settings.allowed_origins)
    if settings.rate is not None:
        builder.with_rate_limit(settings.rate)
    if settings.insecure:
        builder.allow_insecure()
    if settings.tls is not None:
        password = settings.tls.password
        builder.with_tls(
            _file(settings.tls.certfile),
            _file(settings.tls.keyfile),
            None if password is None else password.get_secret_value(),
        )


def _file(path: Path) -> Path:
    if not os.path.isfile(path):  # unlike the method, it bears any text at all
        raise ConfigError(f"There is no file {path.name!r} for TLS.")
    return path


def run(
    settings: Settings, on_started: Callable[[str], None], origin: Origin, edition: Edition
) -> None:
    """Serve until the process is told to end; `on_started` gets the URL once there is one.

    `settings` are those of `edition`, which `origin` gave, or with something added.
    """

    def tell(event: Event) -> None:
        if isinstance(event, ServerStarted) and not settings.stdio:
            on_started(event.url)

    gateway = gateway_of(settings, [(log_event, LOGGED), (tell, (ServerStarted,))])
    if settings.stdio:
        _flush_every_line()
    reloading = Reloading(origin, edition, gateway.yard, log_event)
    serve = partial(serve_following, gateway, reloading, stdio=settings.stdio)
    anyio.run(serve, backend_options={"use_uvloop": not settings.stdio})
    leave_blocked_threads()


async def serve_following(gateway: Gateway, reloading: Reloading, *, stdio: bool = False) -> None:
    """Serve, and follow the settings once the server has started."""
    server = gateway.server
    async with Background() as tasks:
        tasks.start_soon(_follow, server, reloading)
        await (server.serve_stdio() if stdio else server.serve())


async def _follow(server: ToolServer, reloading: Reloading) -> None:
    await server.started.wait()
    async with Background() as tasks:
        tasks.start_soon(reloading.run)
        await server.stopping.wait()  # a source that still starts would keep it from ending


def leave_blocked_threads() -> None:
    """End the process although functions of tools still block: nothing else can end a thread.

    Their calls have been answered long ago, and Python would wait for them for ever. Threads that
    have nothing left to do were told so when the event loop ended, and need a moment for it.
    """
    deadline = time.monotonic() + LAST_MOMENT_S
    blocked = [thread for thread in _threads_that_keep_us() if not _ends(thread, deadline)]
    if blocked:
        logger.warning("%d functions did not end and are left", len(blocked))
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)


def _threads_that_keep_us() -> list[threading.Thread]:
    main = threading.main_thread()
    others = [each for each in threading.enumerate() if each is not main and not each.daemon]
    return [*others, *busy_threads()]


def _ends(thread: threading.Thread, deadline: float) -> bool:
    thread.join(max(0.0, deadline - time.monotonic()))
    return not thread.is_alive()


def _flush_every_line() -> None:
    """Have what a tool prints leave at once, while standard output is diverted to error.

    Kept until the process ends, it would end up among the protocol's messages after all.
    """
    stdout = sys.stdout
    if isinstance(stdout, TextIOWrapper):
        stdout.reconfigure(line_buffering=True)
