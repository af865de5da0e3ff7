"""Which headers a caller may set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from toolyard.core.errors import ToolError

MAX_HEADERS = 64
MAX_VALUE_CHARS = 8192
MAX_TOTAL_CHARS = 32_768

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?")
_OURS = frozenset(
    (
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "forwarded",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-real-ip",
    )
)
"""They frame the message, or say who sends it, and so are not the caller's to set."""
_OUR_BEGINNINGS = ("proxy-", "x-forwarded-")
_OTHER_METHODS = frozenset(("x-http-method", "x-http-method-override", "x-method-override"))

_KEPT_ACROSS_ORIGINS = frozenset(
    ("accept", "accept-language", "if-modified-since", "if-none-match", "range", "user-agent")
)


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """`headers` by their names in lower case.

    Raises:
        ToolError: One of them may not be sent; the text names it, never its value.
    """
    if len(headers) > MAX_HEADERS:
        raise ToolError(f"There are over {MAX_HEADERS} headers; send fewer.")
    if sum(len(name) + len(value) for name, value in headers.items()) > MAX_TOTAL_CHARS:
        raise ToolError(f"The headers have over {MAX_TOTAL_CHARS} characters; send less.")
    checked: dict[str, str] = {}
    for name, value in headers.items():
        _check(name, value)
        if name.lower() in checked:
            raise ToolError(f"The header {name} is there twice; send it once.")
        checked[name.lower()] = value
    return checked


def kept_across_origins(headers: Mapping[str, str]) -> dict[str, str]:
    """Those that may follow a redirect to another origin: none that can hold a secret."""
    return {name: value for name, value in headers.items() if name in _KEPT_ACROSS_ORIGINS}


def joined_headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers of an answer by name in lower case; several of one name are joined, none is lost."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        between = "\n" if key == "set-cookie" else ", "
        joined[key] = f"{joined[key]}{between}{value}" if key in joined else value
    return joined


def _check(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise ToolError(f"{name[:40]!a} is not the name of a header.")
    lower = name.lower()
    if lower in _OURS or lower.startswith(_OUR_BEGINNINGS):
        raise ToolError(f"The header {name} cannot be set; leave it out.")
    if lower in _OTHER_METHODS:
        raise ToolError(f"The header {name} cannot be set; use the tool for the method you mean.")
    if len(value) > MAX_VALUE_CHARS:
        raise ToolError(f"The header {name} has over {MAX_VALUE_CHARS} characters; send less.")
    if not _VALUE.fullmatch(value):
        raise ToolError(
            f"The value of the header {name} must be visible ASCII on one line, without blanks "
            "around it."
        )
