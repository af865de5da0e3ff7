"""Where a redirect leads, and what may go along."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin

from toolyard.core.errors import ToolError
from toolyard.egress.headers import kept_across_origins
from toolyard.egress.message import Outgoing
from toolyard.egress.target import Target, read_target

MAX_HOPS = 5

_STATUSES = frozenset((301, 302, 303, 307, 308))
_READING = frozenset(("GET", "HEAD"))


def next_hop(request: Outgoing, status: int, location: str | None) -> Outgoing | None:
    """The request that a redirect asks for; `None` if the answer is no redirect.

    Headers that can hold a secret, and credentials, stay behind when the origin changes.

    Raises:
        ToolError: It leads to what is no URL, from https to http, or it would carry a change to
            another origin.
    """
    if status not in _STATUSES or location is None:
        return None
    target = _target(request.target, location)
    if request.target.scheme == "https" and target.scheme == "http":
        raise ToolError("The answer redirects from https to http, which is refused.")
    following = replace(_with_method(request, status), target=target)
    if target.origin == request.target.origin:
        return following
    if following.method not in _READING:
        raise ToolError(
            f"The answer redirects a {request.method} to another origin, which is refused; send it "
            "to the right URL yourself."
        )
    return replace(following, headers=kept_across_origins(following.headers), credentials={})


def _target(base: Target, location: str) -> Target:
    try:
        return read_target(urljoin(base.url, location))
    except (ToolError, ValueError):
        raise ToolError("The answer redirects to something that is no plain URL.") from None


def _with_method(request: Outgoing, status: int) -> Outgoing:
    becomes_get = status == 303 or (status in (301, 302) and request.method == "POST")
    if not becomes_get or request.method in _READING:
        return request
    headers = {name: value for name, value in request.headers.items() if name != "content-type"}
    return replace(request, method="GET", headers=headers, body=None)
