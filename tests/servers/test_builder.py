"""Every option of the builder does what it says, or says why it cannot."""

import logging
import re
import socket
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import jwt
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from tests.servers.harness import TOKEN, ask, builder, call, client_of, http_to, raw

from toolyard.core.context import CallContext, Caller, Event
from toolyard.core.errors import ConfigError, ToolyardError
from toolyard.core.toolbox import Toolbox
from toolyard.events.types import CallFinished, ServerStarted
from toolyard.security.rate import RateLimit
from toolyard.security.token_lines import write_token
from toolyard.security.tokens import Token
from toolyard.servers.builder import MCPServerBuilder
from toolyard.servers.tool_server import ToolServer

ISSUER, AUDIENCE = "https://issuer.example", "https://tools.example/mcp"
KEY = "k" * 64


async def _add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b


def adding() -> Toolbox:
    tools = Toolbox()
    tools.add(_add, name="add")
    return tools


async def _who(context: CallContext) -> str:
    """Say who calls."""
    return context.caller.name


def telling() -> Toolbox:
    tools = Toolbox()
    tools.add(_who, name="who")
    return tools


async def status(server: ToolServer, token: str | None = None, **headers: str) -> int:
    """What a request for the list of tools gets."""
    async with http_to(server, token) as http:
        return (await ask(http, "tools/list", headers=headers)).status_code


class Verifier:
    """Knows one token."""

    async def verify(self, token: str) -> Caller | None:
        return Caller("known") if token == TOKEN else None


def signed(**claims: Any) -> str:
    now = datetime.now(UTC)
    whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "joe", "scope": "*", **claims}
    return jwt.encode({"iat": now, "exp": now + timedelta(minutes=1), **whole}, KEY, "HS256")


Change = Callable[[MCPServerBuilder], MCPServerBuilder]
EFFECTS: list[tuple[Change, dict[str, str], int, int]] = [
    (lambda b: b.with_bearer_token(TOKEN), {"authorization": "Bearer x"}, 200, 401),
    (lambda b: b.with_bearer_token(TOKEN), {"authorization": f"Bearer {TOKEN}"}, 200, 200),
    (lambda b: b.with_token_verifier(Verifier()), {"authorization": "Bearer x"}, 200, 401),
    (
        lambda b: b.with_token_verifier(Verifier()),
        {"authorization": f"Bearer {TOKEN}"},
        200,
        200,
    ),
    (lambda b: b.allow_ip("10.0.0.1"), {}, 200, 403),
    (lambda b: b.allow_ip("10.0.0.1").allow_ip("127.0.0.1"), {}, 200, 200),
    (lambda b: b.allow_cidr("127.0.0.0/8"), {}, 200, 200),
    (lambda b: b.allow_cidr(), {}, 200, 403),
    (lambda b: b.deny_cidr("127.0.0.0/8"), {}, 200, 403),
    (lambda b: b.allow_ip("127.0.0.1").deny_cidr("127.0.0.1"), {}, 200, 403),
    (lambda b: b.with_localhost_only(), {}, 200, 200),
    (
        lambda b: b.with_trusted_proxies(["127.0.0.1"]).with_localhost_only(),
        {"x-forwarded-for": "203.0.113.1"},
        200,
        403,
    ),
    (lambda b: b.with_allowed_hosts("tools.example"), {"host": "tools.example"}, 421, 200),
    (lambda b: b.with_allowed_hosts("*.example"), {"host": "tools.example:8080"}, 421, 200),
    (
        lambda b: b.with_allowed_origins("https://app.example"),
        {"origin": "https://app.example"},
        403,
        200,
    ),
    (lambda b: b.with_limits(headers=3), {}, 200, 431),
    (lambda b: b.with_limits(header_bytes=100), {}, 200, 431),
    (lambda b: b.with_limits(body_bytes=10), {}, 200, 413),
    (lambda b: b.with_limits(depth=2), {}, 200, 400),
    (lambda b: b.with_limits(elements=2), {}, 200, 400),
]


@pytest.fixture(scope="module")
async def plain() -> AsyncGenerator[ToolServer]:
    async with builder(adding()).build() as running:
        yield running


@pytest.mark.parametrize(("change", "headers", "without", "with_it"), EFFECTS)
async def test_an_option_changes_who_is_let_in(
    plain: ToolServer, change: Change, headers: dict[str, str], without: int, with_it: int
) -> None:
    assert await status(plain, **headers) == without
    async with change(builder(adding())).build() as server:
        assert await status(server, **headers) == with_it


async def test_a_rate_limit_is_text_or_a_value() -> None:
    for limit in ("2/h", RateLimit(0.001, 2)):
        async with builder(adding()).with_rate_limit(limit).build() as server:
            assert [await status(server) for _ in range(3)] == [200, 200, 429]


async def test_a_token_may_have_a_name_scopes_and_an_end() -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    configured = builder(adding()).with_bearer_token(TOKEN, "ann", ["tool:other"], soon)
    async with configured.build() as server, client_of(server, "auto", TOKEN) as client:
        assert (await client.list_tools()).tools == []
    ended = builder(adding()).with_bearer_token(
        TOKEN, expires_at=datetime.now(UTC) - timedelta(seconds=1)
    )
    async with ended.build() as server:
        assert await status(server, TOKEN) == 401


async def test_a_token_without_a_name_gets_one_that_is_free() -> None:
    configured = builder(telling()).with_bearer_token("given-1", "token-2")
    configured.with_bearer_token("other-1").with_bearer_token("other-2")
    configured.with_bearer_token("given-2", "token-1")
    names: list[str] = []
    async with configured.build() as server:
        for secret in ("given-1", "given-2", "other-1", "other-2"):
            async with http_to(server, secret) as http:
                answer = await call(http, "who")
            names.append(answer.json()["result"]["structuredContent"]["result"])
    assert names == ["token-2", "token-1", "token-3", "token-4"]


async def test_a_handler_hears_only_the_kinds_it_asked_for() -> None:
    heard: list[Event] = []
    async with (
        builder(adding()).with_event_handler(heard.append, CallFinished).build() as server,
        http_to(server) as http,
    ):
        await call(http, "add", a=1, b=2)
    assert [type(event) for event in heard] == [CallFinished]


async def test_tokens_in_a_file_count_at_once(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(write_token(Token.of(TOKEN, "ann", ["*"])) + "\n")
    async with builder(adding()).with_token_file(file).build() as server:
        assert (await status(server, TOKEN), await status(server, "x")) == (200, 401)
        file.write_text("")
        with anyio.fail_after(2):
            while await status(server, TOKEN) == 200:
                pass


async def test_web_tokens_are_for_this_server_only() -> None:
    configured = builder(adding()).with_jwt(
        issuer=ISSUER, audience=AUDIENCE, key=KEY, algorithms=["HS256"]
    )
    async with configured.build() as server, http_to(server) as http:
        assert await status(server, signed()) == 200
        assert await status(server, signed(aud="https://other.example/mcp")) == 401
        assert await status(server, signed(iss="https://other.example")) == 401
        for path in ("", "/mcp"):
            about = await http.get(f"/.well-known/oauth-protected-resource{path}")
            assert about.json() == {"resource": AUDIENCE, "authorization_servers": [ISSUER]}
        refused = await http.post("/mcp")
    metadata = "https://tools.example/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{metadata}"' in refused.headers["www-authenticate"]


WELL_KNOWN = "/.well-known/oauth-protected-resource"


@pytest.mark.parametrize(
    ("audience", "url"),
    [
        ("https://x.example", f"https://x.example{WELL_KNOWN}"),
        ("https://x.example/", f"https://x.example{WELL_KNOWN}"),
        ("https://x.example:8443/mcp", f"https://x.example:8443{WELL_KNOWN}/mcp"),
        ("https://x.example/tools/mcp", f"https://x.example{WELL_KNOWN}/tools/mcp"),
        ("https://x.example/tools", f"https://x.example{WELL_KNOWN}/tools"),
        ("https://x.example/tools/", f"https://x.example{WELL_KNOWN}/tools/"),
        (
            "https://x.example/my%20tools/mcp?a=1",
            f"https://x.example{WELL_KNOWN}/my%20tools/mcp?a=1",
        ),
    ],
)
async def test_clients_find_who_issues_tokens_where_the_rfc_has_them_look(
    audience: str, url: str
) -> None:
    configured = builder(adding()).with_jwt(
        issuer=ISSUER, audience=audience, key=KEY, algorithms=["HS256"]
    )
    async with configured.build() as server, http_to(server) as http:
        refused = await http.post("/mcp")
        about = await http.get("/" + url.split("/", 3)[3])
        elsewhere = await http.get(f"{WELL_KNOWN}/elsewhere")
    assert f'resource_metadata="{url}"' in refused.headers["www-authenticate"]
    assert about.json() == {"resource": audience, "authorization_servers": [ISSUER]}
    assert elsewhere.status_code == 401


async def test_below_a_path_of_an_application_its_metadata_is_passed_on_as_it_is() -> None:
    server = (
        builder(adding())
        .with_allowed_hosts("x.example")
        .with_jwt(
            issuer=ISSUER,
            audience="https://x.example/tools/mcp",
            key=KEY,
            algorithms=["HS256"],
        )
        .build()
    )
    inner = server.asgi_app()
    app = Starlette(routes=[Route(f"{WELL_KNOWN}/tools/mcp", inner), Mount("/tools", inner)])
    async with server.lifespan():
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="https://x.example") as http:
            refused = await http.post("/tools/mcp")
            (url,) = re.findall(r'resource_metadata="(.*?)"', refused.headers["www-authenticate"])
            about = await http.get(url)
    assert about.json()["resource"] == "https://x.example/tools/mcp"


async def test_sources_may_stand_side_by_side() -> None:
    configured = builder(adding()).with_protocol("more", adding(), prefix="more")
    async with configured.build() as server, client_of(server, "auto") as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["add", "more_add"]
        result = await client.call_tool("more_add", {"a": 1, "b": 2})
    assert result.structured_content == {"result": 3}


async def test_an_event_handler_hears_and_cannot_do_harm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[Event] = []

    def broken(event: Event) -> None:
        raise RuntimeError

    configured = builder(adding()).with_event_handler(broken).with_event_handler(heard.append)
    async with configured.build() as server:
        assert await status(server) == 200
    assert any(isinstance(event, ServerStarted) for event in heard)
    assert "event handler failed" in caplog.text


async def test_any_loopback_address_needs_no_token() -> None:
    for host in ("127.0.0.1", "127.9.9.9", "localhost", "::1"):
        async with (
            builder(adding()).with_host(host).build() as server,
            httpx2.AsyncClient(trust_env=False) as http,
        ):
            health = server.url.replace("/mcp", "/healthz")
            assert (await http.get(health)).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "", "tools.example"])
def test_any_other_address_needs_a_token(host: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConfigError, match="token"):
        builder(adding()).with_host(host).build()
    with pytest.raises(ConfigError, match="token"):
        builder(adding()).allow_ip("10.0.0.1").with_tls("a", "b").with_host(host).build()
    builder(adding()).with_host(host).allow_insecure().build()
    caplog.clear()
    builder(adding()).with_host(host).with_bearer_token("weak").build()
    assert "easy to guess" in caplog.text
    assert "unencrypted" in caplog.text
    assert "weak" not in caplog.text


WRONG: dict[str, Callable[[MCPServerBuilder], Any]] = {
    "port": lambda b: b.with_port(65_536),
    "negative port": lambda b: b.with_port(-1),
    "address": lambda b: b.allow_ip("10.0.0").build(),
    "network": lambda b: b.allow_cidr("10.0.0.0/33").build(),
    "name for a network": lambda b: b.deny_cidr("localhost").build(),
    "proxy": lambda b: b.with_trusted_proxies(["*"]).build(),
    "proxy header": lambda b: b.with_trusted_proxies([], "x forwarded").build(),
    "host": lambda b: b.with_allowed_hosts("http://tools.example").build(),
    "origin": lambda b: b.with_allowed_origins("tools.example").build(),
    "null origin": lambda b: b.with_allowed_origins("null").build(),
    "rate": lambda b: b.with_rate_limit("often"),
    "unknown limit": lambda b: b.with_limits(bodies=1),
    "limit of nothing": lambda b: b.with_limits(body_bytes=0),
    "negative limit": lambda b: b.with_limits(call_s=-1),
    "limit that is no number": lambda b: b.with_limits(call_s=float("nan")),
    "empty token": lambda b: b.with_bearer_token(""),
    "token with a space": lambda b: b.with_bearer_token("a b"),
    "scope with a quote": lambda b: b.with_bearer_token(TOKEN, scopes=['a"b']),
    "name twice": lambda b: b.with_bearer_token(TOKEN, "ann").with_bearer_token("other", "ann"),
    "token twice": lambda b: b.with_bearer_token(TOKEN).with_bearer_token(TOKEN).build(),
    "web tokens without a key": lambda b: b.with_jwt(issuer=ISSUER, audience=AUDIENCE),
    "token file": lambda b: b.with_token_file("/no/such/file").build(),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_option_is_named_before_the_server_starts(name: str) -> None:
    with pytest.raises(ToolyardError) as refused:
        WRONG[name](builder(adding()))
    assert isinstance(refused.value, ConfigError)
    assert str(refused.value).endswith(".")
    assert TOKEN not in str(refused.value)


def test_a_server_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="with_protocol"):
        MCPServerBuilder("empty").build()


async def test_a_port_in_use_is_named(plain: ToolServer) -> None:
    with pytest.raises(ConfigError, match=rf"port {plain.port}: it is in use"):
        async with builder(adding()).with_port(plain.port).build():
            pass


async def test_an_address_of_another_machine_is_named() -> None:
    elsewhere = builder(adding()).with_host("192.0.2.1").with_bearer_token(TOKEN)
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1 port 0: it is not an address"):
        async with elsewhere.build():
            pass


async def test_answers_are_not_held_back_for_acknowledgements(plain: ToolServer) -> None:
    async with raw(plain):
        assert plain._http is not None
        while not plain._http.server_state.connections:
            await anyio.lowlevel.checkpoint()
        connection = next(iter(plain._http.server_state.connections))
        accepted: socket.socket = connection.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_log_shows_no_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    configured = builder(adding()).with_bearer_token(TOKEN)
    async with configured.build() as server:
        for token in (TOKEN, f"{TOKEN}x", None):
            await status(server, token)
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(server) + repr(configured)
