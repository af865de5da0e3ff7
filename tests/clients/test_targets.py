"""Addresses that cannot be used, and what a target shows of itself."""

import os
import traceback

import httpx2
import pytest

from toolyard import MCPClient
from toolyard.clients.targets import HttpServer, StdioServer
from toolyard.core.errors import ConfigError

SECRET = "s3cret"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080/mcp",
        "ftp://127.0.0.1/mcp",
        "file:///etc/passwd",
        "http:///mcp",
        "http://[::1/mcp",
        "http://host:99999/mcp",
        "http://host:port/mcp",
        f"http://user:{SECRET}@host/mcp",
        f"http://{SECRET}@host/mcp",
        "http://@host/mcp",
        "http://host/\udc80",
        "http://host/\x00",
        "http://host/" + "x" * 70_000,
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        MCPClient(url)
    assert SECRET not in "".join(traceback.format_exception(refused.value, chain=True)[-1:])


@pytest.mark.parametrize("odd", [f"{SECRET}\n", f"{SECRET}\r\nX: y", f"{SECRET}é", "\x00"])
@pytest.mark.parametrize("place", ["token", "header", "header name"])
def test_a_token_or_header_that_cannot_be_sent_is_refused_without_showing_it(
    odd: str, place: str
) -> None:
    token = odd if place == "token" else None
    headers = {"header": {"X": odd}, "header name": {odd: "x"}}.get(place, {})
    with pytest.raises(ConfigError) as refused:
        MCPClient("http://127.0.0.1/mcp", token=token, headers=headers)
    assert SECRET not in str(refused.value)


def test_a_server_at_a_url_shows_no_secret() -> None:
    auth = httpx2.BasicAuth("user", SECRET)
    server = HttpServer(f"http://host/{SECRET}/mcp?key={SECRET}", SECRET, {"X-Key": SECRET}, auth)
    assert SECRET not in f"{server} {server!r}"
    assert str(server) == "the server at http://host"


def test_a_started_server_shows_no_argument_variable_or_path() -> None:
    server = StdioServer(("/home/me/bin/serve", "--token", SECRET), {"TOKEN": SECRET})
    assert SECRET not in f"{server} {server!r}"
    assert str(server) == "the server 'serve'"


def test_a_client_shows_no_secret() -> None:
    client = MCPClient("http://host/mcp", token=SECRET, headers={"X-Key": SECRET})
    assert SECRET not in f"{client} {client!r}"


def test_a_command_without_a_program_is_refused() -> None:
    with pytest.raises(ConfigError, match="command"):
        MCPClient.stdio(())


@pytest.mark.parametrize("odd", [f"{SECRET}\0", f"{SECRET}\ud800"])
@pytest.mark.parametrize("place", ["command", "name", "value", "directory"])
def test_what_no_process_can_be_given_is_refused_without_showing_it(odd: str, place: str) -> None:
    env = {"name": {odd: "x"}, "value": {"X": odd}}.get(place, {})
    command = ["serve", odd] if place == "command" else ["serve"]
    with pytest.raises(ConfigError, match="NUL") as refused:
        MCPClient.stdio(command, env=env, cwd=odd if place == "directory" else None)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("name", ["", "A=B", "=A"])
def test_a_variable_without_a_good_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="name of a variable"):
        MCPClient.stdio(["serve"], env={name: SECRET})


def test_a_file_name_that_is_not_utf_8_may_be_given() -> None:
    StdioServer([os.fsdecode(b"/bin/\xff")])
