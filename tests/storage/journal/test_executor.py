"""Whether who executes a run is dead, seen from the same machine."""

import os
import subprocess
import sys

from toolyard.storage.journal.executor import is_dead, new_owner


def test_whoever_lives_is_not_dead() -> None:
    assert not is_dead(new_owner())
    assert new_owner() != new_owner()


def test_a_process_that_ended_is_dead_also_before_it_is_waited_for() -> None:
    say = "from toolyard.storage.journal.executor import new_owner; print(new_owner(), flush=True)"
    with subprocess.Popen([sys.executable, "-c", say], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        owner = process.stdout.read().decode().strip()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_dead(owner)
    assert is_dead(owner)


def test_another_process_of_the_same_number_is_another() -> None:
    machine, pid, started, name = new_owner().split("/")
    assert is_dead("/".join((machine, pid, f"{int(started) - 1}", name)))


def test_of_another_machine_nothing_is_known() -> None:
    _, pid, started, name = new_owner().split("/")
    assert not is_dead("/".join(("elsewhere", pid, f"{int(started) - 1}", name)))
    assert not is_dead("/".join(("", pid, "", name)))
