"""`toolyard tools` and `toolyard call`, against real servers."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.cli.command import Toolyard
from tests.support.process import free_port, run, running
from tests.support.serving import COMMAND, Served

from toolyard.config.approvals import approve

HERE = Path(__file__).parent
HIDE_CURSOR, SHOW_CURSOR = b"\x1b[?25l", b"\x1b[?25h"
ENVIRONMENT_TOKEN = "TOOLYARD_TOKEN"


def test_tools_are_listed(toolyard: Toolyard, calculator: Served) -> None:
    told = toolyard("tools", calculator.url, "--token", calculator.token)
    assert told.code == 0, told
    assert "calculator  expression*" in told.output
    assert told.errors == "1 tools. * is required.\n"


def test_a_script_gets_tools_as_json(toolyard: Toolyard, calculator: Served) -> None:
    told = toolyard("tools", calculator.url, f"--token={calculator.token}", "--json")
    (tool,) = json.loads(told.output)
    assert tool["name"] == "calculator"
    assert tool["inputSchema"]["required"] == ["expression"]
    assert tool["annotations"]["readOnlyHint"] is True
    assert told.errors == ""


@pytest.mark.parametrize(
    "arguments", [['{"expression": "mean([1, 2, 3]) + 10"}'], ["expression=mean([1, 2, 3]) + 10"]]
)
def test_a_tool_is_called_with_json_or_pairs(
    toolyard: Toolyard, calculator: Served, arguments: list[str]
) -> None:
    told = toolyard("call", calculator.url, "calculator", *arguments, "--token", calculator.token)
    assert (told.code, told.output, told.errors) == (0, "12\n", "")


def test_arguments_may_come_from_standard_input_and_the_token_from_the_environment(
    toolyard: Toolyard, calculator: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT_TOKEN, calculator.token)
    told = toolyard("call", calculator.url, "calculator", "-", stdin='{"expression": "2^10"}')
    assert (told.code, told.output) == (0, "1024\n")


def test_the_argument_wins_over_the_environment(
    toolyard: Toolyard, calculator: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT_TOKEN, calculator.token)
    assert toolyard("tools", calculator.url).code == 0
    assert toolyard("tools", calculator.url, "--token=-abc").code == 3
    assert toolyard("tools", calculator.url, "--token", "-abc").code == 3


def test_pairs_take_the_type_that_the_tool_wants(toolyard: Toolyard, odd_tools: Served) -> None:
    words = ["text=5", "maybe=6", "count=7", "numbers=[1,2.5]", "either=8", "choice=2"]
    told = toolyard("call", odd_tools.url, "echo", *words, "--token", odd_tools.token, "--json")
    assert json.loads(told.output)["structuredContent"] == {
        "text": "5",
        "maybe": "6",
        "count": 7,
        "numbers": [1, 2.5],
        "either": 8,
        "choice": "2",
    }


def test_a_result_is_neither_cut_nor_changed(toolyard: Toolyard, odd_tools: Served) -> None:
    told = toolyard("call", odd_tools.url, "long", "--token", odd_tools.token)
    assert told.output == "a\tb " * 10_000 + "\n"


def test_every_kind_of_block_is_shown(toolyard: Toolyard, odd_tools: Served) -> None:
    told = toolyard("call", odd_tools.url, "blocks", "--token", odd_tools.token)
    assert told.output.splitlines() == [
        "[red]grüße[/red] [/] :smile:",
        "[image/png, 5 bytes; --json has them]",
        "the text",
        "[file:///b, 2 bytes; --json has them]",
        "see: file:///c",
    ]


def test_a_tool_that_says_no_ends_with_1(toolyard: Toolyard, odd_tools: Served) -> None:
    told = toolyard("call", odd_tools.url, "refuse", "--token", odd_tools.token)
    assert (told.code, told.output, told.errors) == (1, "", "No [/] way.\n")
    told = toolyard("call", odd_tools.url, "refuse", "--token", odd_tools.token, "--json")
    assert told.code == 1
    assert json.loads(told.output)["isError"] is True


def test_what_a_tool_reports_on_the_way_is_no_result(toolyard: Toolyard, odd_tools: Served) -> None:
    told = toolyard("call", odd_tools.url, "steps", "--token", odd_tools.token)
    assert (told.code, told.output) == (0, "done\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["expression=1/0"], "0"),
        (["expression"], None),
        ([], "expression"),
        (["expr=1"], "expr"),
    ],
)
def test_what_the_tool_refuses_is_told(
    toolyard: Toolyard, calculator: Served, arguments: list[str], said: str | None
) -> None:
    told = toolyard("call", calculator.url, "calculator", *arguments, "--token", calculator.token)
    assert told.code == (2 if said is None else 1)
    assert told.output == ""
    assert (said or "neither a JSON object nor KEY=VALUE") in told.errors


def test_an_unknown_tool_ends_with_1(toolyard: Toolyard, calculator: Served) -> None:
    told = toolyard("call", calculator.url, "no_such_tool", "--token", calculator.token)
    assert told.code == 1
    assert "no_such_tool" in told.errors


@pytest.mark.parametrize("command", [["tools"], ["call"], ["doctor"]])
def test_a_wrong_token_or_none_ends_with_3(
    toolyard: Toolyard, calculator: Served, command: list[str]
) -> None:
    tool = ["calculator"] if command == ["call"] else []
    for token in ([], ["--token", "not-the-token"]):
        told = toolyard(*command, calculator.url, *tool, *token)
        assert (told.code, told.output) == (3, ""), told
        assert "401" in told.errors
        assert "not-the-token" not in told.errors


@pytest.mark.parametrize("command", ["tools", "call", "doctor"])
@pytest.mark.parametrize("target", ["http://127.0.0.1:{port}/mcp", "stdio:no-such-program-here"])
def test_what_cannot_be_reached_ends_with_4(toolyard: Toolyard, command: str, target: str) -> None:
    tool = ["calculator"] if command == "call" else []
    told = toolyard(command, target.format(port=free_port()), *tool)
    assert (told.code, told.output) == (4, ""), told
    assert told.errors.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tools", "nowhere"], "'nowhere' is not a URL, not stdio:COMMAND, and not configured."),
        (["tools", "stdio:"], "After stdio: comes a command"),
        (["tools", "stdio:a 'b"], "A quotation mark after stdio: is never closed."),
        (["tools", "ftp://x"], "begins with http:// or https://"),
        (["tools", "http://user:pw@x/mcp"], "never in the URL"),
        (["tools", "http://x/mcp", "--token", "a\nb"], "visible ASCII"),
        (["tools", "x", "--config", "no/such.toml"], "The file 'such.toml' cannot be read"),
        (["call", "nowhere", "t", "-"], "The arguments are not valid JSON"),
        (["doctor", "nowhere"], "'nowhere' is not a URL"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_sentence(
    toolyard: Toolyard, words: list[str], said: str
) -> None:
    told = toolyard(*words, stdin="no json")
    assert (told.code, told.output) == (2, ""), told
    assert said in told.errors


def test_a_configured_name_is_a_target(
    toolyard: Toolyard,
    calculator: Served,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUMS_TOKEN", calculator.token)
    text = f'[tools.sums]\nurl = "{calculator.url}"\ntoken_env = "SUMS_TOKEN"'
    (tmp_path / "toolyard.toml").write_text(text)
    approve(tmp_path / "toolyard.toml", text)
    assert toolyard("call", "sums", "calculator", "expression=1+1").output == "2\n"
    (tmp_path / "other.toml").write_text('[tools.here]\nkind = "calculator"')
    words = ["call", "here", "calculator", "expression=1+1", "--config", "other.toml"]
    assert toolyard(*words).output == "2\n"


def test_a_server_over_stdio_is_started_called_and_ended(toolyard: Toolyard) -> None:
    target = f"stdio:'{COMMAND}' serve calculator --stdio"
    told = toolyard("call", target, "calculator", "expression=2^10")
    assert (told.code, told.output) == (0, "1024\n")


def test_a_hostile_server_cannot_steer_the_terminal(toolyard: Toolyard, hostile: str) -> None:
    listed = toolyard("tools", hostile)
    called = toolyard("call", hostile, "odd_schema", "y=1")
    refused = toolyard("call", hostile, "nothing")
    assert [listed.code, called.code, refused.code] == [0, 0, 1]
    assert "[/] [red]x[/red] :bomb:" in listed.output
    assert called.output.endswith("|{'y': 1}\n")
    assert "no ]0;owned" in refused.errors
    for told in (listed, called, refused):
        for letter in told.output + told.errors:
            assert letter.isprintable() or letter in "\n\t", ascii(letter)


def test_json_of_a_hostile_server_is_whole_and_harmless(toolyard: Toolyard, hostile: str) -> None:
    told = toolyard("tools", hostile, "--json")
    assert told.output.isascii()
    assert told.output.count("\n") == 1
    assert "\x1b]0;owned" in json.loads(told.output)[0]["name"]


@pytest.mark.parametrize("answer", ["json", "sse", "redirect"])
def test_a_server_that_answers_with_garbage_is_told_in_a_sentence(answer: str) -> None:
    with running([sys.executable, str(HERE / "garbage_server.py"), answer]) as server:
        url = f"http://127.0.0.1:{server.line()}/mcp"
        for words in (["tools", url], ["call", url, "x"], ["doctor", url]):
            told = run([COMMAND, *words])
            assert told.code in (1, 4), told
            assert (told.output + told.errors).count("\n") == (2 if words[0] == "doctor" else 1)
            assert "Traceback" not in told.errors


def test_a_letter_that_the_stream_cannot_say_is_a_question_mark(odd_tools: Served) -> None:
    command = [COMMAND, "call", odd_tools.url, "echo", "text=grüße"]
    environment = {ENVIRONMENT_TOKEN: odd_tools.token, "PYTHONIOENCODING": "ascii"}
    told = run(command, environment=environment)
    assert told.code == 0, told
    assert "gr??e" in told.output or "gr\\u00fc" in told.output


def test_json_is_read_by_other_programs(calculator: Served) -> None:
    script = f"'{COMMAND}' tools {calculator.url} --json | '{sys.executable}' -m json.tool"
    told = run(["sh", "-c", script], environment={ENVIRONMENT_TOKEN: calculator.token})
    assert told.code == 0, told
    assert json.loads(told.output)[0]["name"] == "calculator"


def test_a_tool_that_asks_something_is_answered_at_a_terminal_only(
    toolyard: Toolyard, odd_tools: Served
) -> None:
    told = toolyard("call", odd_tools.url, "greet", "--token", odd_tools.token)
    assert (told.code, told.output) == (1, "")
    assert told.errors == (
        "The tool asks for who first: call it at a terminal, without --json, and answer.\n"
    )


@contextmanager
def greeted(server: Served) -> Generator[tuple[subprocess.Popen[bytes], int, bytes]]:
    """A call that asks for a name at a terminal: its process, the terminal, what it said."""
    terminal, ours = pty.openpty()
    command = [COMMAND, "call", server.url, "greet"]
    environment = {**os.environ, ENVIRONMENT_TOKEN: server.token, "TERM": "xterm"}
    call = subprocess.Popen(
        command, stdin=ours, stdout=subprocess.PIPE, stderr=ours, env=environment
    )
    os.close(ours)
    try:
        said = b""
        while b"name: " not in said:
            said += os.read(terminal, 4096)
        yield call, terminal, said
    finally:
        call.kill()
        call.communicate(timeout=5)
        os.close(terminal)


def test_a_question_is_asked_and_answered_at_a_terminal(odd_tools: Served) -> None:
    with greeted(odd_tools) as (call, terminal, said):
        os.write(terminal, b"Ada\n")
        output, _ = call.communicate(timeout=20)
    assert (call.returncode, output) == (0, b"Hello, Ada!\n")
    assert b"Who are you?" in said
    assert said.rfind(SHOW_CURSOR) > said.rfind(HIDE_CURSOR)  # no bar wipes out the answer


def test_an_interrupt_at_a_question_ends_the_command(odd_tools: Served) -> None:
    with greeted(odd_tools) as (call, terminal, _):
        call.send_signal(signal.SIGINT)
        output, _ = call.communicate(timeout=20)
        rest = b""
        with suppress(OSError):  # nobody is left at the terminal's other side
            while more := os.read(terminal, 4096):
                rest += more
    assert (call.returncode, output) == (130, b"")
    assert b"Traceback" not in rest
