"""`toolyard token new`: the secret once, and the line that recognises it."""

import json
import stat
import time
from pathlib import Path

import pytest
from tests.cli.command import Toolyard
from tests.support.process import run
from tests.support.serving import COMMAND

from toolyard.cli.tokens import seconds_of
from toolyard.core.errors import ConfigError
from toolyard.security.token_lines import read_tokens

WORDS = ["token", "new", "--name", "laptop", "--scope", "tool:calculator"]


def test_the_secret_is_the_result_and_the_line_stands_beside_it(toolyard: Toolyard) -> None:
    told = toolyard(*WORDS, "--scope", "metrics")
    (secret,) = told.output.splitlines()
    line = told.errors.splitlines()[-1]
    caller = read_tokens(line).match(secret, time.time())
    assert caller is not None
    assert (caller.name, caller.scopes) == ("laptop", {"tool:calculator", "metrics"})
    assert secret not in told.errors


def test_without_options_a_token_may_use_what_is_served_but_not_the_metrics(
    toolyard: Toolyard,
) -> None:
    told = toolyard("token", "new")
    (secret,) = told.output.splitlines()
    caller = read_tokens(told.errors.splitlines()[-1]).match(secret, time.time())
    assert caller is not None
    assert caller.name == "token"
    assert all(map(caller.may, ("tool:add", "prompt:greet", "resource:file:///a")))
    assert not caller.may("metrics")
    assert "Its name is token, and it may use tool:*, prompt:*, resource:*." in told.errors


def test_help_says_what_is_meant_without_options(
    toolyard: Toolyard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    told = toolyard("token", "new", "--help")
    assert "[tool:* prompt:* resource:*]" in told.output
    assert "[default: token]" in told.output


def test_a_script_gets_both_as_json(toolyard: Toolyard) -> None:
    told = toolyard(*WORDS, "--json")
    both = json.loads(told.output)
    assert read_tokens(both["line"]).match(both["token"], time.time()) is not None
    assert told.errors == ""


def test_an_expiry_counts_from_now(toolyard: Toolyard) -> None:
    both = json.loads(toolyard(*WORDS, "--json", "--expires", "2h").output)
    tokens, now = read_tokens(both["line"]), time.time()
    assert tokens.match(both["token"], now + 2 * 3600 - 60) is not None
    assert tokens.match(both["token"], now + 2 * 3600 + 60) is None


def test_a_new_file_is_for_its_owner_only(toolyard: Toolyard, tmp_path: Path) -> None:
    file = tmp_path / "tokens.jsonl"
    secrets = [toolyard(*WORDS, "--append", str(file)).output.strip() for _ in range(2)]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    tokens = read_tokens(file.read_text())
    assert all(tokens.match(secret, time.time()) for secret in secrets)
    assert not any(secret in file.read_text() for secret in secrets)


@pytest.mark.parametrize("before", ["", "# mine\n", "# no newline at the end", "\n"])
def test_a_line_is_added_on_a_line_of_its_own(
    toolyard: Toolyard, tmp_path: Path, before: str
) -> None:
    file = tmp_path / "tokens.jsonl"
    file.write_text(before)
    secret = toolyard(*WORDS, "--append", str(file)).output.strip()
    assert file.read_text().startswith(before)
    assert read_tokens(file.read_text()).match(secret, time.time()) is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--name", "a b", "--scope", "*"], "A token's name is"),
        (["--name", "anonymous", "--scope", "*"], "reserved"),
        (["--name", "a", "--scope", "a b"], "A scope is"),
        (["--name", "a", "--scope", "*", "--expires", "soon"], "'soon' is not a duration"),
        (["--name", "a", "--scope", "*", "--append", "no/such/file"], "'file' cannot be written"),
        (["--name", "a", "--scope", "*", "--append", "."], "cannot be written"),
    ],
)
def test_what_cannot_be_made_is_not_shown(toolyard: Toolyard, words: list[str], said: str) -> None:
    told = toolyard("token", "new", *words)
    assert (told.code, told.output) == (2, "")
    assert said in told.errors


@pytest.mark.parametrize(
    ("text", "seconds"), [("1m", 60), ("12h", 43200), ("90d", 7776000), ("4w", 2419200)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "0d", "-1d", "1.5h", "90", "d", "1y", "1 d", "9999999d", "\u0661d"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a duration"):
        seconds_of(text)


def test_a_token_that_cannot_be_shown_is_not_added(tmp_path: Path) -> None:
    file = tmp_path / "tokens.jsonl"
    script = f"'{COMMAND}' token new --append '{file}' >&-"
    told = run(["sh", "-c", script])
    assert told.code == 2
    assert file.read_text() == ""


def test_a_token_for_which_there_is_no_room_is_told_so(tmp_path: Path) -> None:
    file = tmp_path / "tokens.jsonl"
    file.write_text("# full")
    script = f"ulimit -f 0; trap '' XFSZ; '{COMMAND}' token new --append '{file}'"
    told = run(["sh", "-c", script])
    assert told.code == 2
    assert told.errors == "The file 'tokens.jsonl' cannot be written.\n"
    assert file.read_text() == "# full"
