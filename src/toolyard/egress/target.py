"""A URL as it will be asked for: read once, strictly, in one spelling."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import quote

import idna

from toolyard.core.errors import ToolError
from toolyard.security.authority import default_port, read_authority

MAX_URL_CHARS = 8192

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)"
    r"(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?:#.*)?"
)
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029\ud800-\udfff]")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PLAIN_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_MAX_NAME = 253
_MAX_LABEL = 63
_SAFE = "/%:@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: scheme and host in lower case, the port always there."""

    scheme: str
    host: str
    """A name in ASCII, or an address in canonical form without brackets."""
    port: int
    path: str
    """With the query, percent-encoded."""

    @property
    def origin(self) -> tuple[str, str, int]:
        """What must be the same for credentials to be sent along."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The host and, unless it is the scheme's own, the port, as the `Host` header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == default_port(self.scheme) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole in one spelling."""
        return f"{self.scheme}://{self.authority}{self.path}"


def read_target(url: str) -> Target:
    """The target that `url` names.

    Raises:
        ToolError: It is not a plain http or https URL; the text says why.
    """
    if len(url) > MAX_URL_CHARS:
        raise ToolError(f"The URL has over {MAX_URL_CHARS} characters; send data in the body.")
    if _NOT_IN_A_URL.search(url):
        raise ToolError(
            "The URL holds a blank, a backslash or a control character; percent-encode it."
        )
    found = _URL.fullmatch(url)
    scheme = found["scheme"].lower() if found else ""
    port = default_port(scheme)
    if found is None or port is None:
        raise ToolError("The URL must begin with http:// or https:// and a host.")
    host, own_port = read_host(found["authority"])
    path = _quoted(found["path"] or "/", "") + _quoted(found["query"] or "", "?")
    return Target(scheme, host, own_port or port, path)


def read_host(authority: str) -> tuple[str, int | None]:
    """The host of `host` or `host:port`, in one spelling, and the port.

    Raises:
        ToolError: It is no host, or one that different programs read as different addresses.
    """
    if "@" in authority:
        raise ToolError(
            "A URL must not hold a user or a password (name@host); write the host alone."
        )
    found = read_authority(authority if authority.isascii() else _ascii(authority))
    if found is None:
        raise _no_host()
    if ":" not in found.host:
        _check_name(found.host, is_ascii=authority.isascii())
    return found.host, found.port


def is_address(host: str) -> bool:
    """Whether a host from `read_host` is an IP address rather than a name."""
    return ":" in host or _PLAIN_IPV4.fullmatch(host) is not None


def _ascii(authority: str) -> str:
    host, colon, port = authority.partition(":")
    try:
        return idna.encode(host, uts46=True, std3_rules=True).decode() + colon + port
    except (idna.IDNAError, UnicodeError):
        raise _no_host() from None


def _check_name(host: str, *, is_ascii: bool) -> None:
    labels = host.split(".")
    if len(host) > _MAX_NAME or any(len(label) > _MAX_LABEL for label in labels):
        raise _no_host()
    if not _NUMERIC_LABEL.fullmatch(labels[-1]):
        return
    if not (is_ascii and _PLAIN_IPV4.fullmatch(host)):
        raise ToolError(
            "A host made of numbers must be an IPv4 address such as 192.0.2.1, in decimal and "
            "without leading zeros."
        )


def _no_host() -> ToolError:
    return ToolError(
        "The URL has no usable host: write https://name/ or https://name:port/, without a dot at "
        "the end."
    )


def _quoted(text: str, also: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", text), safe=_SAFE + also)


def with_query(target: Target, encoded: str) -> Target:
    """`target` asked with further parameters, already percent-encoded; `ToolError` if too long."""
    if not encoded:
        return target
    path = f"{target.path}{'&' if '?' in target.path else '?'}{encoded}"
    if len(path) > MAX_URL_CHARS:
        raise ToolError(f"The query has over {MAX_URL_CHARS} characters; send data in the body.")
    return replace(target, path=path)
