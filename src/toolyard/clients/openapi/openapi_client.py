"""A service that an OpenAPI document describes, as a source of tools."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Mapping, Sequence
from functools import partial
from os import PathLike, fspath
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from toolyard.clients.openapi.answers import shown
from toolyard.clients.openapi.asking import Request
from toolyard.clients.openapi.choosing import Choice
from toolyard.clients.openapi.credentials import Secret
from toolyard.clients.openapi.document import Document
from toolyard.clients.openapi.folder import Folder, content_of
from toolyard.clients.openapi.offering import Offer, Wanted, offer_of, runnable
from toolyard.clients.openapi.reading import MAX_BYTES, read_document
from toolyard.clients.openapi.servers import origin_rule
from toolyard.core.attempt import attempt
from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError, ToolError, UnknownName, Unreachable
from toolyard.core.schema_tool import SchemaTool
from toolyard.core.threads import Threads
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.egress.addresses import AddressRules
from toolyard.egress.answer import HttpAnswer, answer_of
from toolyard.egress.credentials import without_secrets
from toolyard.egress.destinations import Destinations
from toolyard.egress.fetcher import Fetcher
from toolyard.egress.headers import checked_headers
from toolyard.egress.lookup import Resolver
from toolyard.egress.message import Outgoing
from toolyard.egress.target import read_target
from toolyard.version import __version__

logger = logging.getLogger("toolyard.clients")

TIMEOUT_S = 30.0
MAX_RESPONSE_BYTES = 2_097_152
MOST_TOLD = 20
"""Operations that are left out and told by name."""


class OpenAPIClient:
    """A tool for each operation of an OpenAPI 3.0 or 3.1 document.

    The document is read when the client is entered, and anew when it is entered again. Calls go
    to one origin, each vetted as those of `HttpClient` are; nothing is fetched for a reference.
    An operation that cannot be a tool is left out, and told in the log and by `health`.

    Args:
        document: A path, a URL, or what was read from it: JSON, or YAML with `toolyard[openapi]`.
            A file may refer to others below its directory.
        server: The URL of the service. Without it the first server of the document counts, of
            a document from a URL only one of the same origin.
        credentials: By the name of a security scheme: a key or a token, or a user and a password.
            They follow no redirect to another origin; where a service sends one back, the answer
            is given without it.
        headers: Sent to the service with every call, so that no call can set them.
        include: Operations to offer: `tag:NAME`, `GET`, `/path/*`, `GET /path/*`, or an
            operationId such as `list*`; `None` for all.
        exclude: The same; it wins over `include`.
        read_only: Offer only GET and HEAD.
        allow_private: Addresses and CIDR blocks that may be asked though they are not public.
        redirect_hosts: Other hosts that an answer may redirect to, as `HttpClient` has them.
        timeout_s: Seconds for a call, and for fetching the document.
        max_response_bytes: Of a decoded body; the rest is cut.
        resolve: Looks names up instead of the operating system.
        ssl_context: Decides which certificates are believed.

    Raises:
        ConfigError: One of these cannot be used.
    """

    def __init__(
        self,
        document: str | PathLike[str] | Mapping[str, Any],
        *,
        server: str | None = None,
        credentials: Mapping[str, Secret] | None = None,
        headers: Mapping[str, str] | None = None,
        include: Sequence[str] | None = None,
        exclude: Sequence[str] = (),
        read_only: bool = False,
        allow_private: Sequence[str] = (),
        redirect_hosts: Sequence[str] = (),
        timeout_s: float = TIMEOUT_S,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        resolve: Resolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._document = document
        choice = Choice(include, exclude, read_only=read_only)
        self._wanted = Wanted(choice, server, dict(credentials or {}), _own_headers(headers or {}))
        self._addresses = AddressRules(allow_private)
        self._redirect_hosts = list(redirect_hosts)
        self._timeout_s = _positive("timeout_s", timeout_s)
        self._max_bytes = int(_positive("max_response_bytes", max_response_bytes))
        self._resolve = resolve
        self._ssl_context = ssl_context
        self._threads = Threads(1)
        self._url = _url_in(document)
        Destinations(self._redirect_hosts)  # which refuses what is no rule
        self._offer: Offer | None = None
        self._runnables: dict[str, SchemaTool] = {}
        self._fetcher: Fetcher | None = None

    async def __aenter__(self) -> Self:
        """Read the document.

        Raises:
            Unreachable: It cannot be fetched.
            ConfigError: It cannot be used.
        """
        content = None if self._url is None else await self._fetched(self._url)
        offer = await self._threads.run(lambda: self._read(content))
        self._fetcher = self._guarded([offer.base.origin, *self._redirect_hosts])
        self._offer = offer
        self._tell(offer)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._offer = self._fetcher = None
        self._runnables = {}

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """The tools in the order of the document."""
        del context
        return list(self._entered.tools.values())

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Ask the service; an answer that is no success is an error result with its body.

        Raises:
            UnknownName: There is no such tool.
            InvalidArguments: The listed schema refuses the arguments.
            CallTimeout: The context allows no more time.
        """
        return await attempt(self._runnable(call.name), call.arguments, context)

    async def ask(self, tool: str, arguments: Mapping[str, Any] | None = None) -> HttpAnswer:
        """What the service answers, in Python; the arguments are not held against the schema.

        Raises:
            UnknownName: There is no such tool.
            ToolError: A value cannot be sent, or there is no answer.
        """
        return await self._asked(self._request(tool), arguments or {})

    def health(self) -> Mapping[str, Any]:
        """What was read, and what of it is no tool."""
        offer = self._offer
        if offer is None:
            return {}
        told = dict(list(offer.left_out.items())[:MOST_TOLD])
        return {
            "document": self._what,
            "server": offer.base.origin,
            "operations": len(offer.tools),
            "left_out": len(offer.left_out),
            "reasons": told,
            "rules_without_effect": list(offer.idle_rules),
            "schemes_without_credentials": list(offer.missing),
        }

    @property
    def _entered(self) -> Offer:
        if self._offer is None:
            raise RuntimeError("the client is used before it is entered or after it is left")
        return self._offer

    @property
    def _what(self) -> str:
        """What messages call the document; never a whole path or a query."""
        if self._url is not None:
            target = read_target(self._url)
            return f"at {target.authority}{target.path.partition('?')[0]}"
        return "that was given" if isinstance(self._document, Mapping) else repr(self._path.name)

    @property
    def _path(self) -> Path:
        assert not isinstance(self._document, Mapping)
        return Path(self._document)

    def _read(self, content: bytes | None) -> Offer:
        folder = None
        if content is None and isinstance(self._document, Mapping):
            content = _written(self._document)
        elif content is None:
            content = content_of(self._path, self._path.name)
            folder = Folder(self._path.parent)
        document = Document(read_document(content, self._what), self._what, folder)
        return offer_of(document, self._wanted, document_url=self._url)

    async def _fetched(self, url: str) -> bytes:
        target = read_target(url)
        request = Outgoing(
            "GET", target, {"user-agent": f"toolyard/{__version__}", "accept": "*/*"}
        )
        try:
            answer = await self._guarded([origin_rule(target)]).fetch(
                request, timeout_s=self._timeout_s, max_bytes=MAX_BYTES
            )
        except ToolError as error:
            raise Unreachable(
                f"The document {self._what} cannot be fetched: {error} A private address must be "
                "allowed with allow_private."
            ) from None
        if not 200 <= answer.status < 300:
            raise Unreachable(
                f"The document {self._what} cannot be fetched: the answer is {answer.status}."
            )
        if answer.truncated:
            raise ConfigError(f"The document {self._what} has over {MAX_BYTES} bytes.")
        return answer.body

    def _guarded(self, hosts: Sequence[str]) -> Fetcher:
        return Fetcher(
            Destinations(hosts),
            self._addresses,
            resolve=self._resolve,
            ssl_context=self._ssl_context,
        )

    def _request(self, name: str) -> Request:
        request = self._entered.requests.get(name)
        if request is None:
            raise UnknownName("tool", name)
        return request

    def _runnable(self, name: str) -> SchemaTool:
        if name not in self._runnables:
            answered = partial(self._answered, self._request(name))
            self._runnables[name] = runnable(self._entered.tools[name], answered)
        return self._runnables[name]

    async def _answered(self, request: Request, arguments: Mapping[str, Any]) -> ToolResult:
        return shown(await self._asked(request, arguments))

    async def _asked(self, request: Request, arguments: Mapping[str, Any]) -> HttpAnswer:
        offer, fetcher = self._entered, self._fetcher
        assert fetcher is not None
        incoming = await fetcher.fetch(
            request.of(arguments), timeout_s=self._timeout_s, max_bytes=self._max_bytes
        )
        return answer_of(without_secrets(incoming, offer.hidden))

    def _tell(self, offer: Offer) -> None:
        for place, why in list(offer.left_out.items())[:MOST_TOLD]:
            logger.warning("the document %s: %s is left out: %s", self._what, place, why)
        if len(offer.left_out) > MOST_TOLD:
            logger.warning("the document %s: %d are left out", self._what, len(offer.left_out))
        for rule in offer.idle_rules:
            logger.warning("the document %s: the rule %r chooses nothing", self._what, rule)


def _url_in(document: str | PathLike[str] | Mapping[str, Any]) -> str | None:
    if isinstance(document, Mapping) or "://" not in (text := fspath(document)):
        return None
    try:
        read_target(text)
    except ToolError as error:
        raise ConfigError(f"document: {error}") from None
    return text


def _written(document: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(dict(document), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise ConfigError(
            "The document given holds what JSON cannot, or is nested too deeply."
        ) from None


def _own_headers(headers: Mapping[str, str]) -> dict[str, str]:
    try:
        checked = checked_headers(headers)
    except ToolError as error:
        raise ConfigError(f"headers: {error}") from None
    return {"user-agent": f"toolyard/{__version__}", **checked}


def _positive(name: str, value: float) -> float:
    if not 0 < value < float("inf"):
        raise ConfigError(f"{name} must be above 0, not {value:g}.")
    return value
