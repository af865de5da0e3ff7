"""What the documents show is run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.pages import (
    AGENTS,
    CONTRIBUTING,
    DOCUMENTS,
    ORCHESTRATION,
    PAGES,
    PROMPTS,
    README,
    Page,
)
from tests.support.process import ROOT

EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))
PYTHON = [
    (page, text)
    for page in PAGES
    if page not in (AGENTS, ORCHESTRATION, PROMPTS)
    for text in page.blocks("python")
]
"""What is served; those other pages have programs."""
TOOLYARD = Path(sys.executable).parent / "toolyard"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path: Path) -> None:
    keyless = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    done = subprocess.run(
        [sys.executable, "-W", "error", path],
        env=keyless,
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_everything_a_page_points_to_is_there(page: Page) -> None:
    for link in page.links:
        assert (ROOT / page.path).parent.joinpath(link).exists(), link


def test_every_example_is_listed() -> None:
    assert {f"examples/{path.name}" for path in EXAMPLES} <= set(DOCUMENTS.links)


@pytest.mark.parametrize(
    ("page", "text"),
    PYTHON,
    ids=[f"{page.path}-{number}" for number, (page, _) in enumerate(PYTHON)],
)
def test_a_python_block_runs(page: Page, text: str, tmp_path: Path) -> None:
    file = tmp_path / "block.py"
    file.write_text(text)

    done = subprocess.run(
        [TOOLYARD, "tools", f"stdio:{TOOLYARD} serve {file} --stdio", "--json"],
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert done.returncode == 0, (page.path, done.stderr)
    assert '"inputSchema"' in done.stdout


def test_the_readme_names_the_two_make_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()

    for target in ("serve", "test"):
        assert f"make {target}" in README.text
        assert f"\n{target}: " in makefile


def test_what_a_change_must_pass_is_what_continuous_integration_runs() -> None:
    commands = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if "make" in line]

    assert sorted(commands) == ["make check", "make test"]
    assert "A change must pass `make test` and `make check`" in CONTRIBUTING.text
