"""The page about prompts: what it shows is run, and prints what it says."""

import subprocess
import sys
from pathlib import Path

from tests.docs.pages import PROMPTS

from toolyard.prompts.json_spans import MOST_DEPTH
from toolyard.prompts.repair import MOST_LETTERS


def test_the_page_prints_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text("\n".join(PROMPTS.blocks("python")))

    done = subprocess.run(
        [sys.executable, "-W", "error", tmp_path / "page.py"],
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert (done.stdout, done.stderr) == ("".join(PROMPTS.blocks("text")), "")


def test_the_limits_are_those_of_the_code() -> None:
    assert f"deeper than {MOST_DEPTH} levels" in PROMPTS.text
    assert f"longer than {MOST_LETTERS} letters" in PROMPTS.text
