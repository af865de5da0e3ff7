"""Checks of whom a server at a URL lets in. Each tries to list the tools, nothing more."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Protocol

from toolyard.clients.doctor.endpoint import Answer, Endpoint, Headers
from toolyard.clients.doctor.finding import Finding, failure, ok, warning

EVIL_ORIGIN = "http://evil.example"
EVIL_HOST = "evil.example"


class Knocker(Protocol):
    """Tries to list the tools in one era."""

    async def knock(self, headers: Headers, query: dict[str, str] | None = None) -> Answer:
        """What the server says to such a request."""
        ...


async def checks_origin(endpoint: Endpoint, door: Knocker) -> Finding:
    """A web page of another origin."""
    del endpoint
    answer = (await door.knock({"Origin": EVIL_ORIGIN})).considered()
    if answer.lets_in:
        return failure(
            "origin",
            f"A page of {EVIL_ORIGIN} may use the server, and so may any page its users open: "
            "refuse origins that are not yours with 403.",
        )
    if answer.status == 403:
        return ok("origin", "A page of another origin is refused.")
    return warning(
        "origin",
        f"A page of another origin got {answer}; the protocol asks for 403.",
    )


async def checks_host(endpoint: Endpoint, door: Knocker) -> Finding:
    """A name that is not the server's: what DNS rebinding looks like."""
    answer = (await door.knock({"Host": EVIL_HOST})).considered()
    if not answer.lets_in:
        return ok("host", "A request for another host name is refused.")
    text = (
        f"The server answers to the host name {EVIL_HOST}: a page can reach it by DNS rebinding; "
        "refuse names that are not yours with 421 or 403."
    )
    return failure("host", text) if endpoint.on_loopback else warning("host", text)


async def asks_for_token(endpoint: Endpoint, door: Knocker) -> Finding:
    """No token at all."""
    if endpoint.token is None:
        return _open_to_all(endpoint)
    answer = await door.knock({"Authorization": None})
    if answer.lets_in:
        return failure(
            "no-token",
            "The tools are listed without a token too: the server does not check it. Make it ask "
            "for one.",
        )
    return _challenge(answer, "no-token", "Without a token")


def _open_to_all(endpoint: Endpoint) -> Finding:
    """Findings about a server that we were let into without a token."""
    if endpoint.on_loopback:
        return ok("no-token", "It asks for no token; the address is of this machine only.")
    return warning(
        "no-token",
        "It asks for no token, so everyone who can reach it may call its tools: give it one.",
    )


async def checks_token(endpoint: Endpoint, door: Knocker) -> Finding | None:
    """A token that is not ours; `None` if we have none."""
    if endpoint.token is None:
        return None
    wrong = f"toolyard-doctor-{secrets.token_urlsafe(24)}"
    answer = await door.knock({"Authorization": f"Bearer {wrong}"})
    if answer.lets_in:
        return failure("wrong-token", "Any token is accepted: the server does not check it.")
    return _challenge(answer, "wrong-token", "With a wrong token")


def _challenge(answer: Answer, check: str, when: str) -> Finding:
    """Whether a refusal tells clients that a token is what they lack."""
    if answer.status == 429:
        return ok(check, f"{when} nobody is let in; wrong tokens are being counted (HTTP 429).")
    if answer.status != 401:
        return warning(
            check,
            f"{when} a client gets {answer}; only 401 with WWW-Authenticate: Bearer tells it why.",
        )
    schemes = answer.headers.get("www-authenticate", "")
    if "bearer" not in schemes.lower():
        return failure(
            check,
            f"{when} a client gets 401 but no WWW-Authenticate: Bearer, so it cannot know that a "
            "token is what it lacks: send that header.",
        )
    return ok(check, f"{when} nobody is let in (401, WWW-Authenticate: Bearer).")


async def ignores_query(endpoint: Endpoint, door: Knocker) -> Finding | None:
    """The token in the URL, where logs and histories keep it.

    `None` if we have none, if none is needed, or if the request would leave this machine: then
    this check would itself write the token into the logs on the way.
    """
    if endpoint.token is None or not endpoint.on_loopback:
        return None
    if (await door.knock({"Authorization": None})).lets_in:
        return None
    for name in ("access_token", "token"):
        answer = await door.knock({"Authorization": None}, {name: endpoint.token})
        if answer.lets_in:
            return failure(
                "query-token",
                f"The token is accepted in the URL ({name}=...), where logs and histories keep it: "
                "accept it in the Authorization header only.",
            )
    return ok("query-token", "The token is not accepted in the URL.")


def is_encrypted(endpoint: Endpoint) -> Finding | None:
    """Whether others can read the token on its way; `None` if there is nothing to read."""
    if endpoint.url.scheme == "https":
        return ok("encryption", "The connection is encrypted.")
    if endpoint.token is None or endpoint.on_loopback:
        return None
    return warning(
        "encryption",
        "The token crosses the network unencrypted: use https, or a proxy that does.",
    )


CHECKS: tuple[tuple[str, Callable[[Endpoint, Knocker], Awaitable[Finding | None]]], ...] = (
    ("origin", checks_origin),
    ("host", checks_host),
    ("no-token", asks_for_token),
    ("wrong-token", checks_token),
    ("query-token", ignores_query),
)
"""In this order; each with the word its findings carry."""
