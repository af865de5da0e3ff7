"""The doctor against ours, the SDK's, and a server with every illness it knows."""

import logging
from collections.abc import Generator, Sequence
from typing import Any

import anyio
import httpx2
import pytest
from mcp.server.mcpserver import MCPServer
from tests.clients.doctor import patient
from tests.clients.doctor.patient import TOKEN
from tests.support.process import free_port

from toolyard import MCPServerBuilder, Toolbox
from toolyard.clients.doctor import access
from toolyard.clients.doctor.endpoint import Answer, Endpoint, Headers
from toolyard.clients.doctor.examine import examine
from toolyard.clients.doctor.finding import Finding
from toolyard.clients.doctor.identity import of_discovery, of_introduction
from toolyard.clients.doctor.reply import Reply, decoded
from toolyard.clients.doctor.tools import demanding
from toolyard.core.errors import ConfigError, NotAdmitted, Unreachable
from toolyard.core.tool import Tool, ToolAnnotations

SECRET = "a-secret-that-is-long-enough-to-be-good"

EVERY_HTTP_CHECK = [
    "modern",
    "caching",
    "list-changed",
    "legacy",
    "tools",
    "caching",
    "same-tools",
    "order",
    "cursor",
    "unknown-tool",
    "arguments",
    "session",
    "session",
    "headers",
    "headers",
    "unknown-method",
    "get",
    "origin",
    "host",
    "no-token",
    "wrong-token",
    "query-token",
    "schema",
    "cost",
]


@pytest.fixture(scope="module")
def hospital() -> Generator[str]:
    with patient.listening(patient.app) as url:
        yield url


async def examined(url: str, token: str | None = TOKEN, **more: Any) -> Sequence[Finding]:
    with anyio.fail_after(10):
        return await examine(url, token=token, **more)


def troubles(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(each.check, each.verdict) for each in findings if each.verdict != "ok"]


def math() -> Toolbox:
    tools = Toolbox()

    @tools.tool(read_only=True)
    def add(a: float, b: float) -> float:
        """Add two numbers.

        Args:
            a: The first.
            b: The second.
        """
        raise AssertionError("the doctor ran a tool")

    del add
    return tools


async def test_ours_is_well_in_every_respect() -> None:
    told: list[Finding] = []
    builder = MCPServerBuilder("math").with_protocol("tools", math()).with_port(0)
    async with builder.with_bearer_token(SECRET).with_drain(0).build() as server:
        findings = await examined(server.url, SECRET, on_finding=told.append)
    assert [finding.check for finding in findings] == EVERY_HTTP_CHECK
    assert troubles(findings) == []
    assert told == list(findings)
    assert SECRET not in str(findings)


async def test_ours_is_well_without_a_token_at_a_loopback_address() -> None:
    builder = MCPServerBuilder("math").with_protocol("tools", math()).with_port(0)
    async with builder.with_drain(0).build() as server:
        findings = await examined(server.url, None)
    without = [check for check in EVERY_HTTP_CHECK if check not in ("wrong-token", "query-token")]
    assert [finding.check for finding in findings] == without
    assert troubles(findings) == []


async def test_the_patient_is_well_without_an_illness(hospital: str) -> None:
    findings = await examined(f"{hospital}/well/mcp")
    assert troubles(findings) == []
    assert [finding.check for finding in findings] == EVERY_HTTP_CHECK


@pytest.mark.parametrize(
    ("illness", "check", "verdict", "words"),
    [
        ("legacy-only", "modern", "warning", "does not speak 2026-07-28"),
        ("modern-only", "legacy", "warning", "handshake"),
        ("nameless", "modern", "warning", "does not say its name"),
        ("talkative", "instructions", "warning", "5000 letters"),
        ("no-caching", "caching", "failure", "ttlMs"),
        ("public", "caching", "warning", "private"),
        ("legacy-only+silent-changes", "list-changed", "warning", "listChanged"),
        ("silent-changes", "list-changed", "warning", "listChanged"),
        ("no-tools", "capabilities", "warning", "does not declare tools"),
        ("empty", "tools", "warning", "no tools"),
        ("endless", "tools", "failure", "for ever"),
        ("hoards", "tools", "failure", "more than 20000 tools"),
        ("malformed-tool", "tools", "failure", "'alpha' is listed with a wrong inputSchema"),
        ("deep", "tools", "failure", "no JSON-RPC message"),
        ("two-faced", "same-tools", "warning", "'beta', 'gamma'"),
        ("modern-only+shuffles", "order", "warning", "another order"),
        ("any-cursor", "cursor", "warning", "-32602"),
        ("cursor-crash", "cursor", "failure", "-32603"),
        ("guesses-tools", "unknown-tool", "failure", "-32602"),
        ("runs", "arguments", "failure", "ran all the same"),
        ("arguments-crash", "arguments", "failure", "-32603"),
        ("arguments-protocol", "arguments", "warning", "isError"),
        ("mute-error", "arguments", "warning", "without a text"),
        ("any-method-header", "headers", "failure", "Mcp-Method"),
        ("any-name-header", "headers", "failure", "Mcp-Name"),
        ("friendly-404", "unknown-method", "failure", "HTTP 200 with error -32601"),
        ("streams", "get", "failure", "405"),
        ("any-origin", "origin", "failure", "403"),
        ("odd-origin", "origin", "warning", "HTTP 400"),
        ("any-host", "host", "failure", "rebinding"),
        ("open", "no-token", "failure", "does not check it"),
        ("open", "wrong-token", "failure", "Any token"),
        ("any-token", "wrong-token", "failure", "Any token"),
        ("mute-challenge", "no-token", "failure", "WWW-Authenticate"),
        ("mute-challenge", "wrong-token", "failure", "WWW-Authenticate"),
        ("odd-challenge", "no-token", "warning", "HTTP 404"),
        ("query-token", "query-token", "failure", "in the URL"),
        ("legacy-only+any-origin", "origin", "failure", "403"),
        ("legacy-only+open", "no-token", "failure", "does not check it"),
        ("legacy-only+query-token", "query-token", "failure", "in the URL"),
        ("moved", "redirect", "warning", "/moved/there"),
    ],
)
async def test_an_illness_is_found(
    hospital: str, illness: str, check: str, verdict: str, words: str
) -> None:
    findings = await examined(f"{hospital}/{illness}/mcp")
    found = [each.text for each in findings if (each.check, each.verdict) == (check, verdict)]
    assert any(words in text for text in found), findings


@pytest.mark.parametrize("era", ["legacy-only", "modern-only"])
async def test_one_era_alone_is_examined_to_the_end(hospital: str, era: str) -> None:
    findings = await examined(f"{hospital}/{era}/mcp")
    assert len(troubles(findings)) == 1
    assert {"cursor", "unknown-tool", "arguments", "origin", "wrong-token", "cost"} <= {
        each.check for each in findings
    }


async def test_what_is_wrong_in_one_era_only_says_in_which(hospital: str) -> None:
    findings = await examined(f"{hospital}/old-guesses/mcp")
    verdicts = {each.text[:15]: each.verdict for each in findings if each.check == "unknown-tool"}
    assert verdicts == {"In 2026-07-28: ": "ok", "In 2025-11-25: ": "failure"}


async def test_a_server_that_asks_to_slow_down_is_asked_again(hospital: str) -> None:
    findings = await examined(f"{hospital}/busy/mcp")
    assert [finding.check for finding in findings] == EVERY_HTTP_CHECK
    assert set(troubles(findings)) == {("session", "warning")}


async def test_a_check_ends_when_its_time_is_over(hospital: str) -> None:
    findings = await examined(f"{hospital}/slow/mcp", timeout_s=0.2)
    slow = {each.check for each in findings if "No answer came within 0.2 s" in each.text}
    assert {"unknown-tool", "arguments"} <= slow


async def test_a_wrong_path_is_told_from_a_server_that_is_away(hospital: str) -> None:
    findings = await examined(f"{hospital}/nothing/here")
    assert troubles(findings) == [("endpoint", "failure")]
    with pytest.raises(Unreachable, match="ConnectError"):
        await examined(f"http://127.0.0.1:{free_port()}/mcp")


@pytest.mark.parametrize("illness", ["well", "open-discovery"])
@pytest.mark.parametrize("token", [None, "wrong"])
async def test_not_being_let_in_ends_the_examination(
    hospital: str, illness: str, token: str | None
) -> None:
    with pytest.raises(NotAdmitted, match="valid token"):
        await examined(f"{hospital}/{illness}/mcp", token)


async def test_a_server_that_is_not_ready_is_unreachable(hospital: str) -> None:
    with pytest.raises(Unreachable, match="HTTP 503"):
        await examined(f"{hospital}/never-ready/mcp")


async def test_a_target_that_is_no_url_is_refused() -> None:
    with pytest.raises(ConfigError):
        await examined("ftp://127.0.0.1/mcp")


async def test_the_sdks_own_server_lacks_what_it_leaves_to_others() -> None:
    server = MCPServer("sdk", log_level="CRITICAL")

    @server.tool()
    def add(a: float, b: float) -> float:
        raise AssertionError("the doctor ran a tool")

    del add
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    with patient.listening(server.streamable_http_app(host="0.0.0.0"), lifespan=True) as url:
        findings = await examined(f"{url}/mcp")
    assert troubles(findings) == [
        ("cursor", "warning"),
        ("unknown-tool", "failure"),
        ("origin", "failure"),
        ("host", "failure"),
        ("no-token", "failure"),
        ("wrong-token", "failure"),
        ("description", "failure"),
        ("annotations", "warning"),
        ("parameters", "warning"),
    ]


class Door:
    """Lets everyone in, or nobody; remembers who came."""

    def __init__(self, status: int = 401) -> None:
        self.status = status
        self.came: list[tuple[Headers, object]] = []

    async def knock(self, headers: Headers, query: dict[str, str] | None = None) -> Answer:
        self.came.append((headers, query))
        return Answer(self.status)


def endpoint(url: str, token: str | None) -> Endpoint:
    return Endpoint(httpx2.AsyncClient(), httpx2.URL(url), token)


async def test_the_token_is_never_put_in_a_url_that_leaves_this_machine() -> None:
    door = Door()
    assert await access.ignores_query(endpoint("https://tools.example", TOKEN), door) is None
    assert door.came == []


async def test_an_open_server_on_the_network_is_warned_of() -> None:
    finding = await access.asks_for_token(endpoint("http://192.0.2.1/mcp", None), Door())
    assert finding.verdict == "warning"
    assert "everyone" in finding.text


async def test_counting_wrong_tokens_is_a_refusal_too() -> None:
    near = endpoint("http://127.0.0.1/mcp", TOKEN)
    finding = await access.checks_token(near, Door(429))
    assert finding is not None
    assert finding.verdict == "ok"


@pytest.mark.parametrize(
    ("url", "token", "verdict"),
    [
        ("http://192.0.2.1/mcp", TOKEN, "warning"),
        ("http://[2001:db8::1]/mcp", TOKEN, "warning"),
        ("http://tools.example/mcp", TOKEN, "warning"),
        ("http://tools.example/mcp", None, None),
        ("http://127.0.0.1/mcp", TOKEN, None),
        ("http://[::1]:8080/mcp", TOKEN, None),
        ("http://localhost/mcp", TOKEN, None),
        ("https://tools.example/mcp", TOKEN, "ok"),
    ],
)
def test_a_token_in_the_clear_is_warned_of(url: str, token: str | None, verdict: str) -> None:
    finding = access.is_encrypted(endpoint(url, token))
    assert (finding and finding.verdict) == verdict


def test_a_finding_is_written_with_its_tool_if_it_has_one() -> None:
    assert Finding("ok", "cost", "Fine.").written() == {
        "verdict": "ok",
        "check": "cost",
        "text": "Fine.",
    }
    assert Finding("failure", "name", "Bad.", "x y").written()["tool"] == "x y"


def test_a_tangled_reply_is_not_parsed() -> None:
    assert decoded('{"a": [' + "[]," * 1_000_000 + "0]}") is None
    assert decoded('{"a": ' + "[" * 200 + "]" * 200 + "}") is None
    assert decoded('{"a": [' + "[]," * 1_000 + "0]}") is not None


ODD: list[object] = [None, 5, "x", [], ["x"], {}, {"x": {}}]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "key", ["supportedVersions", "_meta", "capabilities", "instructions", "ttlMs", "cacheScope"]
)
def test_odd_discoveries_are_read_without_harm(key: str, odd: object) -> None:
    sound = {"supportedVersions": ["2026-07-28"], "ttlMs": 0, "cacheScope": "private"}
    findings = list(of_discovery(Reply({"result": {**sound, key: odd}})))
    assert troubles(findings) != []


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("key", ["protocolVersion", "serverInfo"])
def test_odd_introductions_are_read_without_harm(key: str, odd: object) -> None:
    sound = {"protocolVersion": "2025-11-25", "serverInfo": {"name": "odd"}}
    assert troubles(list(of_introduction(Reply({"result": {**sound, key: odd}})))) != []


def offered(
    name: str, *required: str, read_only: bool | None = None, destructive: bool | None = None
) -> Tool:
    hints = ToolAnnotations(read_only=read_only, destructive=destructive)
    return Tool(name, "", {"type": "object", "required": list(required)}, annotations=hints)


def test_a_tool_is_only_called_without_arguments_it_cannot_do_without() -> None:
    odd = Tool("odd", "", {"type": "object", "required": "everything"})
    assert demanding([offered("restart"), offered("read", read_only=True), odd]) is None


def test_the_most_harmless_tool_is_chosen_to_be_called_wrongly() -> None:
    tools = [
        offered("delete", "path", destructive=True),
        offered("unknown", "path"),
        offered("add", "path", destructive=False),
        offered("read", "path", read_only=True),
    ]
    while tools:
        assert demanding(tools) == tools.pop()


async def test_no_tool_is_called_if_none_requires_anything() -> None:
    tools = Toolbox()

    @tools.tool
    def restart() -> str:
        """Restart everything."""
        raise AssertionError("the doctor ran a tool")

    del restart
    builder = MCPServerBuilder("rash").with_protocol("tools", tools).with_port(0)
    async with builder.with_drain(0).build() as server:
        findings = await examined(server.url, None)
    assert "arguments" not in [finding.check for finding in findings]
    assert troubles(findings) == [("annotations", "warning")]
