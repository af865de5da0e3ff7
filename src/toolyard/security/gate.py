"""The order in which a request is let in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import cast

from toolyard.core.context import EVERYTHING, Caller
from toolyard.security.address import AddressPolicy, network_of
from toolyard.security.challenge import Challenge
from toolyard.security.hosts import HostPolicy
from toolyard.security.plain_address import is_loopback, plain_address
from toolyard.security.rate import MakeLimiter, RateLimit, limiter_of_its_own
from toolyard.security.refusal import Refusal, retry_later
from toolyard.security.tokens import ANONYMOUS, digest_of, is_token
from toolyard.security.verifier import InstantVerifier, TokenVerifier

FAILURES = RateLimit.parse("20/min")
"""Wrong tokens that one address may send before it is told to wait."""

_EVERYTHING = frozenset({EVERYTHING})


class Gate:
    """Says who a request is from, or why it is refused.

    Its methods are for one request, in this order: `admit_address`, `check_host`, `identify`,
    `check_rate`, and `check_scope` once it is known what the caller wants. Each raises `Refusal`.

    Wrong tokens are counted by address (IPv6 by /64). Past `failures`, a wrong token gets 429
    instead of 401; a valid token is accepted all the same, so nobody can lock out anybody else,
    and a guess is never worth more than its 256 bits. A request without a token is not counted.

    Args:
        addresses: Who may connect.
        hosts: Which names the server answers to.
        verifiers: Asked in turn whose a token is. None at all is an open server: everyone is
            `anonymous` and may do everything.
        rate: For each caller by name, for anonymous ones by address.
        failures: For wrong tokens from one address.
        resource_metadata: URL named in each challenge, if there is an authorization server.
        insecure: Without verifiers, admit even those who come from other machines.
        clock: Seconds that never go back.
        limiter: Makes what counts, where several processes count together.
    """

    def __init__(
        self,
        addresses: AddressPolicy,
        hosts: HostPolicy,
        *,
        verifiers: Sequence[TokenVerifier] = (),
        rate: RateLimit | None = None,
        failures: RateLimit = FAILURES,
        resource_metadata: str | None = None,
        insecure: bool = False,
        clock: Callable[[], float] = time.monotonic,
        limiter: MakeLimiter = limiter_of_its_own,
    ) -> None:
        self._addresses = addresses
        self._hosts = hosts
        self._verifiers = tuple(verifiers)
        # Only those before the first that takes its time: they are asked in turn.
        instant = takewhile(lambda each: isinstance(each, InstantVerifier), self._verifiers)
        self._instant = tuple(cast("Iterable[InstantVerifier]", instant))
        self._rate = None if rate is None else limiter(rate, "rate")
        self._failures = limiter(failures, "failures")
        self._challenge = Challenge(resource_metadata)
        self._is_local_only = not self._verifiers and not insecure
        self._clock = clock

    def admit_address(self, peer: str | None, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The address the request comes from; see `AddressPolicy.client_address`.

        Raises:
            Refusal: 403.
        """
        address = self._addresses.client_address(peer, headers)
        if not self._addresses.admits(address):
            raise Refusal(403, "address", "Your address may not use this server.")
        return address

    def check_host(self, host: str, origin: str | None, local_address: str | None) -> None:
        """Pass a request for this server from a page, if any, that may speak to it.

        Args:
            host: The one `Host` header, or an empty text.
            origin: The `Origin` header; `None` if there is none, as browsers always send one.
            local_address: The address the connection was accepted at.

        Raises:
            Refusal: 421 for the host, 403 for the origin, and 403 without any verifier for an
                address that others can reach: another application may listen where nobody
                here has agreed to.
        """
        if self._is_local_only and not _is_private(local_address):
            raise Refusal(
                403, "token", "This server asks for no token, so it serves only its own machine."
            )
        if not self._hosts.host_ok(host, local_address):
            raise Refusal(421, "host", "This server does not answer to that host name.")
        if origin is not None and not self._hosts.origin_ok(origin, host):
            raise Refusal(403, "origin", "Pages of that origin may not use this server.")

    async def identify(self, authorization: Sequence[bytes], address: str) -> Caller:
        """Who the request is from.

        Args:
            authorization: The values of every `Authorization` header; no other place is looked at.
            address: From `admit_address`.

        Raises:
            Refusal: 401 without a valid token, 400 with two headers, 429 after too many wrong
                tokens, 503 if a token cannot be checked.
        """
        if len(authorization) > 1:
            raise self._challenge.repeated()
        if not self._verifiers:
            return Caller(ANONYMOUS, _EVERYTHING, address)
        token = _bearer_token(authorization[0]) if authorization else None
        if token is None:
            raise self._challenge.missing()
        caller = await self._verify(token) if is_token(token) else None
        if caller is None:
            raise self._wrong_token(address)
        return Caller(caller.name, caller.scopes, address)

    def recognise(self, digest: str | None, address: str) -> Caller | None:
        """Who the request is from, if that can be told at once; else `identify` has to tell.

        Args:
            digest: From `token_digest`.
            address: From `admit_address`.
        """
        if not self._verifiers:
            return _placed(ANONYMOUS, _EVERYTHING, address)
        if digest is None:
            return None
        for verifier in self._instant:
            caller = verifier.recognise(digest)
            if caller is not None:
                return _placed(caller.name, caller.scopes, address)
        return None

    def check_rate(self, caller: Caller) -> None:
        """Count a call of `caller`.

        Raises:
            Refusal: 429.
        """
        if self._rate is None:
            return
        wait_s = self._rate.check(_rate_key(caller), self._clock())
        if wait_s:
            raise retry_later(429, "rate", "Too many requests; slow down.", wait_s)

    def check_scope(self, caller: Caller, scope: str) -> None:
        """Pass a caller who may do what `scope` names.

        Raises:
            Refusal: 403, naming `scope`.
        """
        if not caller.may(scope):
            raise self._challenge.insufficient(scope)

    async def _verify(self, token: str) -> Caller | None:
        unavailable: Refusal | None = None
        for verifier in self._verifiers:
            try:
                caller = await verifier.verify(token)
            except Refusal as refusal:
                unavailable = refusal
                continue
            if caller is not None:
                return caller
        if unavailable is not None:
            raise unavailable
        return None

    def _wrong_token(self, address: str) -> Refusal:
        wait_s = self._failures.check(network_of(address), self._clock())
        if wait_s:
            return retry_later(429, "token", "Too many wrong tokens; wait.", wait_s)
        return self._challenge.invalid()


@lru_cache(maxsize=1024)
def _placed(name: str, scopes: frozenset[str], address: str) -> Caller:
    return Caller(name, scopes, address)


def _is_private(local_address: str | None) -> bool:
    """Whether only this machine reaches the address; what is none is a socket's path or a test."""
    plain = plain_address(local_address or "", with_zone=True)
    return plain is None or is_loopback(plain)


def token_digest(authorization: bytes | None) -> str | None:
    """The SHA-256 in hex of the token in the header `authorization`, if there is one."""
    token = None if authorization is None else _bearer_token(authorization)
    return digest_of(token) if token is not None and is_token(token) else None


def _bearer_token(authorization: bytes) -> str | None:
    """What follows `Bearer`, `None` if it is another scheme."""
    scheme, _, token = authorization.partition(b" ")
    return token.lstrip(b" ").decode("latin-1") if scheme.lower() == b"bearer" else None


def _rate_key(caller: Caller) -> tuple[str, str]:
    if caller.name == ANONYMOUS and caller.address is not None:
        return "address", network_of(caller.address)
    return "caller", caller.name
