"""The HTTP client: six tools that ask the web, and nothing that is not the web."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any

from toolyard.builtin_tools.http_client_tools import (
    METHODS,
    OUTPUT_SCHEMA,
    Method,
    description,
    input_schema,
)
from toolyard.core.errors import ConfigError, ToolError
from toolyard.core.threads import Threads
from toolyard.core.tool import ToolResult
from toolyard.core.tool_owner import ToolOwner
from toolyard.core.toolbox import Toolbox
from toolyard.egress.addresses import AddressRules, is_network
from toolyard.egress.answer import HttpAnswer, answer_of, result_of
from toolyard.egress.body import Query, encoded_body, encoded_query
from toolyard.egress.credentials import Credential, Credentials
from toolyard.egress.destinations import SCHEMES, WEB_PORTS, Destinations
from toolyard.egress.fetcher import Fetcher
from toolyard.egress.headers import checked_headers
from toolyard.egress.lookup import Resolver
from toolyard.egress.message import Incoming, Outgoing
from toolyard.egress.target import read_target, with_query
from toolyard.egress.text import is_html
from toolyard.version import __version__

TIMEOUT_S = 30.0
MAX_RESPONSE_BYTES = 2_097_152

_SECRET_NAME = re.compile(r"authorization|cookie|key|password|secret|session|token")
_CONVERSIONS = 2
"""Pages that are made Markdown at once."""


class HttpClient(ToolOwner):
    """Asks hosts over HTTP; in Python and as the tools `http_get`, `http_post` and so on.

    Whatever a model writes as a URL: only public addresses are dialled, the address that was
    vetted is the one that is dialled, and every hop of a redirect is vetted again. It reads no
    proxies and no `.netrc`, keeps no cookies and no connections.

    Args:
        allow_hosts: `example.com`, `*.example.com` (what is below it), an address, each with a
            scheme and a port if need be: `https://example.com:8443`. `None` allows all.
        deny_hosts: The same, and CIDR blocks; addresses and blocks also hold for what a name
            leads to. They win over all else.
        allow_private: Addresses and CIDR blocks that may be asked though they are not public.
        allowed_schemes: Of `https` and `http`.
        allowed_ports: Besides those that `allow_hosts` names; `None` for all.
        credentials: By host, written as in `allow_hosts`. They go out over https to its own port,
            unless the host is written with another scheme or port; they follow no redirect to
            another origin, and where a host sends one back, the answer is given without it.
        headers: Sent to every host, so no secrets.
        timeout_s: Seconds for a call, all included; a call can ask for less.
        max_response_bytes: Of the decoded body; the rest is cut.
        markdown: Give web pages as Markdown; needs `toolyard[http]`.
        resolve: Looks names up instead of the operating system.
        ssl_context: Decides which certificates are believed; those of the authorities that this
            machine knows by default.

    Raises:
        ConfigError: One of these cannot be used.
    """

    def __init__(
        self,
        *,
        allow_hosts: Sequence[str] | None = None,
        deny_hosts: Sequence[str] = (),
        allow_private: Sequence[str] = (),
        allowed_schemes: Sequence[str] = SCHEMES,
        allowed_ports: Sequence[int] | None = WEB_PORTS,
        credentials: Mapping[str, Credential] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        markdown: bool = False,
        resolve: Resolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        hosts = [each for each in deny_hosts if not ("/" in each and is_network(each))]
        networks = [each for each in deny_hosts if is_network(each)]
        self._fetcher = Fetcher(
            Destinations(allow_hosts, hosts, schemes=allowed_schemes, ports=allowed_ports),
            AddressRules(allow_private, networks),
            resolve=resolve,
            ssl_context=ssl_context,
        )
        self._credentials = Credentials(credentials or {})
        self._headers = _own_headers(headers or {})
        self._timeout_s = _positive("timeout_s", timeout_s)
        self._max_bytes = int(_positive("max_response_bytes", max_response_bytes))
        self._markdown = _converter() if markdown else None
        self._threads = Threads(_CONVERSIONS)

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Query | None = None,
        timeout_s: float | None = None,
    ) -> HttpAnswer:
        """What is at `url`; any status is an answer.

        Raises:
            ToolError: It may not be asked, or there is no answer; the text says why.
        """
        return await self._ask("GET", url, headers, query, timeout_s=timeout_s)

    async def head(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Query | None = None,
        timeout_s: float | None = None,
    ) -> HttpAnswer:
        """Status and headers only; as `get`."""
        return await self._ask("HEAD", url, headers, query, timeout_s=timeout_s)

    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Query | None = None,
        body: Any = None,
        timeout_s: float | None = None,
    ) -> HttpAnswer:
        """Send `body`, text or a JSON value, to `url`; raises as `get`."""
        return await self._ask("POST", url, headers, query, body, timeout_s)

    async def put(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Query | None = None,
        body: Any = None,
        timeout_s: float | None = None,
    ) -> HttpAnswer:
        """Put `body` at `url`; as `post`."""
        return await self._ask("PUT", url, headers, query, body, timeout_s)

    async def patch(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Query | None = None,
        body: Any = None,
        timeout_s: float | None = None,
    ) -> HttpAnswer:
        """Change what is at `url` as `body` says; as `post`."""
        return await self._ask("PATCH", url, headers, query, body, timeout_s)

    async def delete(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Query | None = None,
        body: Any = None,
        timeout_s: float | None = None,
    ) -> HttpAnswer:
        """Delete what is at `url`; as `post`."""
        return await self._ask("DELETE", url, headers, query, body, timeout_s)

    def _make_toolbox(self) -> Toolbox:
        tools = Toolbox()
        for method in METHODS:
            self._offer(method, tools)
        return tools

    def _offer(self, method: Method, tools: Toolbox) -> None:
        tools.add_schema(
            method.tool,
            partial(self._answer_call, method.name),
            description=description(
                method, max_bytes=self._max_bytes, markdown=self._markdown is not None
            ),
            input_schema=input_schema(method, self._timeout_s),
            output_schema=OUTPUT_SCHEMA,
            read_only=method.read_only,
            destructive=not method.read_only,
            idempotent=method.idempotent,
            open_world=True,
        )

    async def _answer_call(self, method: str, arguments: Mapping[str, Any]) -> ToolResult:
        answer = await self._ask(method, **arguments)
        return result_of(answer)

    async def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        query: Query | None = None,
        body: Any = None,
        timeout_s: float | None = None,
    ) -> HttpAnswer:
        given = checked_headers(headers or {})
        target = with_query(read_target(url), encoded_query(query or {}))
        content, content_type = encoded_body(body)
        typed = {} if content_type is None else {"content-type": content_type}
        credentials = self._credentials.headers_for(target, given)
        sent = {**self._headers, **typed, **given}
        request = Outgoing(method, target, sent, credentials, content)
        answer = await self._fetcher.fetch(
            request,
            timeout_s=min(self._timeout_s, _positive_or(timeout_s, self._timeout_s)),
            max_bytes=self._max_bytes,
        )
        return await self._read(self._credentials.without_secrets(answer))

    async def _read(self, incoming: Incoming) -> HttpAnswer:
        answer = answer_of(incoming)
        markdown = self._markdown
        if markdown is None or not answer.is_text or not answer.content:
            return answer
        if not is_html(answer.headers.get("content-type", "")):
            return answer
        text = answer.body
        return replace(answer, body=await self._threads.run(lambda: markdown(text)) or text)


def _own_headers(headers: Mapping[str, str]) -> dict[str, str]:
    try:
        checked = checked_headers(headers)
    except ToolError as error:
        raise ConfigError(f"headers: {error}") from None
    for name in checked:
        if _SECRET_NAME.search(name):
            raise ConfigError(
                f"headers: {name} seems to hold a secret, and every host would see it; name its "
                "host in credentials."
            )
    return {"user-agent": f"toolyard/{__version__}", "accept": "*/*", **checked}


def _positive(name: str, value: float) -> float:
    if not 0 < value < float("inf"):
        raise ConfigError(f"{name} must be above 0, not {value:g}.")
    return value


def _positive_or(value: float | None, otherwise: float) -> float:
    if value is None:
        return otherwise
    if not value > 0:
        raise ToolError("timeout_s must be above 0.")
    return value


def _converter() -> Any:
    try:
        return import_module("toolyard.builtin_tools.http_client_markdown").markdown_of
    except ImportError:
        raise ConfigError(
            'Web pages as Markdown need another library: pip install "toolyard[http]".'
        ) from None
