"""How processes are ended that make others meanwhile."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolyard.builtin_tools.bash.broker.descendants import kill
from toolyard.builtin_tools.bash.broker.system import IS_LINUX


@pytest.mark.skipif(not IS_LINUX, reason="It looks into /proc.")
def test_nothing_is_killed_before_all_are_stopped() -> None:
    with subprocess.Popen(["sleep", "60"]) as first, subprocess.Popen(["sleep", "60"]) as second:
        found: Iterator[list[int]] = iter([[first.pid], [first.pid, second.pid]])
        states: list[str] = []

        def find() -> list[int]:
            stat = Path(f"/proc/{first.pid}/stat")
            states.append(stat.read_text().rpartition(")")[2].split()[0])
            return next(found, [first.pid, second.pid])

        assert set(kill(find, time.monotonic() + 5)) == {first.pid, second.pid}
        assert [first.wait(5), second.wait(5)] == [-signal.SIGKILL] * 2
    assert len(states) == 3, "until no other is found"
    assert "Z" not in states
