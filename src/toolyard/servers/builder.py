"""Says, step by step, what a tool server serves and whom it lets in."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from os import PathLike
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import anyio

from toolyard.core.context import EVERYTHING, Event, EventHandler
from toolyard.core.errors import ConfigError
from toolyard.core.protocol import ToolProtocol
from toolyard.events.bus import Kinds
from toolyard.events.types import ServerStarted
from toolyard.registry.mount import Policy
from toolyard.security.address import AddressPolicy
from toolyard.security.exposure import check_exposure
from toolyard.security.gate import Gate
from toolyard.security.hosts import HostPolicy
from toolyard.security.plain_address import is_loopback
from toolyard.security.rate import RateLimit, limiter_of_its_own
from toolyard.security.state_keys import checked_state_keys
from toolyard.security.token_file import TokenFile
from toolyard.security.tokens import Token, TokenSet, is_weak
from toolyard.security.verifier import BoundedVerifier, TokenVerifier
from toolyard.servers.control import CONTROL
from toolyard.servers.limits import Limits
from toolyard.servers.routes import metadata_url
from toolyard.servers.served import Identity
from toolyard.servers.tls import Tls
from toolyard.servers.tool_server import DRAIN_S, Plan, Source, ToolServer
from toolyard.version import __version__

if TYPE_CHECKING:
    from toolyard.servers.workers.team import Team

logger = logging.getLogger("toolyard.servers")

LOOPBACK = ("127.0.0.0/8", "::1")


def _say_where(event: Event) -> None:
    if isinstance(event, ServerStarted):
        sys.stderr.write(f"{event.name} serves at {event.url}\n")


class MCPServerBuilder:
    """Builds a `ToolServer`; every method but the last two gives the builder back.

    Without any call it binds 127.0.0.1:8080, asks for no token, and checks Host and Origin.

    Example:
        ```python
        MCPServerBuilder("math").with_protocol("tools", tools).build_and_serve()
        ```
    """

    def __init__(self, name: str) -> None:
        self._identity = Identity(name, __version__)
        self._sources: list[Source] = []
        self._host, self._port = "127.0.0.1", 8080
        self._allow: list[str] | None = None
        self._deny: list[str] = []
        self._proxies: tuple[str, ...] = ()
        self._proxy_header = "x-forwarded-for"
        self._tokens: list[Token] = []
        self._unnamed: list[Token] = []
        self._weak_token = False
        self._token_files: list[TokenVerifier] = []
        self._verifiers: list[TokenVerifier] = []
        self._metadata: dict[str, Any] | None = None
        self._metadata_url: str | None = None
        self._hosts: list[str] = []
        self._origins: list[str] = []
        self._rate: RateLimit | None = None
        self._limits = Limits()
        self._tls: Tls | None = None
        self._handlers: list[tuple[EventHandler, Kinds]] = []
        self._insecure = False
        self._drain_s = DRAIN_S
        self._is_stateless = False
        self._has_fast_lane = True
        self._state_keys: Sequence[str] = ()
        self._is_controlled = False
        self._team: Team | None = None

    def with_protocol(
        self,
        name: str,
        source: ToolProtocol,
        prefix: str | None = None,
        policies: Sequence[Policy] = (),
    ) -> Self:
        """Serve `source`; with a prefix its tool `add` becomes `PREFIX_add`.

        `name` is how messages and metrics call it; `policies` as in `ToolRegistry.add`. Two
        sources that offer the same tool are refused when the server starts.
        """
        self._sources.append(Source(name, source, prefix, policies))
        return self

    def with_control(self, source: ToolProtocol) -> Self:
        """Serve `source`, which changes what is served, as tools `yard_NAME`.

        Its tools should ask for the scope `admin`; they are also at `POST /yard/NAME`.
        """
        self._is_controlled = True
        return self.with_protocol(CONTROL, source, CONTROL)

    def with_host(self, host: str) -> Self:
        """Listen on `host`; any but a loopback address needs a token, or `allow_insecure`."""
        self._host = host
        return self

    def with_port(self, port: int) -> Self:
        """Listen on `port`; 0 picks a free one, which `ToolServer.port` tells."""
        if not 0 <= port <= 65535:
            raise ConfigError(f"{port} is not a port; ports go from 0 to 65535.")
        self._port = port
        return self

    def with_localhost_only(self) -> Self:
        """Listen on 127.0.0.1 and admit only this machine, whatever a proxy says."""
        return self.with_host("127.0.0.1").allow_cidr(*LOOPBACK)

    def allow_ip(self, *addresses: str) -> Self:
        """Admit these addresses; once anything is allowed, all others are refused."""
        return self.allow_cidr(*addresses)

    def allow_cidr(self, *networks: str) -> Self:
        """Admit these networks, such as `10.0.0.0/8`; called with none, admit nobody."""
        self._allow = [*(self._allow or ()), *networks]
        return self

    def deny_cidr(self, *networks: str) -> Self:
        """Refuse these networks, even where they are allowed."""
        self._deny.extend(networks)
        return self

    def with_trusted_proxies(
        self, networks: Sequence[str], header: str = "x-forwarded-for"
    ) -> Self:
        """Believe these proxies, and only them, whose request they pass on.

        Args:
            networks: The proxies' own addresses.
            header: What they say it with: `x-forwarded-for`, `forwarded` (RFC 7239), or a header
                that holds one address.
        """
        self._proxies, self._proxy_header = tuple(networks), header
        return self

    def with_bearer_token(
        self,
        secret: str,
        name: str | None = None,
        scopes: Sequence[str] | None = None,
        expires_at: datetime | None = None,
    ) -> Self:
        """Admit who sends `Authorization: Bearer SECRET`; may be called again for more tokens.

        Args:
            secret: Make a good one with `toolyard token new`.
            name: Who uses it, for logs, rate limits and sessions; no other token's. If not given,
                the first of `token-1`, `token-2` and so on that no token has.
            scopes: What it may be used for, as in `Caller.scopes`; everything if not given.
            expires_at: From when on it is no longer accepted.

        Raises:
            ConfigError: An argument is malformed, or another token has the name.
        """
        until = None if expires_at is None else int(expires_at.timestamp())
        given = (EVERYTHING,) if scopes is None else scopes
        token = Token.of(secret, name or "unnamed", given, not_after=until)
        if name and any(name == other.name for other in self._tokens):
            raise ConfigError(f"Two tokens are named {name!r}; give each a name of its own.")
        (self._tokens if name else self._unnamed).append(token)
        self._weak_token = self._weak_token or is_weak(secret)
        return self

    def with_token_file(self, path: str | PathLike[str]) -> Self:
        """Admit the tokens in a file of `toolyard token new` lines; edits count within a second."""
        self._token_files.append(TokenFile(path))
        return self

    def with_token_verifier(self, verifier: TokenVerifier) -> Self:
        """Ask `verifier` whose a token is; if it fails or hangs, the request is refused."""
        self._verifiers.append(BoundedVerifier(verifier))
        return self

    def with_jwt(
        self,
        *,
        issuer: str,
        audience: str,
        jwks: str | None = None,
        key: str | None = None,
        algorithms: Sequence[str] | None = None,
    ) -> Self:
        """Admit JSON Web Tokens that `issuer` made for `audience`.

        If `audience` is this server's public URL, clients are told where to get tokens
        (RFC 9728). For `https://HOST/tools/mcp` they look at
        `https://HOST/.well-known/oauth-protected-resource/tools/mcp`: the server answers there,
        and whatever puts it below `/tools`, be it a proxy or an application, must pass that path
        on as it is.

        Args:
            issuer: The `iss` claim, and the authorization server clients are sent to.
            audience: The `aud` claim: a token made for another server is refused.
            jwks: The issuer's keys, as an https URL or a file; or else
            key: one public key in PEM, or a shared secret together with `algorithms=["HS256"]`.
            algorithms: Which signatures to accept; public-key ones if not given.
        """
        # Loaded only where it is used: its cryptography is a good part of a server's start.
        from toolyard.security.jwt import JwtVerifier

        chosen: dict[str, Any] = {} if algorithms is None else {"algorithms": algorithms}
        self._verifiers.append(
            JwtVerifier(jwks=jwks, key=key, issuer=issuer, audience=audience, **chosen)
        )
        if urlsplit(audience).scheme in ("http", "https"):
            self._metadata = {"resource": audience, "authorization_servers": [issuer]}
            self._metadata_url = metadata_url(audience)
        return self

    def with_allowed_hosts(self, *hosts: str) -> Self:
        """Answer to these names besides the address it listens on: `tools.example.com`."""
        self._hosts.extend(hosts)
        return self

    def with_allowed_origins(self, *origins: str) -> Self:
        """Let pages of these origins use the server: `https://app.example.com`.

        Browsers are told so (CORS); pages of other origins cannot read an answer.
        """
        self._origins.extend(origins)
        return self

    def with_rate_limit(self, limit: str | RateLimit) -> Self:
        """Let each caller make so many requests: `10/s`, `600/min`, `10/s burst 50`."""
        self._rate = RateLimit.parse(limit) if isinstance(limit, str) else limit
        return self

    def with_limits(self, **limits: float) -> Self:
        """Change some of `Limits`, by name: `with_limits(body_bytes=65536, call_s=60)`."""
        self._limits = self._limits.but(**limits)
        return self

    def with_tls(
        self,
        certfile: str | PathLike[str],
        keyfile: str | PathLike[str],
        password: str | None = None,
    ) -> Self:
        """Serve HTTPS (TLS 1.2 or newer) with this certificate chain and key, in PEM."""
        self._tls = Tls(str(certfile), str(keyfile), password)
        return self

    def with_drain(self, seconds: float) -> Self:
        """Give calls under way so long to finish when the server stops; 30 if not said."""
        self._drain_s = seconds
        return self

    def with_stateless(self, is_stateless: bool = True) -> Self:
        """Keep no sessions for clients of the handshake revisions, so that any replica answers.

        Then such a client hears of nothing but its own requests, and cannot be asked during a
        call. Those of 2026-07-28 never need a session.
        """
        self._is_stateless = is_stateless
        return self

    def with_state_key(self, *keys: str) -> Self:
        """Let replicas with the same keys take the answers to what each other's tools asked.

        The first key seals what a client keeps meanwhile, all open it. Replicas need the same
        name and tokens too. Make a key with `openssl rand -base64 32`.

        Raises:
            ConfigError: A key is too short or easy to guess, or two are the same.
        """
        self._state_keys = checked_state_keys(keys)
        return self

    def with_fast_lane(self, is_open: bool) -> Self:
        """Let plain calls and lists go past the SDK's server, as they do if not told otherwise.

        It is faster, and answers the same; to switch it off serves to tell whose a fault is.
        """
        self._has_fast_lane = is_open
        return self

    def with_event_handler(self, handler: EventHandler, *kinds: type[Event]) -> Self:
        """Call `handler` with every event, or with those of `kinds`; see `toolyard.events.types`.

        What nobody wants to hear of is not told, and takes no time.
        """
        self._handlers.append((handler, kinds))
        return self

    def with_instructions(self, text: str) -> Self:
        """Tell clients, and through them models, how the tools are meant to be used."""
        self._identity = replace(self._identity, instructions=text)
        return self

    def with_version(self, version: str) -> Self:
        """Introduce the server with this version instead of toolyard's."""
        self._identity = replace(self._identity, version=version)
        return self

    def allow_insecure(self) -> Self:
        """Serve on any address without a token, to everyone who can reach it."""
        self._insecure = True
        return self

    def build(self) -> ToolServer:
        """The server, not yet started.

        Raises:
            ConfigError: The options contradict each other or would leave the server open.
        """
        verifiers = self._all_verifiers()
        self._check_exposure(bool(verifiers))
        if not self._sources:
            raise ConfigError("There is nothing to serve; add a source with with_protocol.")
        return ToolServer(
            Plan(
                identity=self._identity,
                sources=tuple(self._sources),
                gate=self._gate(verifiers),
                host=self._host,
                port=self._port,
                limits=self._limits,
                tls=self._tls,
                handlers=tuple(self._handlers),
                resource_metadata=self._metadata,
                drain_s=self._drain_s,
                stateless=self._is_stateless,
                fast_lane=self._has_fast_lane,
                origins=tuple(self._origins),
                state_keys=self._state_keys,
                is_controlled=self._is_controlled,
                team=self._team,
            )
        )

    def build_and_serve(self) -> None:
        """Build the server, say where it is, and serve until the process is told to end.

        Functions that still block in their threads then keep the process from ending until they
        return: nothing can end a thread.
        """
        server = self.with_event_handler(_say_where, ServerStarted).build()
        anyio.run(server.serve, backend_options={"use_uvloop": True})

    def _all_verifiers(self) -> list[TokenVerifier]:
        """All that is asked, in order: a file's scopes for a token count, if it says any."""
        tokens = self._all_tokens()
        fixed: list[TokenVerifier] = [TokenSet(tokens)] if tokens else []
        return [*self._token_files, *fixed, *self._verifiers]

    def _all_tokens(self) -> list[Token]:
        """The tokens, of which those without a name get one now that all others are known."""
        taken = {token.name for token in self._tokens}
        free = (name for n in count(1) if (name := f"token-{n}") not in taken)
        return [*self._tokens, *(replace(token, name=next(free)) for token in self._unnamed)]

    def _gate(self, verifiers: Sequence[TokenVerifier]) -> Gate:
        return Gate(
            AddressPolicy(self._allow, self._deny, self._proxies, self._proxy_header),
            HostPolicy(self._host, self._hosts, self._origins),
            verifiers=verifiers,
            rate=self._rate,
            resource_metadata=self._metadata_url,
            insecure=self._insecure,
            limiter=limiter_of_its_own if self._team is None else self._team.limiter,
        )

    def _check_exposure(self, guarded: bool) -> None:
        warnings = check_exposure(
            self._host,
            has_tokens=guarded,
            has_tls=self._tls is not None,
            insecure=self._insecure,
        )
        if self._weak_token and not is_loopback(self._host):
            warnings = [*warnings, "A token is easy to guess; make one with `toolyard token new`."]
        for warning in warnings:
            logger.warning("%s", warning)
