"""No object that holds a secret shows it, in a debugger, a log or a traceback."""

import json
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.support.leaks import Secrets
from tests.support.process import free_port

from toolyard.clients.mcp_client import MCPClient
from toolyard.clients.targets import HttpServer, StdioServer
from toolyard.config.settings import Settings
from toolyard.core.errors import ToolyardError
from toolyard.core.toolbox import Toolbox
from toolyard.security.jwt import JwtVerifier
from toolyard.security.token_file import TokenFile
from toolyard.security.token_lines import write_token
from toolyard.security.tokens import Token, TokenSet
from toolyard.servers.builder import MCPServerBuilder
from toolyard.servers.workers.messages import Membership

SECRET = "h3Vq9-of-nobody-at-all-Zt5Xk2Lr8Wd0Jm-Qb7Yc1Nf4"
HASHED = Token.of(SECRET, "someone", ["*"]).digest
URL = "http://127.0.0.1:1/mcp"
COMMAND = ("program", "--token", SECRET)
ISSUED = {"issuer": "https://issuer.example", "audience": "tools", "algorithms": ["HS256"]}


def builder() -> MCPServerBuilder:
    made = MCPServerBuilder("guarded").with_protocol("tools", Toolbox())
    made.with_protocol("remote", client()).with_bearer_token(SECRET)
    made.with_jwt(
        issuer="https://issuer.example", audience="tools", key=SECRET, algorithms=["HS256"]
    )
    return made.with_tls("cert.pem", "key.pem", SECRET).with_state_key(SECRET)


def client() -> MCPClient:
    return MCPClient(URL, token=SECRET, headers={"X-Key": SECRET})


def settings() -> Settings:
    remote = {"url": f"http://host/?key={SECRET}", "token": SECRET, "headers": {"A": SECRET}}
    return Settings.model_validate(
        {
            "token": [SECRET],
            "state_key": [SECRET],
            "tokens": [{"secret": SECRET}],
            "jwt": {**ISSUED, "key": SECRET},
            "tls": {"certfile": "a", "keyfile": "b", "password": SECRET},
            "tools": {
                "remote": remote,
                "local": {"command": COMMAND, "env": {"KEY": SECRET}},
                "built": {"kind": "calculator", "options": {"key": SECRET}},
            },
        }
    )


HOLDERS: Mapping[str, Callable[[], object]] = {
    "builder": builder,
    "server": lambda: builder().build(),
    "plan": lambda: builder().build()._plan,
    "served": lambda: builder().build()._served,
    "membership": lambda: Membership(0, URL, 1, SECRET.encode()),
    "gate": lambda: builder().build()._plan.gate,
    "tls": lambda: builder()._tls,
    "token": lambda: Token.of(SECRET, "someone", ["*"]),
    "tokens": lambda: TokenSet([Token.of(SECRET, "someone", ["*"])]),
    "verifier": lambda: JwtVerifier(
        issuer="https://issuer.example", audience="tools", key=SECRET, algorithms=["HS256"]
    ),
    "client": client,
    "stdio client": lambda: MCPClient.stdio(COMMAND, env={"KEY": SECRET}),
    "url": lambda: HttpServer(f"{URL}?key={SECRET}", SECRET, {"X-Key": SECRET}),
    "command": lambda: StdioServer(COMMAND, {"KEY": SECRET}),
}


def assert_shows_nothing(text: str) -> None:
    assert Secrets([SECRET, HASHED]).find(text) is None


@pytest.mark.parametrize("holder", HOLDERS)
def test_an_object_that_holds_a_secret_does_not_show_it(holder: str) -> None:
    held = HOLDERS[holder]()
    assert_shows_nothing(f"{held!r} {held!s} {held}")


@pytest.mark.parametrize("part", ["token", "tokens", "state_key", "jwt", "tls"])
def test_the_settings_show_no_secret(part: str) -> None:
    shown = getattr(settings(), part)
    assert_shows_nothing(f"{shown!r} {shown!s}")


@pytest.mark.parametrize("tool", ["remote", "local", "built"])
def test_the_settings_of_a_source_show_no_secret(tool: str) -> None:
    shown = settings().tools[tool]
    assert_shows_nothing(f"{shown!r} {shown!s}")


def test_the_settings_as_json_hold_no_secret_that_is_marked_as_one() -> None:
    written = json.loads(settings().model_dump_json())
    del written["tools"]
    assert_shows_nothing(json.dumps(written))


def test_a_token_file_does_not_show_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "tokens.jsonl"
    path.write_text(write_token(Token.of(SECRET, "someone", ["*"])))
    path.chmod(0o600)
    held = TokenFile(path)
    assert_shows_nothing(f"{held!r} {held!s}")


@pytest.mark.parametrize(
    "make",
    [
        lambda: MCPClient(f"http://127.0.0.1:{free_port()}/mcp", token=SECRET),
        lambda: MCPClient.stdio(["absent-program", SECRET], env={"KEY": SECRET}),
        lambda: MCPClient.stdio(["false", SECRET], env={"KEY": SECRET}),
        lambda: MCPClient(f"http://user:{SECRET}@127.0.0.1:1/mcp"),
        lambda: MCPClient(URL, token=f"{SECRET}\n"),
        lambda: MCPClient(URL, headers={"X-Key": f"{SECRET}\n"}),
    ],
)
async def test_the_whole_traceback_of_a_client_that_fails_shows_no_secret(
    make: Callable[[], MCPClient],
) -> None:
    with pytest.raises(ToolyardError) as failed:
        async with make():
            pass
    assert_shows_nothing("".join(traceback.format_exception(failed.value)))
