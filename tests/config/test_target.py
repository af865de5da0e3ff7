"""TARGET: a command, a URL, or a name."""

import pytest

from toolyard.config.target import command_in, is_url
from toolyard.core.errors import ConfigError


def test_a_command_is_split_as_a_shell_would() -> None:
    command = command_in("stdio:python 'my server.py' --name \"a b\"")
    assert command == ["python", "my server.py", "--name", "a b"]


@pytest.mark.parametrize("target", ["http://localhost/mcp", "calculator", "", "stdio"])
def test_anything_else_is_no_command(target: str) -> None:
    assert command_in(target) is None


@pytest.mark.parametrize(
    ("target", "said"),
    [("stdio:", "comes a command"), ("stdio:  ", "comes a command"), ("stdio:a 'b", "closed")],
)
def test_a_broken_command_is_a_sentence(target: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        command_in(target)


def test_a_url_has_a_scheme() -> None:
    assert is_url("http://x")
    assert not is_url("calculator")
