"""The order in which requests are refused, seen from the network."""

import json
import re
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import Any

import anyio
import httpx2
import pytest
from tests.servers.harness import (
    ACCEPT,
    INITIALIZE,
    TOKEN,
    ask,
    builder,
    call,
    head,
    headers_of,
    http_to,
    legacy,
    messages,
    open_session,
    raw,
    request,
    status_of,
)

from toolyard.core.context import CallContext, Caller, Event
from toolyard.core.inputs import elicit
from toolyard.core.toolbox import Toolbox
from toolyard.events.types import RequestRefused, ServerStopping
from toolyard.servers.builder import MCPServerBuilder
from toolyard.servers.tool_server import ToolServer

RESTRICTED, METRICS, EXPIRED = (f"{word}-{TOKEN}" for word in ("adder", "metrics", "expired"))

calls: list[Caller] = []
"""Who called `add` or `bash`."""


def adding() -> Toolbox:
    calls.clear()
    tools = Toolbox()

    @tools.tool
    async def add(a: float, b: float, context: CallContext) -> float:
        """Add two numbers."""
        calls.append(context.caller)
        return a + b

    @tools.tool
    async def bash(context: CallContext) -> str:
        """Do anything."""
        calls.append(context.caller)
        return "done"

    assert add
    assert bash
    return tools


def guarded() -> MCPServerBuilder:
    return (
        builder(adding())
        .with_bearer_token(TOKEN, "admin")
        .with_bearer_token(RESTRICTED, "adder", ["tool:add", "tool:gone"])
        .with_bearer_token(METRICS, "prometheus", ["metrics"])
        .with_bearer_token(EXPIRED, "old", expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    )


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[ToolServer]:
    async with guarded().build() as running:
        yield running


ORDER: list[tuple[int, str, Callable[[MCPServerBuilder], Any], dict[str, str], str]] = [
    (403, "address", lambda b: b.allow_cidr("10.0.0.0/8"), {"host": "evil"}, "wrong"),
    (421, "host", lambda b: b, {"host": "evil.example", "origin": "http://evil.example"}, "wrong"),
    (403, "origin", lambda b: b, {"origin": "http://evil.example"}, "wrong"),
    (403, "origin", lambda b: b, {"origin": "null"}, TOKEN),
    (401, "token", lambda b: b.with_rate_limit("1/h"), {}, "wrong"),
    (429, "rate", lambda b: b.with_rate_limit("1/h").with_limits(body_bytes=10), {}, TOKEN),
    (413, "size", lambda b: b.with_limits(body_bytes=10, elements=1), {}, RESTRICTED),
    (400, "depth", lambda b: b.with_limits(depth=2), {}, RESTRICTED),
    (400, "depth", lambda b: b.with_limits(elements=3), {}, RESTRICTED),
    (403, "scope", lambda b: b, {}, RESTRICTED),
]


@pytest.mark.parametrize(("status", "reason", "change", "headers", "token"), ORDER)
async def test_the_first_thing_wrong_decides_the_answer(
    status: int,
    reason: str,
    change: Callable[[MCPServerBuilder], Any],
    headers: dict[str, str],
    token: str,
) -> None:
    heard: list[Event] = []
    configured = guarded().with_event_handler(heard.append)
    change(configured)
    async with configured.build() as server, http_to(server, token) as http:
        if reason == "rate":
            await http.get("/nothing")
        answer = await ask(http, "tools/call", {"name": "bash"}, headers=headers)

    assert answer.status_code == status
    assert answer.json()["error"]["data"] == {"reason": reason}
    assert calls == []
    refusals = [event for event in heard if isinstance(event, RequestRefused)]
    assert [(refusal.reason, refusal.status) for refusal in refusals] == [(reason, status)]
    assert (refusals[0].path, refusals[0].address) == ("/mcp", "127.0.0.1")
    assert "wrong" not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        (None, 'Bearer realm="toolyard"'),
        ("", 'Bearer realm="toolyard"'),
        ("Basic dTpw", 'Bearer realm="toolyard"'),
        (TOKEN, 'Bearer realm="toolyard"'),
        ("Bearer wrong", 'Bearer realm="toolyard", error="invalid_token"'),
        (f"Bearer {EXPIRED}", 'Bearer realm="toolyard", error="invalid_token"'),
        (f"Bearer {TOKEN}x", 'Bearer realm="toolyard", error="invalid_token"'),
        (f"Bearer {TOKEN[:-1]}", 'Bearer realm="toolyard", error="invalid_token"'),
        (f"Bearer {TOKEN} {TOKEN}", 'Bearer realm="toolyard", error="invalid_token"'),
        (f"Bearer {TOKEN}, Bearer {TOKEN}", 'Bearer realm="toolyard", error="invalid_token"'),
        ("Bearer \x80\xff", 'Bearer realm="toolyard", error="invalid_token"'),
    ],
)
async def test_a_challenge_names_an_error_only_if_there_were_credentials(
    server: ToolServer, authorization: str | None, challenge: str
) -> None:
    headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
    async with http_to(server) as http:
        answer = await http.post("/mcp", content="{}", headers=headers)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, challenge)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("second", [f"Bearer {TOKEN}", "Bearer wrong", "Basic x", ""])
async def test_two_authorizations_are_refused(server: ToolServer, second: str) -> None:
    fields = (f"Authorization: Bearer {TOKEN}", f"Authorization: {second}")
    async with raw(server) as stream:
        await stream.send(head("GET", "/metrics", *fields))
        assert await status_of(stream) == 400


async def test_a_token_counts_nowhere_but_in_its_header(server: ToolServer) -> None:
    body = {**request("tools/call", {"name": "bash"}), "token": TOKEN, "access_token": TOKEN}
    elsewhere = {"cookie": f"token={TOKEN}; Authorization=Bearer {TOKEN}", "x-api-key": TOKEN}
    form = {"content-type": "application/x-www-form-urlencoded"}
    calls.clear()
    async with http_to(server) as http:
        query = f"?access_token={TOKEN}&token={TOKEN}"
        answers = [
            await http.post(f"/mcp{query}", json=body, headers={**headers_of(body), **elsewhere}),
            await http.post(f"/mcp/{TOKEN}", json=body, headers=headers_of(body)),
            await http.post("/mcp", content=f"access_token={TOKEN}", headers=form),
        ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert not any(TOKEN in answer.text for answer in answers)
    assert calls == []


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
SPELLINGS = [
    *("/mcp", "/mcp/", "//mcp", "/MCP", "/./mcp", "/healthz/../mcp", "/mcp/healthz"),
    *("/healthz/mcp", "/%6dcp", "/mcp%2f", "/mcp%00", "/mcp;/healthz", "/mcp?/healthz", "/\\mcp"),
    *("/mcp#/healthz", "/healthz%2f..%2fmcp", "/readyz/%2e%2e/mcp", "/metrics", "/", "/mcp%3f"),
    *("/.well-known/oauth-protected-resource/../mcp", "/%2e/mcp", "/healthz;x/mcp"),
]


@pytest.mark.parametrize("method", METHODS)
async def test_no_spelling_of_a_path_leads_past_the_token(server: ToolServer, method: str) -> None:
    body = request("tools/call", {"name": "bash", "arguments": {}})
    whole = json.dumps(body)
    fields = [f"{name}: {value}" for name, value in headers_of(body).items()]
    calls.clear()
    for path in SPELLINGS:
        async with raw(server) as stream:
            wish = head(method, path, *fields, f"Content-Length: {len(whole)}")
            await stream.send(wish + whole.encode())
            assert await status_of(stream) in (400, 401, 404), (method, path)
    assert calls == []


async def test_only_health_needs_no_token(server: ToolServer) -> None:
    statuses: dict[str, list[int]] = {}
    everyone = (None, RESTRICTED, METRICS, TOKEN)
    for path in ("/healthz", "/readyz", "/metrics", "/mcp", "/nothing"):
        statuses[path] = []
        for token in everyone:
            async with http_to(server, token) as http:
                statuses[path].append((await http.get(path)).status_code)
    async with http_to(server, RESTRICTED) as http:
        refused = await http.get("/metrics")

    assert statuses == {
        "/healthz": [200, 200, 200, 200],
        "/readyz": [200, 200, 200, 200],
        "/metrics": [401, 403, 200, 200],
        "/mcp": [401, 400, 400, 400],
        "/nothing": [401, 404, 404, 404],
    }
    assert refused.headers["www-authenticate"] == (
        'Bearer realm="toolyard", error="insufficient_scope", scope="metrics"'
    )


@pytest.mark.parametrize("name", ["bash", "no_such_tool", "x" * 60, "../add", 'a"b', "é"])
async def test_a_hidden_tool_is_refused_just_like_one_that_is_not_there(
    server: ToolServer, name: str
) -> None:
    calls.clear()
    body = request("tools/call", {"name": name})
    headers = {**headers_of(body), "mcp-name": "add"}
    async with http_to(server, RESTRICTED) as http:
        answer = await http.post("/mcp", content=json.dumps(body), headers=headers)

    assert answer.status_code == 403
    scope = f', scope="tool:{name}"' if re.fullmatch(r"[\w./]+", name, re.ASCII) else ""
    challenge = f'Bearer realm="toolyard", error="insufficient_scope"{scope}'
    assert answer.headers["www-authenticate"] == challenge
    assert not re.search("unknown|exist|found", answer.text, re.IGNORECASE)
    assert calls == []


async def test_the_body_decides_what_is_called(server: ToolServer) -> None:
    calls.clear()
    async with http_to(server, RESTRICTED) as http:
        lies = {"mcp-name": "bash", "mcp-method": "tools/list"}
        arguments = {"name": "add", "arguments": {"a": 1, "b": 2}}
        for header, lie in lies.items():
            answer = await ask(http, "tools/call", arguments, headers={header: lie})
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32020)
        told_add = await ask(http, "tools/call", {"name": "bash"}, headers={"mcp-name": "add"})
        assert told_add.status_code == 403
        assert calls == []
        assert (await ask(http, "tools/call", arguments)).status_code == 200

    assert [caller.name for caller in calls] == ["adder"]


@pytest.mark.parametrize(
    "body",
    [
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","name":"bash"}}',
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"bash","name":"add"}}',
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"bash"},"params":{"name":"add"}}',
        '{"jsonrpc":"2.0","id":1,"method":"tools\\/call","params":{"name":"\\u0062ash"}}',
        '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"bash"}}',
        '[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"bash"}}]',
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[{"name":"bash"}]}',
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["bash"]}}',
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":null,"uri":"bash"}}',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig", "utf-32"])
async def test_no_wording_of_a_request_hides_what_it_calls(
    server: ToolServer, body: str, encoding: str
) -> None:
    calls.clear()
    async with http_to(server, RESTRICTED) as http:
        session = await open_session(http)
        modern = {**ACCEPT, "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call"}
        for headers in (session, {**modern, "mcp-name": "add"}, {**modern, "mcp-name": "bash"}):
            answer = await http.post("/mcp", content=body.encode(encoding), headers=headers)
            assert answer.status_code < 500
            if answer.status_code == 200:
                assert "error" in messages(answer)[-1] or messages(answer)[-1]["result"]["isError"]
    assert calls == []


async def test_a_server_that_stops_refuses_what_is_new() -> None:
    release, heard, stopping = anyio.Event(), anyio.Event(), anyio.Event()
    tools = Toolbox()

    def hear(event: Event) -> None:
        if isinstance(event, ServerStopping):
            stopping.set()

    @tools.tool
    async def wait() -> str:
        """Wait."""
        heard.set()
        await release.wait()
        return "done"

    assert wait
    async with (
        builder(tools).with_event_handler(hear).build() as server,
        http_to(server) as http,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(call, http, "wait")
        await heard.wait()
        await http.get("/healthz")  # a second connection, which is open when the server stops
        tasks.start_soon(server.stop)
        await stopping.wait()
        refused = await http.post("/mcp", content="{}")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["error"]["data"] == {"reason": "draining"}
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 503
        release.set()


async def test_a_stopping_server_still_takes_answers_and_the_end_of_sessions() -> None:
    tools, stopping = Toolbox(), anyio.Event()

    def hear(event: Event) -> None:
        if isinstance(event, ServerStopping):
            stopping.set()

    @tools.tool
    async def ask_name(context: CallContext) -> str:
        """Ask for a name."""
        schema = {"type": "object", "properties": {"name": {"type": "string"}}}
        answer = await context.ask("name", elicit("Your name?", schema))
        return answer["content"]["name"]

    assert ask_name
    can: dict[str, Any] = {**INITIALIZE, "capabilities": {"elicitation": {}}}
    configured = builder(tools).with_event_handler(hear).with_drain(20)
    async with configured.build() as server, http_to(server) as http:
        session = await open_session(http, can)
        body = legacy("tools/call", {"name": "ask_name", "arguments": {}}, number=7)
        async with http.stream("POST", "/mcp", content=body, headers=session) as stream:
            lines = (line async for line in stream.aiter_lines() if line.startswith("data: {"))
            question = json.loads((await anext(lines))[6:])
            await http.get("/healthz")  # a connection that is open when the server stops
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(server.stop)
                await stopping.wait()
                given = {"action": "accept", "content": {"name": "Ann"}}
                answer = {"jsonrpc": "2.0", "id": question["id"], "result": given}
                taken = await http.post("/mcp", json=answer, headers=session)
                assert taken.status_code == 202
                with anyio.fail_after(5):
                    result = json.loads((await anext(lines))[6:])["result"]
                assert result["structuredContent"] == {"result": "Ann"}
                assert (await http.delete("/mcp", headers=session)).status_code == 200


async def test_a_stream_cannot_be_taken_up_where_it_broke_off(server: ToolServer) -> None:
    async with http_to(server, TOKEN) as http:
        session = {**await open_session(http), "accept": "text/event-stream"}
        resumed = {**session, "last-event-id": "5"}
        async with http.stream("GET", "/mcp", headers=resumed) as stream:
            assert stream.status_code == 200


@pytest.mark.parametrize(
    ("reached_at", "insecure", "token", "status"),
    [
        ("127.0.0.1", False, False, 200),
        ("::1", False, False, 200),
        ("/run/tools.sock", False, False, 200),
        ("192.168.1.5", False, False, 403),
        ("::ffff:192.168.1.5", False, False, 403),
        ("2001:db8::5", False, False, 403),
        ("192.168.1.5", True, False, 200),
        ("192.168.1.5", False, True, 200),
    ],
)
async def test_mounted_without_a_token_it_serves_its_own_machine_only(
    reached_at: str, insecure: bool, token: bool, status: int
) -> None:
    """Whoever runs the application it is mounted in decides where that listens."""
    configured = builder(Toolbox()).with_allowed_hosts("tools.example")
    if insecure:
        configured.allow_insecure()
    if token:
        configured.with_bearer_token(TOKEN)
    server = configured.build()
    app: Any = server.asgi_app()

    async def reached(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "server": (reached_at, 80)}, receive, send)

    transport = httpx2.ASGITransport(app=reached, client=("203.0.113.9", 1))
    headers = {"authorization": f"Bearer {TOKEN}"} if token else {}
    async with (
        server.lifespan(),
        httpx2.AsyncClient(
            transport=transport, base_url="http://tools.example", headers=headers
        ) as http,
    ):
        assert (await ask(http, "tools/list")).status_code == status


PROXY = "127.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "header", "sent", "seen"),
    [
        ([], "x-forwarded-for", "203.0.113.9", "127.0.0.1"),
        (["10.0.0.1"], "x-forwarded-for", "203.0.113.9", "127.0.0.1"),
        ([PROXY], "x-forwarded-for", "203.0.113.9", "203.0.113.9"),
        ([PROXY], "x-forwarded-for", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ([PROXY], "x-forwarded-for", "203.0.113.9, 127.0.0.1", "203.0.113.9"),
        ([PROXY], "x-forwarded-for", "::ffff:203.0.113.9", "203.0.113.9"),
        ([PROXY], "forwarded", 'for="[2001:db8::1]:99";proto=https', "2001:db8::1"),
        ([PROXY], "x-real-ip", "203.0.113.9", "203.0.113.9"),
        ([PROXY], "x-forwarded-for", "garbage", None),
        ([PROXY], "x-forwarded-for", "203.0.113.9, garbage", None),
        ([PROXY], "x-forwarded-for", "192.0.2.1", None),
    ],
)
async def test_the_address_comes_from_trusted_proxies_only(
    proxies: list[str], header: str, sent: str, seen: str | None
) -> None:
    configured = builder(adding()).with_trusted_proxies(proxies, header).deny_cidr("192.0.2.0/24")
    async with configured.build() as server, http_to(server) as http:
        others = dict.fromkeys(("x-forwarded-for", "forwarded", "x-real-ip"), "8.8.8.8")
        answer = await ask(
            http,
            "tools/call",
            {"name": "add", "arguments": {"a": 1, "b": 2}},
            headers={**others, "x-client-ip": "8.8.8.8", header: sent},
        )

    if seen is None:
        assert (answer.status_code, calls) == (403, [])
    else:
        assert (answer.status_code, [caller.address for caller in calls]) == (200, [seen])


async def test_the_rate_is_counted_for_each_caller() -> None:
    async with (
        guarded().with_rate_limit("2/h").build() as server,
        http_to(server, TOKEN) as admin,
        http_to(server, RESTRICTED) as adder,
    ):
        statuses = [(await admin.get("/nothing")).status_code for _ in range(3)]
        assert statuses == [404, 404, 429]
        assert (await adder.get("/nothing")).status_code == 404
        assert int((await admin.get("/nothing")).headers["retry-after"]) > 60
        assert (await admin.get("/healthz")).status_code == 200


async def test_wrong_tokens_slow_down_only_who_sends_them() -> None:
    async with guarded().build() as server, http_to(server, "wrong") as guesser:
        statuses = [(await guesser.get("/mcp")).status_code for _ in range(25)]
        async with http_to(server, TOKEN) as admin:
            assert (await admin.get("/nothing")).status_code == 404
    assert statuses == [401] * 20 + [429] * 5
