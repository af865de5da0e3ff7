"""What the documents show is run."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.process import free_port, running

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]
COMMANDS = [line for language, text in BLOCKS if not language for line in text.splitlines() if line]
TOOLYARD = Path(sys.executable).parent / "toolyard"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", path], capture_output=True, text=True, timeout=30
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_every_example_the_readme_names_is_there() -> None:
    for link in re.findall(r"\]\(([^):]+)\)", README):
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("text", PYTHON, ids=range(len(PYTHON)))
def test_a_python_block_of_the_readme_runs(text: str, tmp_path: Path) -> None:
    file = tmp_path / "block.py"
    file.write_text(text)

    done = subprocess.run(
        [TOOLYARD, "tools", f"stdio:{TOOLYARD} serve {file} --stdio", "--json"],
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert done.returncode == 0, done.stderr
    assert '"inputSchema"' in done.stdout


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """The README's first server, started with the README's command on a free port."""
    (tmp_path / "my_tools.py").write_text(PYTHON[0])
    port = free_port()
    command = next(
        line for line in COMMANDS if line.startswith("toolyard serve my_tools.py --port")
    )
    words = shlex.split(command.replace("8080", str(port)))
    with running([str(TOOLYARD), *words[1:]], directory=tmp_path) as process:
        process.answers(f"http://127.0.0.1:{port}/readyz")
        yield tmp_path, port


def test_the_commands_of_the_first_screen_do_what_they_say(server: tuple[Path, int]) -> None:
    directory, port = server
    spoken = ("toolyard tools", "toolyard call", "toolyard doctor", "toolyard host-config")
    commands = [line for line in COMMANDS if line.startswith(spoken)]
    assert len(commands) == len(spoken)

    outputs: list[str] = []
    for command in commands:
        words = shlex.split(command.replace("8080", str(port)), comments=True)
        done = subprocess.run(
            [TOOLYARD, *words[1:]], cwd=directory, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        outputs.append(done.stdout)

    assert "add" in outputs[0]
    assert outputs[1].strip() == "42.0"
    assert "${TOOLYARD_TOKEN}" in outputs[3]


def test_the_readme_names_the_two_make_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()

    for target in ("serve", "test"):
        assert f"make {target}" in README
        assert f"\n{target}: " in makefile


def test_what_a_change_must_pass_is_what_continuous_integration_runs() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    commands = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if "make" in line]

    assert sorted(commands) == ["make check", "make test"]
    assert "A change must pass `make test` and `make check`" in contributing
