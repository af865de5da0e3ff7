"""A server at a URL, asked with requests that say exactly what a check wants them to say."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Self

import anyio
import httpx2
from mcp_types.version import (
    HANDSHAKE_PROTOCOL_VERSIONS,
    LATEST_HANDSHAKE_VERSION,
    LATEST_MODERN_VERSION,
)

from toolyard.clients.bounds import MOST_BYTES
from toolyard.clients.doctor.examination import Broken, CannotTell
from toolyard.clients.doctor.reply import (
    Message,
    Reply,
    decoded,
    introduction,
    modern,
    notification,
    request,
)
from toolyard.clients.targets import HttpServer
from toolyard.core.errors import NotAdmitted

Headers = Mapping[str, str | None]
"""Headers in place of the usual ones; `None` leaves one out."""

ACCEPT = "application/json, text/event-stream"
MOST_WAIT_S = 5
MOST_WAIT_DIGITS = 3
GATEWAY_TROUBLE = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response and the JSON-RPC message in it."""

    status: int
    headers: httpx2.Headers = field(default_factory=httpx2.Headers)
    reply: Reply = field(default_factory=Reply)

    @property
    def lets_in(self) -> bool:
        """The request was served."""
        return self.reply.result is not None

    def heard(self) -> Reply:
        """The reply of a server that was ready to give one.

        Raises:
            NotAdmitted: It wants a token, or a better one.
            CannotTell: It was not ready for another reason.
        """
        if self.status == 401:
            raise NotAdmitted("The server lets nobody list its tools without a valid token.")
        if self.status == 403:
            raise CannotTell("This could not be checked: the token is not for that (HTTP 403).")
        return self.considered().reply

    def considered(self) -> Answer:
        """This answer, of a server that looked at the request.

        Raises:
            CannotTell: It was too busy, or something in front of it answered.
        """
        if self.status == 429 or self.status in GATEWAY_TROUBLE:
            raise CannotTell(
                f"This could not be checked: the server was too busy (HTTP {self.status})."
            )
        return self

    def __str__(self) -> str:
        """What came, in a few words."""
        return f"HTTP {self.status} with {self.reply}"


class Endpoint:
    """Where a server is, and the token it knows us by."""

    def __init__(self, client: httpx2.AsyncClient, url: httpx2.URL, token: str | None) -> None:
        self.url = url
        self.token = token
        self.was_limited = False
        """The server has asked us to slow down."""
        self._client = client

    @classmethod
    @asynccontextmanager
    async def open(cls, server: HttpServer) -> AsyncGenerator[Self]:
        """An endpoint with connections of its own; redirects are not followed.

        Requests have no deadline here: each check has one.
        """
        transport = httpx2.AsyncHTTPTransport()
        async with httpx2.AsyncClient(transport=transport, timeout=None) as client:
            yield cls(client, httpx2.URL(server.url), server.token)

    def at(self, url: httpx2.URL) -> Endpoint:
        """The same at another URL."""
        return Endpoint(self._client, url, self.token)

    @property
    def on_loopback(self) -> bool:
        """Only this machine can reach the address."""
        host = self.url.host.strip("[]")
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    async def send(
        self,
        method: str,
        headers: Headers,
        message: Message | None = None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make an HTTP request and read what it answers to `message`.

        Asked to slow down, wait and try once more.
        """
        answer = await self._send(method, headers, message, query)
        wait_s = _wait_s(answer)
        if wait_s is None:
            return answer
        self.was_limited = True
        await anyio.sleep(wait_s)
        return await self._send(method, headers, message, query)

    async def _send(
        self,
        method: str,
        headers: Headers,
        message: Message | None,
        query: Mapping[str, str] | None,
    ) -> Answer:
        url = self.url if query is None else self.url.copy_merge_params(query)
        usual: Headers = {
            "Accept": ACCEPT,
            "Accept-Encoding": "identity",
            "Authorization": None if self.token is None else f"Bearer {self.token}",
            "Content-Type": None if message is None else "application/json",
        }
        given = {key: value for key, value in {**usual, **headers}.items() if value is not None}
        body = None if message is None else json.dumps(message).encode()
        async with self._client.stream(method, url, headers=given, content=body) as response:
            reply = Reply() if message is None else await _reply(response, message.get("id"))
            return Answer(response.status_code, response.headers, reply)

    async def post_modern(
        self,
        method: str,
        params: Message | None = None,
        *,
        headers: Headers | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request of revision 2026-07-28; `headers` in place of the usual ones."""
        name = (params or {}).get("name")
        usual: Headers = {
            "MCP-Protocol-Version": LATEST_MODERN_VERSION,
            "Mcp-Method": method,
            "Mcp-Name": name,
        }
        message = request(1, method, modern(params))
        return await self.send("POST", {**usual, **(headers or {})}, message, query=query)


class ModernHttp:
    """Asks in revision 2026-07-28: each request stands alone."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def ask(self, method: str, params: Message | None = None) -> Reply:
        """The server's reply."""
        return _spoken(await self._endpoint.post_modern(method, params))

    async def knock(self, headers: Headers, query: Mapping[str, str] | None = None) -> Answer:
        """Try to list the tools with other headers than ours."""
        return await self._endpoint.post_modern("tools/list", headers=headers, query=query)


class LegacyHttp:
    """Asks in a session of the handshake revisions, once `open` made one."""

    def __init__(self, endpoint: Endpoint, headers: Headers | None = None) -> None:
        self._endpoint = endpoint
        self._headers: Headers = headers or {}
        self._number = 1
        self.revision: str | None = None
        """What was agreed on; `None` until then."""

    async def open(self, query: Mapping[str, str] | None = None) -> Answer:
        """The answer to `initialize`."""
        message = request(1, "initialize", introduction(LATEST_HANDSHAKE_VERSION))
        answer = await self._endpoint.send("POST", self._headers, message, query=query)
        agreed = (answer.reply.result or {}).get("protocolVersion")
        if agreed in HANDSHAKE_PROTOCOL_VERSIONS:
            self.revision = agreed
            session = _session_in(answer)
            names: Headers = {"MCP-Protocol-Version": agreed, "Mcp-Session-Id": session}
            self._headers = {**self._headers, **names}
            told = notification("notifications/initialized")
            await self._endpoint.send("POST", self._headers, told, query=query)
        return answer

    async def ask(self, method: str, params: Message | None = None) -> Reply:
        """The server's reply."""
        return _spoken(await self.post(method, params))

    async def post(
        self,
        method: str,
        params: Message | None = None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request in this session."""
        self._number += 1
        message = request(self._number, method, params)
        return await self._endpoint.send("POST", self._headers, message, query=query)

    async def knock(self, headers: Headers, query: Mapping[str, str] | None = None) -> Answer:
        """Try to list the tools in a new session, with other headers than ours."""
        stranger = LegacyHttp(self._endpoint, headers)
        answer = await stranger.open(query)
        if stranger.revision is None:
            return answer
        try:
            return await stranger.post("tools/list", query=query)
        finally:
            await stranger.close()

    async def close(self) -> None:
        """End the session; servers need not know how."""
        if self._headers.get("Mcp-Session-Id") is not None:
            await self._endpoint.send("DELETE", self._headers)


def _session_in(answer: Answer) -> str | None:
    session = answer.headers.get("mcp-session-id")
    if session is not None and not (session.isascii() and session.isprintable()):
        raise Broken("The server's session id holds other letters than visible ASCII.")
    return session


def _spoken(answer: Answer) -> Reply:
    reply = answer.heard()
    return reply if reply.message or reply.instead else Reply(instead=f"HTTP {answer.status}")


def _wait_s(answer: Answer) -> int | None:
    """How long the server wants us to wait; `None` if it does not, or for too long."""
    after = answer.headers.get("retry-after", "")
    if answer.status != 429 or not (after.isdecimal() and len(after) <= MOST_WAIT_DIGITS):
        return None
    return int(after) if int(after) <= MOST_WAIT_S else None


async def _reply(response: httpx2.Response, number: object) -> Reply:
    """The message of that id; an error may have none."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        return Reply(instead="something compressed, which was not asked for")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/event-stream" and number is not None:
        async for event in httpx2.EventSource(response, max_event_size=MOST_BYTES):
            message = decoded(event.data)
            if message is not None and message.get("id") == number and "method" not in message:
                return Reply(message)
        return Reply()
    body = await _bounded(response)
    if body is None:
        return Reply(instead=f"something over {MOST_BYTES >> 20} MiB")
    return Reply(decoded(body) or {})


async def _bounded(response: httpx2.Response) -> bytearray | None:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MOST_BYTES:
            return None
    return body
