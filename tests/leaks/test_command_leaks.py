"""What the command says to someone who made a mistake shows no secret, traceback or path."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.support.leaks import Secrets, inside_view

from toolyard.cli.main import main

SECRET = "q7Rz0kXw-of-nobody-Kw72LmTn"
NOWHERE = "http://127.0.0.1:1/mcp"
SERVE = ("serve", "calculator", "--token", SECRET)

pytestmark = pytest.mark.timeout(20)


def refused(arguments: Sequence[str], patch: pytest.MonkeyPatch, place: Path) -> None:
    """Run the command; it must end with an error, and the test's fixtures see what it says."""
    patch.chdir(place)
    patch.setattr(sys, "argv", ["toolyard", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code not in (0, None)


def said(capfd: pytest.CaptureFixture[str]) -> str:
    read = capfd.readouterr()
    return read.out + read.err


def assert_says_nothing_secret(text: str) -> None:
    assert len(text) > 20
    assert Secrets([SECRET]).find(text) is None
    assert inside_view(text) is None
    assert "/tmp/" not in text


@pytest.mark.parametrize(
    "arguments",
    [
        ("tools", NOWHERE, "--token", SECRET),
        ("tools", NOWHERE, "--token", f"{SECRET}\n"),
        ("tools", NOWHERE, "--token", f"{SECRET}ä"),
        ("tools", f"http://user:{SECRET}@127.0.0.1:1/mcp"),
        ("tools", f"http://{SECRET}@127.0.0.1:1/mcp"),
        ("tools", f"{NOWHERE}?key={SECRET}"),
        ("tools", f"ftp://{SECRET}@127.0.0.1/mcp"),
        ("tools", f"stdio:absent-program --token {SECRET}"),
        ("tools", f"stdio:false --token {SECRET}"),
        ("call", NOWHERE, "add", "a=1", "--token", SECRET),
        ("call", NOWHERE, "add", "{", "--token", SECRET),
        ("doctor", NOWHERE, "--token", SECRET),
        ("doctor", NOWHERE, "--token", SECRET, "--json"),
        ("doctor", f"http://user:{SECRET}@127.0.0.1:1/mcp"),
        ("host-config", "absent", NOWHERE),
        ("serve", "calculator", "--token", f"{SECRET} "),
        (*SERVE, "--token", SECRET),
        (*SERVE, "--host", "203.0.113.7"),
        (*SERVE, "--port", "99999"),
        (*SERVE, "--limit", "x"),
        (*SERVE, "--limit", "call_s=0"),
        (*SERVE, "--rate", "x"),
        (*SERVE, "--allow", "x"),
        (*SERVE, "--absent"),
        (*SERVE, "--token-file", "absent.jsonl"),
        (*SERVE, "--tls-cert", "absent.pem", "--tls-key", "absent.pem"),
        (*SERVE, "--tls-cert", "toolyard.toml", "--tls-key", "toolyard.toml"),
        (*SERVE, "--config", "absent.toml"),
        (*SERVE, "--set", "calculator.absent=1"),
        ("serve", "absent.py", "--token", SECRET),
        ("serve", "broken.py", "--token", SECRET),
        ("token", "new", "--name", SECRET * 5, "--scope", "*"),
        ("token", "new", "--name", "a", "--scope", "*", "--append", "absent/tokens.jsonl"),
    ],
)
def test_a_mistake_on_the_command_line_shows_no_secret(
    arguments: Sequence[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "broken.py").write_text("import absent_module\n")
    (tmp_path / "toolyard.toml").write_text("")
    refused(arguments, monkeypatch, tmp_path)
    assert_says_nothing_secret(said(capfd))


@pytest.mark.parametrize(
    "text",
    [
        'token = "SECRET',
        'token = { a = "SECRET" }',
        'token = ["SECRET", 5]',
        'token = "SECRET with spaces"',
        'tokn = "SECRET"',
        'state_key = "SECRET"',
        'state_key = ["SECRET", 5]',
        'state_key = ["SECRET with spaces and more letters than a key of 32 bytes has"]',
        '[state_key]\nkey = "SECRET"',
        'state_ky = "SECRET"',
        '[[tokens]]\nsecret = ["SECRET"]',
        '[[tokens]]\nsecrt = "SECRET"',
        '[[tokens]]\nsecret = "SECRET"\nenv = "X"',
        '[[tokens]]\nsecret = "SECRET"\nexpires_at = "soon"',
        '[[tokens]]\nsecret = "SECRET"\nname = "local"',
        'tokens = "SECRET"',
        '[jwt]\nkey = "SECRET"',
        '[jwt]\nkey = "SECRET"\nissuer = "https://a"\naudience = "b"',
        '[jwt]\nkey = "SECRET"\nissuer = "https://a"\naudience = "b"\nalgorithms = ["none"]',
        '[tls]\npassword = "SECRET"',
        '[tls]\npassword = "SECRET"\ncertfile = "a.pem"\nkeyfile = "a.pem"',
        '[tools.x]\ntoken = "SECRET"',
        '[tools.x]\ntoken = "SECRET"\nkind = "calculator"\nurl = "http://h/"',
        '[tools.x]\nkind = "calculator"\nurl = "http://h/"\nheaders = { A = "SECRET" }',
        '[tools.x]\nkind = "calculator"\nurl = "http://h/"\nenv = { A = "SECRET" }',
        '[tools.x]\nurl = "http://h/"\nheaders = ["SECRET"]',
        '[tools.x]\nurl = "http://h/"\nheaders = { A = "SECRET\\n" }',
        '[tools.x]\nurl = "http://u:SECRET@h/"',
        '[tools.x]\nurl = ["http://u:SECRET@h/"]',
        '[tools.x]\ncommand = "a --token SECRET"',
        '[tools.x]\ncommand = ["a", "--token", "SECRET"]\nenv = "SECRET"',
        '[tools.x]\ncommand = ["a"]\nenv = { KEY = ["SECRET"] }',
        '[tools.x]\ntokn = "SECRET"\nkind = "calculator"',
        '[tools.x]\nkind = "calculator"\noptions = { key = "SECRET" }',
        '[tools]\ntoken = "SECRET"',
    ],
)
def test_a_mistake_in_the_file_shows_no_secret(
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    served = "" if "[tools" in text else '\n[tools.calculator]\nkind = "calculator"\n'
    (tmp_path / "a.pem").write_text("no certificate")
    (tmp_path / "toolyard.toml").write_text(text.replace("SECRET", SECRET) + served)
    refused(("serve", "--config", "toolyard.toml", "--port", "0"), monkeypatch, tmp_path)
    assert_says_nothing_secret(said(capfd))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN", "SECRET with spaces"),
        ("STATE_KEY", "SECRET"),
        ("STATE_KEY__KEY", "SECRET"),
        ("TOKENS", "SECRET"),
        ("TOKENS", '["SECRET"]'),
        ("TOKENS", '[{"secret": "SECRET", "env": "X"}]'),
        ("TOKENS__SECRET", "SECRET"),
        ("JWT", '{"key": "SECRET"'),
        ("JWT__KEY", "SECRET"),
        ("TLS__PASSWORD", "SECRET"),
        ("TOOLS__X__TOKEN", "SECRET"),
        ("TOOLS", '{"x": {"token": "SECRET"}}'),
        ("TOOLS", '{"x": {"token": "SECRET"'),
    ],
)
def test_a_mistake_in_the_environment_shows_no_secret(
    name: str,
    value: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"TOOLYARD_{name}", value.replace("SECRET", SECRET))
    refused(("serve", "calculator", "--port", "0"), monkeypatch, tmp_path)
    assert_says_nothing_secret(said(capfd))
