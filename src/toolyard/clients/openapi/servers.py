"""Where the operations of a document are asked: one origin, which an operator stands for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

from toolyard.clients.openapi.nodes import Node, list_in, table_in, table_of, text_in
from toolyard.core.errors import ConfigError, InvalidTool, ToolError
from toolyard.egress.target import Target, read_target

_VARIABLE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Base:
    """Where paths begin."""

    target: Target
    is_operators: bool
    """Whether an operator named the scheme and the host, not just the document."""

    @property
    def origin(self) -> str:
        """Scheme, host and port, as a rule for destinations has them."""
        return origin_rule(self.target)

    def with_path(self, path: str) -> str:
        """The URL of `path`, which begins with a slash and is percent-encoded."""
        start = f"{self.target.scheme}://{self.target.authority}{self.target.path.rstrip('/')}"
        return start + path


def origin_rule(target: Target) -> str:
    """The rule for destinations that allows the origin of `target` alone."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{target.scheme}://{host}:{target.port}"


def base_of(root: Node, what: str, *, given: str | None, document_url: str | None) -> Base:
    """Where the operations of the document `root` are asked.

    Args:
        root: The document.
        what: What messages call it.
        given: What the operator says.
        document_url: Where the document came from; then only its own origin is believed.

    Raises:
        ConfigError: There is no such place.
    """
    if given is not None:
        return Base(_target(given, "server"), is_operators=True)
    urls = _urls(root)
    if document_url is not None:
        return _of_same_origin(urls or ["/"], document_url, what)
    if not urls or "://" not in urls[0]:
        raise ConfigError(
            f"The document {what} does not say where its service is: give its URL as server."
        )
    return Base(_target(urls[0], f"The document {what}"), is_operators=False)


def base_within(base: Base, nodes: Sequence[Node], document_url: str | None) -> Base:
    """`base`, or what an operation or its path says instead; `InvalidTool` if that is elsewhere."""
    said = next((urls[0] for node in nodes if (urls := _urls(node))), None)
    if said is None:
        return base
    try:
        target = read_target(urljoin(document_url or base.target.url, said))
    except (ToolError, ValueError):
        raise InvalidTool("It has a server of its own, whose URL cannot be used.") from None
    if target.origin != base.target.origin or "?" in target.path:
        raise InvalidTool("It has a server of its own, which is another one than was allowed.")
    return Base(target, base.is_operators)


def _of_same_origin(urls: Sequence[str], document_url: str, what: str) -> Base:
    origin = read_target(document_url).origin
    targets = [_target(urljoin(document_url, url), f"The document {what}") for url in urls]
    own = next((each for each in targets if each.origin == origin), None)
    if own is None:
        raise ConfigError(
            f"The document {what} would have calls sent to {targets[0].authority!r}, another "
            "origin than its own: if that is meant, give that URL as server."
        )
    return Base(own, is_operators=True)


def _urls(node: Node) -> list[str]:
    return [_filled(table_of(each, "A server")) for each in list_in(node, "servers")]


def _filled(server: Node) -> str:
    """The URL of a server with the defaults of its variables."""
    variables = table_in(server, "variables")

    def default(found: re.Match[str]) -> str:
        value = table_of(variables.get(found[1]) or {}, "A variable").get("default")
        if not isinstance(value, str | int):
            raise InvalidTool(f"The variable {found[1][:40]!r} of a server has no default.")
        return str(value)

    return _VARIABLE.sub(default, text_in(server, "url"))


def _target(url: str, what: str) -> Target:
    try:
        target = read_target(url)
    except ToolError as error:
        raise ConfigError(f"{what}: the URL of the service cannot be used. {error}") from None
    if "?" in target.path:
        raise ConfigError(f"{what}: the URL of the service has a query; leave it out.")
    return target
