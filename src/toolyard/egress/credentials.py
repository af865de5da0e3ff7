"""What we prove who we are with, and to whom; a model never sees it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from toolyard.core.errors import ConfigError, ToolError
from toolyard.egress.destinations import HostRule, host_rule
from toolyard.egress.headers import checked_headers
from toolyard.egress.message import Incoming
from toolyard.egress.target import Target

HIDDEN = "[hidden]"
"""What stands in an answer where a host sent a secret back."""
_SHORTEST_HIDDEN = 4
_OWN_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Credential:
    """A header that one host may see, and the words in it that nobody else may."""

    header: str
    value: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    @classmethod
    def bearer(cls, token: str) -> Self:
        """`Authorization: Bearer`; `ConfigError` if a header cannot hold `token`."""
        return cls._checked("authorization", f"Bearer {token}", (token,))

    @classmethod
    def basic(cls, user: str, password: str) -> Self:
        """`Authorization: Basic`; `ConfigError` if there is a colon in `user`."""
        if ":" in user:
            raise ConfigError("credentials: the user of basic credentials has no colon in it.")
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return cls._checked("authorization", f"Basic {pair}", (pair, password))

    @classmethod
    def of_header(cls, name: str, value: str) -> Self:
        """Any header, such as `X-Api-Key`; `ConfigError` if it may not be set."""
        return cls._checked(name, value, (value,))

    @classmethod
    def _checked(cls, name: str, value: str, secrets: tuple[str, ...]) -> Self:
        try:
            checked_headers({name: value})
        except ToolError as error:
            raise ConfigError(f"credentials: {error}") from None
        shown = tuple(each for each in secrets if len(each) >= _SHORTEST_HIDDEN)
        return cls(name.lower(), value, shown)


class Credentials:
    """Which credential goes where.

    Args:
        by_host: By rules such as `api.example.com`, `*.example.com` or `http://127.0.0.1:3000`.
            A rule without a scheme means https, one without a port the port of its scheme.

    Raises:
        ConfigError: A rule names no host.
    """

    def __init__(self, by_host: Mapping[str, Credential]) -> None:
        self._rules = [(_rule(text), credential) for text, credential in by_host.items()]
        self._rules.sort(key=lambda pair: pair[0].below)  # a host's own before a wildcard's
        self._secrets = hidden_ones(secret for each in by_host.values() for secret in each.secrets)

    def headers_for(self, target: Target, given: Mapping[str, str]) -> dict[str, str]:
        """What to send to `target` besides the headers that were `given`.

        Raises:
            ToolError: One of those given is the credential's.
        """
        found = next((one for rule, one in self._rules if rule.matches(target)), None)
        if found is None:
            return {}
        if found.header in given:
            raise ToolError(
                f"The header {found.header} is set by the configuration for this host; leave it "
                "out."
            )
        return {found.header: found.value}

    def without_secrets(self, answer: Incoming) -> Incoming:
        """`answer` with a mark wherever a secret stands in its headers or its body."""
        return without_secrets(answer, self._secrets)


def without_secrets(answer: Incoming, secrets: Sequence[str]) -> Incoming:
    """`answer` with a mark wherever one of `secrets`, the longest first, stands in it."""
    headers, body = dict(answer.headers), answer.body
    for secret in secrets:
        headers = {name: value.replace(secret, HIDDEN) for name, value in headers.items()}
        body = body.replace(secret.encode(), HIDDEN.encode())
    return replace(answer, headers=headers, body=body)


def hidden_ones(secrets: Iterable[str]) -> Sequence[str]:
    """Those of `secrets` that are long enough to be told from other text, the longest first."""
    return sorted(
        {each for each in secrets if len(each) >= _SHORTEST_HIDDEN}, key=len, reverse=True
    )


def _rule(text: str) -> HostRule:
    rule = host_rule(text, "credentials")
    if rule.host is None:
        raise ConfigError("credentials: name the host, so that no other sees the secret.")
    scheme = rule.scheme or "https"
    return HostRule(scheme, rule.host, rule.port or _OWN_PORTS[scheme], rule.below)
