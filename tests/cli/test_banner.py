"""What a started server shows."""

import json
import sys
from typing import Any

import pytest
from pydantic import SecretStr

from toolyard.cli.banner import Banner, program_name
from toolyard.cli.consoles import OUT
from toolyard.config.settings import Settings
from toolyard.wiring.tokens import new_token

URL = "http://127.0.0.1:8080/mcp"
TOOLS = {"calculator": {"kind": "calculator"}, "off": {"kind": "calculator", "enabled": False}}


def shown(capsys: pytest.CaptureFixture[str], secret: str | None = None, **options: Any) -> str:
    settings = Settings.model_validate({"tools": TOOLS, **options})
    Banner(settings, secret, as_json=False).show(URL)
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [80, 120])
def test_commands_stand_on_lines_of_their_own_unbroken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(OUT, "width", width)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    secret, _ = new_token("new", ["*"])
    lines = shown(capsys, secret, token=[SecretStr(secret)]).splitlines()
    assert f"  export TOOLYARD_TOKEN={secret}" in lines
    assert f"  toolyard tools {URL}" in lines
    assert f"  toolyard host-config cursor {URL} --name toolyard" in lines
    assert (
        f"  claude mcp add --transport http --scope project toolyard {URL} "
        "--header 'Authorization: Bearer ${TOOLYARD_TOKEN}'"
    ) in lines
    panel = [line for line in lines if line[:1] in "╭│╰"]
    assert max(map(len, panel)) <= width
    assert any(secret in line for line in panel)
    assert any("Tools  calculator  " in line for line in panel)


def test_a_file_gets_lines_without_a_frame(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, "s3cret", token=[SecretStr("s3cret")]).splitlines()
    facts = ["Name   toolyard", f"URL    {URL}", "Tools  calculator", "Token  s3cret"]
    assert lines[:5] == [*facts, ""]
    assert f"  toolyard tools {URL}" in lines


@pytest.mark.parametrize(
    "guard",
    [
        {"token": ["s3cret"]},
        {"tokens": [{"secret": "s3cret"}]},
        {"token_file": "tokens.jsonl"},
        {"jwt": {"issuer": "i", "audience": "a", "key": "s3cret"}},
    ],
)
def test_a_token_that_the_user_gave_is_not_shown(
    capsys: pytest.CaptureFixture[str], guard: dict[str, Any]
) -> None:
    text = shown(capsys, **guard)
    assert "s3cret" not in text
    assert "export TOOLYARD_TOKEN=..." in text
    assert "Bearer ${TOOLYARD_TOKEN}" in text


def test_without_a_token_none_is_spoken_of(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys)
    assert "TOKEN" not in text
    assert "Bearer" not in text
    assert "--no-token" in text


def test_a_name_cannot_break_what_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    text = shown(capsys, name="[/] my \x1b[31m tools, the best of all there are")
    assert "[/] my [31m tools" in text
    assert "\x1b" not in text
    assert "--name my---31m-tools--the-best-of-all- " in text


def test_a_script_gets_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    secret, _ = new_token("new", ["*"])
    Banner(Settings.model_validate({}), secret, as_json=True).show(URL)
    assert json.loads(capsys.readouterr().out) == {"url": URL, "token": secret}


def test_a_command_that_is_not_on_the_path_is_named_as_it_was_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", [".venv/bin/toolyard", "serve", "calculator"])
    monkeypatch.setenv("PATH", "/nowhere")
    assert program_name() == ".venv/bin/toolyard"
    monkeypatch.setattr(sys, "argv", ["/usr/lib/python3/toolyard/__main__.py", "serve"])
    assert program_name() == "toolyard"
