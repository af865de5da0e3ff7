"""Starts the program of `crew.py`, and judges what it did."""

import json
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.process import Finished, run

PROGRAM = Path(__file__).with_name("crew.py")
REQUESTS = 17
"""To models, in an uninterrupted run of all teams."""


def command(url: str, log: Path, *words: str) -> list[str]:
    return [sys.executable, str(PROGRAM), url, str(log), *words]


@cache
def uninterrupted() -> tuple[dict[str, str], Counter[str]]:
    """What each team comes to, and how often each request is made."""
    with TemporaryDirectory() as place:
        log = Path(place, "log")
        done = run(command(f"sqlite:{place}/dbos.db", log, "10"), timeout_s=50)
        assert done.code == 0, done
        return json.loads(done.output), requests(log)


def requests(log: Path) -> Counter[str]:
    return Counter(line.split(" ", 1)[1] for line in log.read_text().splitlines())


def assert_the_same(done: Finished, log: Path, before: Counter[str]) -> None:
    """Each run came to what it comes to uninterrupted, and only what was in flight was repeated."""
    assert done.code == 0, done
    results, asked = uninterrupted()
    assert json.loads(done.output) == results
    assert set(requests(log)) == set(asked)
    again = requests(log) - asked
    assert again <= before
    assert max(Counter(each.split()[0] for each in again.elements()).values(), default=0) <= 1
