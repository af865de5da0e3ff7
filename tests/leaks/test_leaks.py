"""No token, no traceback and no path comes out of a server, however it is asked."""

import sys
from collections import Counter
from collections.abc import Sequence

import pytest
from tests.leaks.attacks import FORGED
from tests.leaks.sweep import INNERMOST, Swept, sweep
from tests.support.leaks import Secrets, excerpt, inside_view

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at in /proc"),
    pytest.mark.timeout(120),
]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    return sweep(tmp_path_factory.mktemp("leaky"))


def found_in(swept: Swept, texts: Sequence[str]) -> Sequence[str]:
    secrets = Secrets(swept.secrets)
    return [excerpt(text, found) for text in texts if (found := secrets.find(text))]


def answers_of(swept: Swept) -> Sequence[str]:
    return [answer.decode("latin-1") for answer in swept.answers.values()]


def test_the_sweep_came_everywhere_and_the_log_was_at_its_most_talkative(swept: Swept) -> None:
    statuses = Counter(answer.split(b" ")[1] for answer in swept.answers.values() if answer)
    assert statuses.keys() >= {b"200", b"400", b"401", b"403", b"404", b"405", b"421", b"431"}
    assert len(swept.answers) > 3000
    assert statuses[b"200"] > 1000
    assert INNERMOST.search(swept.log)
    assert " DEBUG mcp." in swept.log


def test_no_answer_holds_a_token_or_a_slice_of_one(swept: Swept) -> None:
    assert not found_in(swept, answers_of(swept))


def test_no_answer_shows_a_traceback_or_a_path(swept: Swept) -> None:
    assert not [each for each in answers_of(swept) if inside_view(each)]


def test_no_answer_shows_what_stands_in_an_error(swept: Swept) -> None:
    assert not [each for each in answers_of(swept) if INNERMOST.search(each)]


def test_no_line_of_the_log_holds_a_token(swept: Swept) -> None:
    assert not found_in(swept, swept.log.splitlines())


def test_no_caller_can_write_a_line_of_the_log(swept: Swept) -> None:
    assert not [line for line in swept.log.splitlines() if line.startswith(FORGED)]


def test_no_process_shows_a_token_in_its_command_line(swept: Swept) -> None:
    assert [("serve" in line) for line in swept.command_lines] == [True, True]
    assert not found_in(swept, swept.command_lines)


def test_a_process_that_a_server_starts_is_not_told_its_tokens(swept: Swept) -> None:
    assert "PATH=" in swept.child_environment
    assert "TOOLYARD" not in swept.child_environment
    assert "LEAKY" not in swept.child_environment
    assert not found_in(swept, [swept.child_environment])
