"""The blocks for MCP hosts: in each host's own form, and never with a secret in them."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from toolyard.config.hosts import HostEntry, claude_code_command, host_config
from toolyard.core.errors import ConfigError

URL = "https://tools.example.com/mcp"
REMOTE = HostEntry("mine", url=URL, token_env="TOOLYARD_TOKEN")
OPEN = HostEntry("mine", url=URL)
PROCESS = HostEntry("mine", command=["/usr/bin/python3", "-m", "toolyard", "serve", "my tools.py"])
KEYED = HostEntry("mine", command=["npx", "-y", "server"], env=["API_KEY", "ORG"])
STARTED = {"command": "/usr/bin/python3", "args": ["-m", "toolyard", "serve", "my tools.py"]}


def keyed(**env: str) -> dict[str, Any]:
    return {"command": "npx", "args": ["-y", "server"], "env": env}


def bearer(reference: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {reference}"}}


BLOCKS: list[tuple[str, HostEntry, dict[str, Any]]] = [
    (
        "claude-code",
        REMOTE,
        {"mcpServers": {"mine": {"type": "http", "url": URL, **bearer("${TOOLYARD_TOKEN}")}}},
    ),
    ("claude-code", OPEN, {"mcpServers": {"mine": {"type": "http", "url": URL}}}),
    ("claude-code", PROCESS, {"mcpServers": {"mine": {"type": "stdio", **STARTED}}}),
    ("claude-desktop", PROCESS, {"mcpServers": {"mine": STARTED}}),
    ("cursor", REMOTE, {"mcpServers": {"mine": {"url": URL, **bearer("${env:TOOLYARD_TOKEN}")}}}),
    ("cursor", OPEN, {"mcpServers": {"mine": {"url": URL}}}),
    ("cursor", PROCESS, {"mcpServers": {"mine": STARTED}}),
    (
        "vscode",
        REMOTE,
        {
            "servers": {"mine": {"type": "http", "url": URL, **bearer("${input:mine-token}")}},
            "inputs": [
                {
                    "type": "promptString",
                    "id": "mine-token",
                    "description": "Bearer token of mine",
                    "password": True,
                }
            ],
        },
    ),
    (
        "claude-code",
        KEYED,
        {"mcpServers": {"mine": {"type": "stdio", **keyed(API_KEY="${API_KEY}", ORG="${ORG}")}}},
    ),
    (
        "cursor",
        KEYED,
        {"mcpServers": {"mine": keyed(API_KEY="${env:API_KEY}", ORG="${env:ORG}")}},
    ),
    (
        "vscode",
        KEYED,
        {
            "servers": {
                "mine": {
                    "type": "stdio",
                    **keyed(API_KEY="${input:mine-API_KEY}", ORG="${input:mine-ORG}"),
                }
            },
            "inputs": [
                {
                    "type": "promptString",
                    "id": f"mine-{name}",
                    "description": f"{name} of mine",
                    "password": True,
                }
                for name in ("API_KEY", "ORG")
            ],
        },
    ),
    ("vscode", OPEN, {"servers": {"mine": {"type": "http", "url": URL}}}),
    ("vscode", PROCESS, {"servers": {"mine": {"type": "stdio", **STARTED}}}),
]


@pytest.mark.parametrize(("host", "entry", "block"), BLOCKS)
def test_a_block_has_the_form_of_its_host(
    host: str, entry: HostEntry, block: dict[str, Any]
) -> None:
    config = host_config(host, entry)
    assert config.block == block
    assert json.loads(config.text()) == block


def test_the_link_for_cursor_holds_the_inner_object() -> None:
    for entry in (REMOTE, OPEN, PROCESS, KEYED):
        config = host_config("cursor", entry)
        link = urlsplit(config.notes[0].removeprefix("Or open: "))
        assert (link.scheme, link.netloc, link.path) == (
            "cursor",
            "anysphere.cursor-deeplink",
            "/mcp/install",
        )
        query = parse_qs(link.query, strict_parsing=True)
        assert query["name"] == ["mine"]
        inner = json.loads(base64.b64decode(query["config"][0], validate=True))
        assert inner == config.block["mcpServers"]["mine"]


def test_the_command_for_claude_code_leaves_the_reference_to_claude_code() -> None:
    assert claude_code_command(REMOTE) == (
        f"claude mcp add --transport http --scope project mine {URL} "
        "--header 'Authorization: Bearer ${TOOLYARD_TOKEN}'"
    )
    assert claude_code_command(OPEN).endswith(f" mine {URL}")
    assert claude_code_command(PROCESS).endswith(
        "mine -- /usr/bin/python3 -m toolyard serve 'my tools.py'"
    )
    assert claude_code_command(KEYED) == (
        "claude mcp add --env 'API_KEY=${API_KEY}' --env 'ORG=${ORG}' --scope project mine "
        "-- npx -y server"
    )


def test_the_registry_gets_a_description_that_its_schema_takes() -> None:
    block = host_config("server.json", REMOTE).block
    assert block["$schema"].endswith("/2025-12-11/server.schema.json")
    assert block["name"].count("/") == 1
    assert len(block["description"]) <= 100
    assert block["version"]
    (remote,) = block["remotes"]
    assert (remote["type"], remote["url"]) == ("streamable-http", URL)
    (header,) = remote["headers"]
    assert (header["name"], header["isRequired"], header["isSecret"]) == (
        "Authorization",
        True,
        True,
    )
    assert "value" not in header
    assert "headers" not in host_config("server.json", OPEN).block["remotes"][0]


def test_the_registry_gets_the_description_and_version_that_were_said() -> None:
    entry = HostEntry("mine", url=URL, description="Sums.", version="2.1.0-beta.1+x")
    block = host_config("server.json", entry).block
    assert (block["description"], block["version"]) == ("Sums.", "2.1.0-beta.1+x")


@pytest.mark.parametrize("text", ["", "a" * 101])
def test_a_description_that_the_registry_does_not_take_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="1 to 100 letters"):
        HostEntry("mine", url=URL, description=text)


@pytest.mark.parametrize("text", ["", "1", "1.2", "^1.2.3", "1.2.x", "latest", "1.2.3-", "v1.2.3"])
def test_a_version_is_neither_a_range_nor_a_word(text: str) -> None:
    with pytest.raises(ConfigError, match=r"such as 1\.0\.2"):
        HostEntry("mine", url=URL, version=text)


@pytest.mark.parametrize(
    ("host", "entry"),
    [("claude-desktop", REMOTE), ("claude-desktop", KEYED), ("server.json", PROCESS)],
)
def test_a_host_that_cannot_use_a_server_says_what_to_give(host: str, entry: HostEntry) -> None:
    with pytest.raises(ConfigError, match="give it"):
        host_config(host, entry)


def test_an_unknown_host_is_told_which_there_are() -> None:
    with pytest.raises(
        ConfigError, match=r"no host 'emacs'; there are claude-code, claude-desktop"
    ):
        host_config("emacs", REMOTE)


@pytest.mark.parametrize("name", ["", "a b", "a" * 33, "a.b", "a/b", "ä", '"', "a\n"])
def test_a_name_is_one_that_every_host_takes(name: str) -> None:
    with pytest.raises(ConfigError, match="1 to 32 letters"):
        HostEntry(name, url=URL)


@pytest.mark.parametrize(
    "secret",
    [
        {"url": "https://user:s3cret@tools.example.com/mcp"},
        {"url": "https://tools.example.com/mcp?token=s3cret"},
        {"url": "https://tools.example.com/mcp?a=1&API_KEY=s3cret"},
        {"command": ["toolyard", "serve", "calculator", "--token", "s3cret"]},
        {"command": ["toolyard", "serve", "calculator", "--token=s3cret"]},
        {"command": ["npx", "server"], "env": ["s3cret"]},
        {"command": ["npx", "server"], "env": ["API_KEY=s3cret"]},
        {"command": ["npx", "server"], "env": ["API_KEY", "S3CRET="]},
        {"url": URL, "token_env": "s3cret"},
        {"url": URL, "token_env": "ty_s3cret"},
        {"url": URL, "token_env": "Bearer S3CRET"},
    ],
)
def test_a_secret_is_refused_rather_than_written(secret: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as refused:
        HostEntry("mine", **secret)
    assert "s3cret" not in str(refused.value).lower()


@pytest.mark.parametrize("url", ["", "calculator", "ftp://x/mcp", "http://", "http://[::1/mcp"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"http\(s\)://HOST/PATH"):
        HostEntry("mine", url=url)


def test_a_url_has_no_variables_but_its_token() -> None:
    with pytest.raises(ConfigError, match="--env is for a command"):
        HostEntry("mine", url=URL, env=["API_KEY"])


def test_a_command_with_a_secret_is_told_what_to_do_instead() -> None:
    with pytest.raises(ConfigError, match=r"the value of --api-key.*--env API_KEY"):
        HostEntry("mine", command=["npx", "server", "--api-key", "s3cret"])


def test_there_is_one_way_to_reach_a_server() -> None:
    with pytest.raises(ConfigError, match="either"):
        HostEntry("mine")
    with pytest.raises(ConfigError, match="either"):
        HostEntry("mine", url=URL, command=["x"])
