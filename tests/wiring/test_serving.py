"""Settings to a server: every option has its effect on what clients see."""

import datetime
import json
import ssl
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import anyio
import httpx2
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.process import free_port
from tests.support.proxy import bearer_proxy

from toolyard.clients.mcp_client import MCPClient
from toolyard.config.loading import load
from toolyard.config.settings import Settings
from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError
from toolyard.core.tool import ToolCall
from toolyard.servers.limits import Limits
from toolyard.servers.tool_server import ToolServer
from toolyard.wiring.serving import server_of
from toolyard.wiring.tokens import new_token

CALCULATOR = {"calculator": {"kind": "calculator"}}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream"}
SECRET = "s3cret-of-more-than-32-letters-0123456789"
STRONG = f"{SECRET}-and-more"


@asynccontextmanager
async def served(**options: Any) -> AsyncGenerator[ToolServer]:
    """A running server that `options` describe; the calculator on a free port if not said."""
    settings = load(None, {"tools": CALCULATOR, "port": 0, **options})
    with anyio.fail_after(20):
        async with server_of(settings) as server:
            yield server


async def status(
    server: ToolServer,
    headers: Mapping[str, str] | None = None,
    *,
    token: str | None = None,
    body: bytes | None = None,
) -> int:
    """How `initialize` is answered."""
    bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.post(
            server.url,
            content=body or json.dumps(INITIALIZE).encode(),
            headers={**ACCEPT, "Content-Type": "application/json", **bearer, **(headers or {})},
        )
    return answer.status_code


async def test_without_options_it_serves_this_machine_without_a_token() -> None:
    async with served() as server:
        assert server.url == f"http://127.0.0.1:{server.port}/mcp"
        assert await status(server) == 200


async def test_host_and_port_are_where_it_listens() -> None:
    port = free_port()
    async with served(host="127.0.0.2", port=port) as server:
        assert server.url == f"http://127.0.0.2:{port}/mcp"
        assert await status(server) == 200


async def test_name_and_instructions_are_told_to_clients() -> None:
    async with (
        served(name="sums", instructions="Use me.") as server,
        MCPClient(server.url) as client,
    ):
        assert client.sdk.server_info is not None
        assert client.sdk.server_info.name == "sums"
        assert client.sdk.instructions == "Use me."


async def test_each_of_several_tokens_lets_in_and_nothing_else_does() -> None:
    async with served(token=[SECRET, f"{SECRET}-2"]) as server:
        assert await status(server) == 401
        assert await status(server, token="wrong") == 401
        assert await status(server, token=SECRET) == 200
        assert await status(server, token=f"{SECRET}-2") == 200


async def test_a_named_token_has_its_secret_scopes_and_expiry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAPTOP", SECRET)
    now = datetime.datetime.now(datetime.UTC)
    hour = datetime.timedelta(hours=1)
    tokens = [
        {"name": "laptop", "env": "LAPTOP", "scopes": ["tool:other"]},
        {"name": "late", "secret": f"{SECRET}-late", "expires_at": now - hour},
        {"name": "soon", "secret": f"{SECRET}-soon", "expires_at": now + hour},
    ]
    async with served(tokens=tokens) as server:
        assert await status(server, token=f"{SECRET}-late") == 401
        async with MCPClient(server.url, token=SECRET) as narrow:
            assert await narrow.list_tools(CallContext()) == ()
        async with MCPClient(server.url, token=f"{SECRET}-soon") as wide:
            assert len(await wide.list_tools(CallContext())) == 1


def test_a_token_whose_variable_is_not_set_is_a_sentence() -> None:
    settings = load(None, {"tools": CALCULATOR, "tokens": [{"name": "laptop", "env": "NOT_SET"}]})
    with pytest.raises(ConfigError, match="Set NOT_SET in the environment to the token 'laptop'"):
        server_of(settings)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (SECRET, "`openssl rand -base64 32`"),
        (f"{STRONG},{STRONG}", "Two state keys are the same"),
        (" , ", "TOOLYARD_STATE_KEY in the environment: list should have at least 1 item"),
    ],
)
def test_a_state_key_that_is_none_is_refused(
    given: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLYARD_STATE_KEY", given)
    with pytest.raises(ConfigError, match=said) as refused:
        server_of(load(None, {"tools": CALCULATOR}))
    assert given not in str(refused.value)


async def test_a_line_of_token_new_in_the_token_file_lets_in(tmp_path: Path) -> None:
    secret, line = new_token("laptop", ["*"])
    file = tmp_path / "tokens.jsonl"
    file.write_text(f"{line}\n")
    file.chmod(0o600)
    async with served(token_file=file) as server:
        assert await status(server) == 401
        assert await status(server, token=secret) == 200


async def test_a_web_token_of_the_issuer_for_the_audience_lets_in() -> None:
    options = {"issuer": "https://i", "audience": "https://a", "key": SECRET}
    claims = {"iss": "https://i", "aud": "https://a", "sub": "x", "exp": int(time.time()) + 60}
    async with served(jwt={**options, "algorithms": ["HS256"]}) as server:
        assert await status(server, token=jwt.encode(claims, SECRET)) == 200
        assert await status(server, token=jwt.encode({**claims, "aud": "b"}, SECRET)) == 401
        assert await status(server, token=jwt.encode({**claims, "iss": "b"}, SECRET)) == 401
        assert await status(server, token=jwt.encode(claims, SECRET[::-1])) == 401


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"allow": ["127.0.0.0/8"]}, 200),
        ({"allow": ["10.0.0.0/8"]}, 403),
        ({"allow": []}, 403),
        ({"deny": ["127.0.0.1"]}, 403),
        ({"allow": ["127.0.0.1"], "deny": ["127.0.0.0/8"]}, 403),
        ({"deny": ["10.0.0.0/8"]}, 200),
    ],
)
async def test_addresses_are_allowed_and_denied(options: Mapping[str, Any], expected: int) -> None:
    async with served(**options) as server:
        assert await status(server) == expected


async def test_a_trusted_proxy_says_whose_request_it_is_in_its_header() -> None:
    allowed, other = "10.0.0.1", "192.0.2.1"
    options = {"allow": [allowed], "trust_proxy": ["127.0.0.1"]}
    async with served(**options) as server:
        assert await status(server, {"X-Forwarded-For": allowed}) == 200
        assert await status(server, {"X-Forwarded-For": other}) == 403
    async with served(**options, proxy_header="x-real-ip") as server:
        assert await status(server, {"X-Real-IP": allowed}) == 200
        assert await status(server, {"X-Forwarded-For": allowed}) == 403
    async with served(allow=[allowed]) as server:
        assert await status(server, {"X-Forwarded-For": allowed}) == 403


async def test_other_names_and_origins_are_let_in_only_where_they_are_listed() -> None:
    host, origin = {"Host": "tools.example.com"}, {"Origin": "https://app.example.com"}
    async with served() as server:
        assert await status(server, host) == 421
        assert await status(server, origin) == 403
    async with served(
        allowed_hosts=["tools.example.com"], allowed_origins=["https://app.example.com"]
    ) as server:
        assert await status(server, host) == 200
        assert await status(server, origin) == 200


async def test_a_rate_is_kept_to() -> None:
    async with served(rate="60/h burst 2") as server:
        assert [await status(server) for _ in range(3)] == [200, 200, 429]


def test_others_are_served_without_a_token_only_if_that_is_meant() -> None:
    open_to_all = {"tools": CALCULATOR, "host": "0.0.0.0"}
    with pytest.raises(ConfigError, match="--insecure"):
        server_of(load(None, open_to_all))
    server_of(load(None, {**open_to_all, "insecure": True}))
    server_of(load(None, {**open_to_all, "token": [SECRET]}))


async def test_a_limit_is_kept_to() -> None:
    async with served(limits={"body_bytes": 100}) as server:
        assert await status(server) == 413


def test_every_limit_reaches_the_server_in_its_own_type() -> None:
    limits = {field.name: 7 for field in fields(Limits)}
    text = {name: str(value) for name, value in limits.items()}
    given = server_of(load(None, {"tools": CALCULATOR, "limits": text}))._plan.limits
    assert asdict(given) == limits
    assert type(given.sessions) is int


def test_the_time_to_drain_reaches_the_server() -> None:
    assert server_of(load(None, {"tools": CALCULATOR, "drain_s": 0}))._plan.drain_s == 0


@pytest.mark.parametrize("stateless", [True, False])
async def test_a_server_may_keep_no_sessions(stateless: bool) -> None:
    async with (
        served(stateless=stateless) as server,
        httpx2.AsyncClient(headers=ACCEPT) as http,
    ):
        opened = await http.post(server.url, json=INITIALIZE)
    assert ("mcp-session-id" in opened.headers) != stateless


@pytest.mark.parametrize("is_open", [True, False])
def test_the_fast_lane_can_be_switched_off(is_open: bool) -> None:
    server = server_of(load(None, {"tools": CALCULATOR, "fast_lane": is_open}))
    assert (server.lane is not None) == is_open


async def test_tools_have_their_prefix_and_may_be_left_out() -> None:
    tools = {
        "a": {"kind": "calculator", "prefix": "math"},
        "b": {"kind": "calculator"},
        "c": {"kind": "calculator", "enabled": False},
    }
    async with served(tools=tools) as server, MCPClient(server.url) as client:
        names = [tool.name for tool in await client.list_tools(CallContext())]
    assert names == ["math_calculator", "calculator"]


@pytest.mark.parametrize("tools", [{}, {"a": {"kind": "calculator", "enabled": False}}])
def test_serving_nothing_is_refused(tools: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigError, match="nothing to serve: name a KIND"):
        server_of(load(None, {"tools": tools}))


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, str]:
    """A certificate for 127.0.0.1 and its key, which has a password."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    format = serialization.PrivateFormat.PKCS8
    locked = serialization.BestAvailableEncryption(b"pass")
    (tmp_path / "server.pem").write_bytes(signed.public_bytes(pem))
    (tmp_path / "server.key").write_bytes(key.private_bytes(pem, format, locked))
    return {"certfile": str(tmp_path / "server.pem"), "keyfile": str(tmp_path / "server.key")}


async def test_a_certificate_makes_it_https(certificate: dict[str, str]) -> None:
    async with served(host="localhost", tls={**certificate, "password": "pass"}) as server:
        assert server.url == f"https://localhost:{server.port}/mcp"
        trusting = ssl.create_default_context(cafile=certificate["certfile"])
        async with httpx2.AsyncClient(trust_env=False, verify=trusting) as http:
            answer = await http.get(server.url.replace("/mcp", "/healthz"))
        assert answer.status_code == 200


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"keyfile": "no/such.key"}])
async def test_a_certificate_that_cannot_be_used_is_a_sentence(
    certificate: dict[str, str], change: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match=r"TLS") as refused:
        async with served(tls={**certificate, **change}):
            pass
    assert "wrong" not in str(refused.value)


async def test_a_configured_remote_server_is_served_onward_with_its_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BEHIND", SECRET)
    async with served(token=[SECRET]) as behind:
        remote = {"url": behind.url, "token_env": "BEHIND", "prefix": "far"}
        async with served(tools={"far": remote}) as front, MCPClient(front.url) as client:
            (tool,) = await client.list_tools(CallContext())
        assert tool.name == "far_calculator"
        async with served(tools={"far": {"url": behind.url}}) as front:
            health = front.registry.health()["far"]
        assert health["state"] == "unreachable"
        assert "We were not let in" in health["last_error"]


MUCH = """
from toolyard import tool

@tool
def much() -> list[int]:
    "Give much."
    return list(range(1_000))
"""


async def test_large_results_are_cut_where_that_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MUCH)
    own = {"kind": str(file), "cut_results": True}
    async with (
        served(tools={"mine": own}, results={"max_bytes": 2_000}) as server,
        MCPClient(server.url) as client,
    ):
        listed = [tool.name for tool in await client.list_tools(CallContext())]
        result = await client.call_tool(ToolCall("much"), CallContext())
        handle = result.text.partition('handle "')[2].partition('"')[0]
        way = {"handle": handle, "jq": ".result | length"}
        read = await client.call_tool(ToolCall("result_read", way), CallContext())
    assert listed == ["much", "result_read"]
    assert len(result.text) < 2_000
    assert read.text == "1000"


async def test_results_are_left_whole_unless_the_kind_or_a_setting_says_otherwise(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MUCH)
    async with (
        served(tools={"mine": {"kind": str(file)}}, results={"max_bytes": 100}) as server,
        MCPClient(server.url) as client,
    ):
        assert [tool.name for tool in await client.list_tools(CallContext())] == ["much"]
        result = await client.call_tool(ToolCall("much"), CallContext())
    assert len(result.structured["result"]) == 1_000


async def test_a_callers_token_is_never_sent_onward() -> None:
    """The proxy adds a token to each request; with a second one the server would refuse it."""
    ours = "a-token-for-the-front-0123456789abcdef"
    async with served(token=[SECRET]) as behind, bearer_proxy(behind.port, SECRET) as port:
        tools = {"far": {"url": f"http://127.0.0.1:{port}/mcp"}}
        async with (
            served(token=[ours], tools=tools) as front,
            MCPClient(front.url, token=ours) as client,
        ):
            call = ToolCall("calculator", {"expression": "1+1"})
            assert (await client.call_tool(call, CallContext())).structured == {"result": 2}


def test_no_setting_is_without_a_test_here() -> None:
    """A new option needs its effect shown above.

    Those of `stdio` are in the command line's tests, of `control` in `test_yard.py`, of `watch` in
    `test_reloading.py`, of `workers` and `state_key` in `test_workers.py`, and of `mcp_servers` in
    `test_imports.py`.
    """
    assert set(Settings.model_fields) == {
        "name", "host", "port", "workers", "stdio", "token", "tokens", "token_file", "jwt",
        "allow", "deny",
        "trust_proxy", "proxy_header", "allowed_hosts", "allowed_origins", "rate", "insecure",
        "instructions", "drain_s", "limits", "results", "tls", "tools", "control", "watch",
        "mcp_servers", "fast_lane", "stateless", "state_key",
    }  # fmt: skip
