"""`toolyard serve filesystem`, as a user would start it."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli.command import Toolyard
from tests.support.process import free_port, running
from tests.support.serving import COMMAND


@contextmanager
def served(root: Path, *options: str) -> Generator[str]:
    """The URL of a server of the files below `root`."""
    given = [f"filesystem.{each}" for each in (f"root={root}", *options)]
    words = [word for each in given for word in ("--set", each)]
    port = free_port()
    with running([COMMAND, "serve", "filesystem", "--port", str(port), *words]) as server:
        server.answers(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}/mcp"


def test_a_directory_is_served_and_its_files_are_written_and_read(
    toolyard: Toolyard, tmp_path: Path
) -> None:
    with served(tmp_path) as url:
        written = toolyard("call", url, "write_file", "path=notes/a.txt", "content=hello")
        refused = toolyard("call", url, "read_file", "path=../a.txt")
        examined = toolyard("doctor", url)

    assert (written.code, written.output) == (0, "Wrote notes/a.txt: 5 bytes.\n")
    assert (tmp_path / "notes" / "a.txt").read_text() == "hello"
    assert refused.code == 1
    assert "nothing above the root" in refused.errors + refused.output
    assert examined.code == 0, examined


def test_options_are_those_of_the_class(toolyard: Toolyard, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / ".env").write_text("x")
    with served(tmp_path, "read_only=true", 'denied_extensions=[".env"]') as url:
        listed = toolyard("call", url, "read_directory")
        tools = toolyard("tools", url)

    assert (listed.code, listed.output) == (0, "a.txt  1\n")
    assert "read_file" in tools.output
    assert "write_file" not in tools.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "needs the option 'root'"),
        (["root=/no/such/directory"], "There is no directory '/no/such/directory'"),
        (["root=.", "depth=3"], "does not take the options depth; it has: root, read_only"),
        (["root=.", "max_files=0"], "max_files must be a whole number above 0"),
    ],
)
def test_an_option_that_cannot_be_ends_with_2_and_a_sentence(
    toolyard: Toolyard, options: list[str], said: str
) -> None:
    words = [word for each in options for word in ("--set", f"filesystem.{each}")]
    told = toolyard("serve", "filesystem", "--stdio", *words)
    assert told.code == 2
    assert said in " ".join(told.errors.split())
