"""The page about agents: what it shows is run, and its figures are those of the code."""

import subprocess
import sys
from pathlib import Path

import anyio
from tests.docs.pages import AGENTS
from tests.docs.shell import shell

from toolyard import ThoughtChain


def test_the_page_prints_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text("\n".join(AGENTS.blocks("python")))

    done = subprocess.run(
        [sys.executable, "-W", "error", tmp_path / "page.py"],
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert (done.stdout, done.stderr) == ("".join(AGENTS.blocks("text")), "")


def test_the_commands_of_the_page(tmp_path: Path) -> None:
    async def think() -> None:
        async with ThoughtChain(tmp_path / "thoughts.jsonl") as chain:
            await chain.append("mai", "finding", "Track 2 is blocked.")

    anyio.run(think)
    with shell(tmp_path) as typing:
        told = [typing.types(command) for command in AGENTS.commands]
    assert len(told) == len(AGENTS.commands)
    assert (tmp_path / "thoughts.jsonl.head").exists()
