"""Which `Host` and `Origin` a request may carry: the guard against DNS rebinding."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NoReturn

from toolyard.core.errors import ConfigError
from toolyard.security.authority import (
    MAX_CHARS,
    Authority,
    default_port,
    read_authority,
    read_origin,
)
from toolyard.security.plain_address import is_loopback, plain_address

ANY = "*"
REMEMBERED = 1024

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_WILDCARDS = frozenset({"", "0.0.0.0", "::"})


class HostPolicy:
    """Decides which names a server answers to, and which web pages may speak to it.

    A rebound name shows in `Host`, because a browser writes there what stands in its address bar.
    So these are answered to: `localhost`, `127.0.0.1` and `[::1]`; the host the server is bound
    to; the IP address the connection was accepted at; and `allowed_hosts`; with any port.

    Origins that may speak to it: the same origin; any port of this machine, if the server is
    bound to loopback; and `allowed_origins`.

    Args:
        bind_host: What the server listens on; a wildcard address names no host.
        allowed_hosts: `example.com` (any port), `example.com:8443` (only that one),
            `*.example.com` (every name below it), `*` (no check of names).
        allowed_origins: `https://example.com` or `https://example.com:8443`, exactly; `*` is any
            origin, though never `null`.

    Raises:
        ConfigError: An item is none of these.
    """

    def __init__(
        self,
        bind_host: str = "127.0.0.1",
        allowed_hosts: Sequence[str] = (),
        allowed_origins: Sequence[str] = (),
    ) -> None:
        self._on_loopback = is_loopback(bind_host)
        self._own = _LOOPBACK | _bound_name(bind_host)
        self._any_host = ANY in allowed_hosts
        exact = (item for item in allowed_hosts if item != ANY and item[:2] != "*.")
        self._hosts = frozenset(_host(item) for item in exact)
        self._parents = tuple(_parent(item) for item in allowed_hosts if item[:2] == "*.")
        self._any_origin = ANY in allowed_origins
        self._origins = frozenset(_origin(item) for item in allowed_origins if item != ANY)
        self._host_verdict = lru_cache(maxsize=REMEMBERED)(self._decide_host)
        self._origin_verdict = lru_cache(maxsize=REMEMBERED)(self._decide_origin)

    def host_ok(self, host_header: str, local_address: str | None = None) -> bool:
        """Whether the server answers to `host_header`.

        Args:
            host_header: As it was sent; anything but `host` or `host:port` is refused.
            local_address: The IP address the connection was accepted at, if there is one.
        """
        return len(host_header) <= MAX_CHARS and self._host_verdict(host_header, local_address)

    def origin_ok(self, origin: str, host_header: str) -> bool:
        """Whether a page of `origin` may speak to the server.

        Args:
            origin: As it was sent; `null` and anything but `scheme://host[:port]` are refused.
            host_header: One that `host_ok` has accepted.
        """
        fits = len(origin) <= MAX_CHARS and len(host_header) <= MAX_CHARS
        return fits and self._origin_verdict(origin, host_header)

    def _decide_host(self, host_header: str, local_address: str | None) -> bool:
        authority = read_authority(host_header)
        if authority is None:
            return False
        return (
            self._any_host
            or self._is_own(authority.host, local_address)
            or self._is_allowed(authority)
        )

    def _is_own(self, host: str, local_address: str | None) -> bool:
        if host in self._own:
            return True
        return local_address is not None and host == plain_address(local_address, with_zone=True)

    def _is_allowed(self, authority: Authority) -> bool:
        if authority in self._hosts or Authority(authority.host, None) in self._hosts:
            return True
        return any(
            authority.host.endswith(f".{parent.host}") and parent.port in (None, authority.port)
            for parent in self._parents
        )

    def _decide_origin(self, origin: str, host_header: str) -> bool:
        parsed = read_origin(origin)
        if parsed is None:
            return False
        if self._any_origin or parsed in self._origins:
            return True
        port = default_port(parsed.scheme)
        if port is None:
            return False
        if self._on_loopback and parsed.host in _LOOPBACK:
            return True
        host = read_authority(host_header)
        return host is not None and (parsed.host, parsed.port) == (host.host, host.port or port)


def _bound_name(bind_host: str) -> frozenset[str]:
    name = bind_host.strip("[]").lower()
    name = plain_address(name) or name
    return frozenset() if name in _WILDCARDS else frozenset({name})


def _host(item: str) -> Authority:
    # IPv6 may stand in a list without the brackets that a header needs.
    bare = plain_address(item)
    authority = Authority(bare, None) if bare else read_authority(item)
    return authority or _refuse_host(item)


def _parent(item: str) -> Authority:
    return read_authority(item.removeprefix("*.")) or _refuse_host(item)


def _refuse_host(item: str) -> NoReturn:
    raise ConfigError(
        f"allowed_hosts: {item!r} is not a host such as example.com, example.com:8443 or "
        "*.example.com."
    )


def _origin(item: str) -> tuple[str, str, int | None]:
    origin = read_origin(item)
    if origin is None:
        raise ConfigError(
            f"allowed_origins: {item!r} is not an origin such as https://example.com:8443."
        )
    return origin
