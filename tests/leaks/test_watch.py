"""The watch over the whole test run sees what it is for, in the test that did it."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.known_secrets import secrets_in
from tests.support.leaks import ROOT, SLICE, TRACEBACK, Secrets, inside_view

SECRET = "u8Yt2Nc4Hv6Bz1Qs7Dk3"

LEAKY = '''
import logging, secrets, subprocess, sys
from tests.support.leaks import ROOT, TRACEBACK
from tests.support.process import run, running
from tests.servers.harness import TOKEN, builder, http_to
from toolyard.core.toolbox import Toolbox


async def answer(what):
    tools = Toolbox()

    @tools.tool
    async def tell() -> str:
        """Tell."""
        return what

    async with builder(tools).build() as server, http_to(server) as http:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": "tell", "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {}}}}
        headers = {"accept": "application/json, text/event-stream", "mcp-name": "tell",
            "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call"}
        assert what[:9] in (await http.post("/mcp", json=body, headers=headers)).text


def test_leak_in_log():
    logging.getLogger("toolyard.servers").debug("who sent %s?", TOKEN)

def test_leak_in_log_of_sdk():
    logging.getLogger("mcp.server").debug(TOKEN[5:17])

def test_leak_in_traceback_of_log():
    try:
        raise ValueError(TOKEN)
    except ValueError:
        logging.getLogger("toolyard").exception("it failed")

def test_leak_on_stdout():
    print(TOKEN)

def test_leak_on_stderr():
    print(TOKEN, file=sys.stderr)

def test_leak_of_child():
    subprocess.run([sys.executable, "-c", f"print({TOKEN!r})"])

def test_leak_read_by_capsys(capsys):
    print(TOKEN)
    assert capsys.readouterr().out

async def test_leak_token_in_answer():
    await answer("it is " + TOKEN)

async def test_leak_slice_in_answer():
    await answer("it is not " + TOKEN[3:15])

async def test_leak_traceback_in_answer():
    await answer("a pity: " + TRACEBACK)

async def test_leak_path_in_answer():
    await answer(f"in File {ROOT}/src/toolyard/x.py")

def test_leak_of_command():
    run([sys.executable, "-c", f"import sys; print({TOKEN!r}, file=sys.stderr)"])

def test_leak_of_running_command():
    with running([sys.executable, "-c", f"print({TOKEN!r}); input()"]) as command:
        command.line()

def test_leak_on_stdio():
    with running([sys.executable, "-c", f"print({TRACEBACK!r}); input()", "--stdio"]) as command:
        command.line()

def test_leak_of_made_secret_in_log():
    logging.getLogger("toolyard").warning("made %s", secrets.token_urlsafe(32))

def test_fine_made_secret_shown_once():
    print(secrets.token_urlsafe(32))

def test_fine_slice_too_short():
    print(TOKEN[:11])

def test_fine_traceback_in_log():
    try:
        raise ValueError
    except ValueError:
        logging.getLogger("toolyard").exception("it failed")

def test_fine_usual_levels(caplog):
    logging.getLogger("toolyard.servers").info("usually nobody listens")
    assert not caplog.records
    with caplog.at_level(logging.INFO, "toolyard"):
        logging.getLogger("toolyard.servers").info("now somebody does")
        logging.getLogger("toolyard.servers").debug("but not to this")
    logging.getLogger("toolyard.servers").info("now nobody again")
    assert [record.message for record in caplog.records] == ["now somebody does"]

async def test_fine_answer():
    await answer("nothing of interest")
'''


def test_a_test_that_leaks_fails_and_one_that_does_not_passes(tmp_path: Path) -> None:
    (tmp_path / "test_leaky.py").write_text(LEAKY)
    config = ("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path))
    plugins = ("-p", "tests.conftest", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", "-v", *config, *plugins, str(tmp_path)]
    command.extend(("-o", f"pythonpath={ROOT}"))
    # Not with `run`, which is heard: what this says of the leaks is one.
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60).stdout
    verdicts = [line.split("::")[1].split()[:2] for line in said.splitlines() if "%]" in line]
    assert len(verdicts) == LEAKY.count("def test_")
    wrong = [name for name, verdict in verdicts if (verdict == "FAILED") != ("test_leak_" in name)]
    assert not wrong, said
    failures, _, _ = said.partition("short test summary info")  # in CI it says all of it again
    assert failures.count("LEAKED:") == LEAKY.count("def test_leak_")
    assert "the log of toolyard.servers holds a token: 'who sent " in said
    assert "the answer to POST holds what is inside" in said


@pytest.mark.parametrize("start", range(len(SECRET) - SLICE + 1))
@pytest.mark.parametrize("before", range(9))
def test_every_slice_of_a_secret_is_found_wherever_it_stands(start: int, before: int) -> None:
    part = SECRET[start : start + SLICE]
    assert Secrets([SECRET]).find("." * before + part + ".") == part
    assert Secrets([SECRET]).find("." * before + part[1:] + ".") is None


def test_a_shorter_secret_is_found_whole_and_a_word_is_none() -> None:
    secrets = Secrets(["s3cret-one", "word"])
    assert secrets.find("the s3cret-one!") == "s3cret-one"
    assert secrets.find("the s3cret-on, in a word") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f'File "{ROOT}/src/toolyard/cli/main.py", line 3', f"{ROOT}/"),
        (f"{TRACEBACK}:", TRACEBACK),
        (f"command: {sys.executable} -m toolyard", None),
        ("/etc/passwd", None),
    ],
)
def test_a_caller_may_read_where_a_program_is_and_nothing_else(
    text: str, found: str | None
) -> None:
    assert inside_view(text) == found


def test_tokens_are_known_wherever_a_test_gives_one(tmp_path: Path) -> None:
    (tmp_path / "test_given.py").write_text(
        'HELD = "token-held-by-a-name"\n'
        'builder.with_bearer_token("token-given-first").with_bearer_token(secret="token-secret")\n'
        'client(url, token=HELD, name="no-such-thing")\n'
        'run(["serve", "--token", "token-in-a-list"], {"TOOLYARD_TOKEN": "token-in-a-dict"})\n'
        'patch.setenv("TOOLYARD_TOKEN", "token-set")\n'
    )
    assert secrets_in(tmp_path) == {
        *("token-held-by-a-name", "token-given-first", "token-secret"),
        *("token-in-a-list", "token-in-a-dict", "token-set"),
    }
