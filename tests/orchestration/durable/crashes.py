"""Starts the program that kills runs, and reads what came of it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.orchestration.durable.crashing import Plan, Tried

ROOT = Path(__file__).parents[3]


def crashes(plan: Plan, *teams: str, timeout_s: float) -> Iterator[Tried]:
    """What came of each team, all if none is named, as soon as it is known."""
    program = [sys.executable, "-m", "tests.orchestration.durable.crashing", *teams]
    with subprocess.Popen(
        ["timeout", str(timeout_s), *program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdin as told:
            json.dump(asdict(plan), told)
        for line in process.stdout:
            yield Tried(**json.loads(line))
    assert process.returncode == 0
