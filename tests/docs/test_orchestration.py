"""The page about teams: what it shows is run, and every workflow is on it."""

import re
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import ORCHESTRATION

import toolyard
from toolyard import Workflow


def test_the_page_prints_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text("\n".join(ORCHESTRATION.blocks("python")))

    done = subprocess.run(
        [sys.executable, "-W", "error", tmp_path / "page.py"],
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert (done.stdout, done.stderr) == ("".join(ORCHESTRATION.blocks("text")), "")


def test_every_workflow_is_on_the_page() -> None:
    public = (getattr(toolyard, name) for name in toolyard.__all__)
    kinds = {each for each in public if isinstance(each, type) and issubclass(each, Workflow)}
    rows = set(re.findall(r"^\| `(\w+)\(", ORCHESTRATION.text, re.MULTILINE))

    assert {each.__name__ for each in kinds} == rows | {"TeamWorker", "Workflow"}
