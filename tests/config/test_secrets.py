"""What looks like a secret in a command, and what does not."""

import shlex
from pathlib import Path

import pytest

from toolyard.config.secrets import has_credentials, secrets_in

SECRET = "s3cretS3CRET0123456789"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("npx server --api-key @", "the value of --api-key"),
        ("npx server --api-key=@", "the value of api-key"),
        ("npx server --apiKey @", "the value of --apiKey"),
        ("npx server -token @", "the value of -token"),
        ("npx server --key -@", "the value of --key"),
        ("npx server --client-secret @ --verbose", "the value of --client-secret"),
        ("npx server --db.password=@", "the value of db.password"),
        ("npx server -H 'Authorization: Bearer @'", "the value of Authorization"),
        ("npx server -H 'Authorization: Basic @'", "the value of Authorization"),
        ("npx server '-HAuthorization: @'", "the value of HAuthorization"),
        ("npx server --header Authorization:@", "the value of Authorization"),
        ("npx server '--header=X-Api-Key: @'", "the value of X-Api-Key"),
        ("npx server Authorization: @", "the value of Authorization:"),
        ("npx server --with Bearer @", "the value of Bearer"),
        ("npx server --say 'it is bearer @'", "a token"),
        ("env API_KEY=@ cmd", "the value of API_KEY"),
        ("env OPENAI_API_KEY_2=@ cmd", "the value of OPENAI_API_KEY_2"),
        ("docker run -e GITHUB_ACCESS_TOKEN=@ image", "the value of GITHUB_ACCESS_TOKEN"),
        ("docker run --env=PGPASSWORD=@ image", "the value of PGPASSWORD"),
        ("docker run -eGITHUB_PAT=@ image", "the value of eGITHUB_PAT"),
        ("sh -c 'API_KEY=@ cmd'", "the value of API_KEY"),
        ("npx server postgres://joe:@@db/x", "a URL with credentials"),
        ("npx server --url=https://@@tools.example/", "a URL with credentials"),
        ("npx server https://tools.example/?api_key=@", "a URL with credentials"),
        ("npx server http://[@", "a URL with credentials"),
        ("npx server sk-live-@", "a token"),
        ("npx server ghp_@", "a token"),
        ("npx server --with=ty_@", "a token"),
    ],
)
def test_a_secret_is_seen_and_not_said(command: str, said: str) -> None:
    words = shlex.split(command.replace("@", SECRET, 1))
    assert list(secrets_in(words)) == [said]


@pytest.mark.parametrize(
    "command",
    [
        "python3 -m toolyard serve calculator mine.py:tools --stdio",
        "npx -y @modelcontextprotocol/server-filesystem /home/joe/secrets",
        "uvx --from git+https://git@github.com/joe/keys.git server",
        "npx mcp-remote https://tools.example/mcp?a=1 --header Authorization:${AUTH}",
        "npx server --api-key ${API_KEY} -H 'Authorization: Bearer ${TOKEN}'",
        "npx server postgres://${USER}:${PASSWORD}@db/x https://x/?key=${KEY}",
        "docker run -i -e API_KEY ghcr.io/joe/auth:latest",
        "npx server --token-env API_KEY --token-file t.jsonl --max-tokens 100 --author joe",
        "npx server --no-auth here --auth=none --auth --verbose --keyboard de --public-key abc",
        "npx server --sort-key name --password-stdin x --auth -v",
        "npx server --new-token",
        "uvicorn my.auth:server",
        "npx disk-usage-reporter-of-many-letters sk-short",
    ],
)
def test_what_only_sounds_like_one_is_none(command: str) -> None:
    assert list(secrets_in(shlex.split(command))) == []


def test_the_name_of_a_file_that_is_here_is_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["server", "--tls-key", "key.pem"]
    assert list(secrets_in(words))
    (tmp_path / "key.pem").touch()
    assert not list(secrets_in(words))


@pytest.mark.parametrize("url", ["https://h/mcp", "ssh://git@h/x", "https://h/?a=1&token=", ""])
def test_a_url_without_credentials_is_clean(url: str) -> None:
    assert not has_credentials(url)
