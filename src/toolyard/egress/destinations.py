"""Which hosts, ports and schemes may be asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from toolyard.core.errors import ConfigError, ToolError
from toolyard.egress.target import Target, read_host

WEB_PORTS = (80, 443, 8080, 8443)
SCHEMES = ("https", "http")

_RULE = re.compile(r"(?:(?P<scheme>https?)://)?(?P<below>\*\.)?(?P<host>\S+)")
_ANY = re.compile(r"\*(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class HostRule:
    """What `name`, `*.name`, `address`, `*`, each with or without scheme and port, stands for."""

    scheme: str | None
    host: str | None
    port: int | None
    below: bool
    """Whether it is the names below `host` that are meant, and not `host` itself."""

    def matches(self, target: Target) -> bool:
        """Whether `target` is one of those meant."""
        if self.scheme not in (None, target.scheme) or self.port not in (None, target.port):
            return False
        if self.host is None:
            return True
        return target.host.endswith(f".{self.host}") if self.below else target.host == self.host


def host_rule(text: str, place: str) -> HostRule:
    """The rule that `text` says.

    Raises:
        ConfigError: It says none; the message names `place`.
    """
    found = _RULE.fullmatch(text)
    if found is None:
        raise _no_rule(text, place)
    scheme, rest = found["scheme"], found["host"]
    anywhere = None if found["below"] else _ANY.fullmatch(rest)
    if anywhere:
        return HostRule(scheme, None, int(anywhere["port"]) if anywhere["port"] else None, False)
    try:
        host, port = read_host(f"[{rest}]" if rest.count(":") > 1 and rest[0] != "[" else rest)
    except ToolError:
        raise _no_rule(text, place) from None
    return HostRule(scheme, host, port, found["below"] is not None)


class Destinations:
    """Decides by scheme, host and port, before anything is looked up.

    Args:
        allow: Rules as `host_rule` reads them; `None` allows every host, an empty list none.
        deny: Rules that win over `allow`.
        schemes: Of `http` and `https`.
        ports: Those that may be asked, besides a port that a rule of `allow` names; `None` for all.

    Raises:
        ConfigError: A rule, a scheme or a port is none.
    """

    def __init__(
        self,
        allow: Sequence[str] | None = None,
        deny: Sequence[str] = (),
        *,
        schemes: Sequence[str] = SCHEMES,
        ports: Sequence[int] | None = WEB_PORTS,
    ) -> None:
        self._allow = None if allow is None else [host_rule(each, "allow_hosts") for each in allow]
        self._deny = [host_rule(each, "deny_hosts") for each in deny]
        self._schemes = tuple(schemes)
        self._ports = None if ports is None else frozenset(ports)
        if not set(schemes) <= set(SCHEMES):
            raise ConfigError(f"allowed_schemes: there are only {' and '.join(SCHEMES)}.")
        if not all(0 < port < 65536 for port in self._ports or ()):
            raise ConfigError("allowed_ports: a port is a number from 1 to 65535.")

    def check(self, target: Target) -> None:
        """Raise `ToolError` unless `target` may be asked."""
        if target.scheme not in self._schemes:
            raise ToolError(
                f"{target.scheme}:// is not allowed here; use {' or '.join(self._schemes)}."
            )
        if any(rule.matches(target) for rule in self._deny):
            raise _refused(target)
        rules = [rule for rule in self._allow or () if rule.matches(target)]
        if self._allow is not None and not rules:
            raise _refused(target)
        if any(rule.port is not None for rule in rules):
            return
        if self._ports is not None and target.port not in self._ports:
            ports = ", ".join(map(str, sorted(self._ports))) or "none"
            raise ToolError(f"The port {target.port} is not allowed; allowed are: {ports}.")


def _refused(target: Target) -> ToolError:
    return ToolError(
        f"{target.scheme}://{target.authority} is not among the hosts that may be asked; use "
        "another source, or tell the user that it has to be allowed."
    )


def _no_rule(text: str, place: str) -> ConfigError:
    return ConfigError(
        f"{place}: {text!r} is not a host such as example.com, *.example.com, example.com:8443 "
        "or https://example.com."
    )
