"""Rate limits that several processes keep together."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from subprocess import PIPE

import pytest

from toolyard.security.rate import RateLimit, RateLimiter
from toolyard.security.shared_rate import SETS, WAYS, RateTable, shared_memory

SECRET = b"a secret of this run"
COUNTING = """
import sys, time
from toolyard.security.rate import RateLimit
from toolyard.security.shared_rate import RateTable
table = RateTable(int(sys.argv[1]), b"a secret of this run")
limiter = table.limiter(RateLimit(1e-6, 20_000), "rate")
print("ready", flush=True)
input()
print(sum(not limiter.check("ann", time.monotonic()) for _ in range(20_000)))
"""
LOCKING = """
import fcntl, sys
fcntl.lockf(int(sys.argv[1]), fcntl.LOCK_EX)
print("locked", flush=True)
input()
"""


@pytest.fixture
def table() -> RateTable:
    return RateTable(shared_memory(), SECRET)


def test_it_allows_what_a_limiter_of_one_process_does(table: RateTable) -> None:
    limit = RateLimit.parse("10/s burst 3")
    shared, own = table.limiter(limit, "rate"), RateLimiter(limit)
    times = [0.0, 0.0, 0.01, 0.02, 0.02, 0.15, 0.2, 0.21, 5.0, 5.0, 5.0, 5.0]

    assert [shared.check("ann", 1 + at) for at in times] == [
        own.check("ann", 1 + at) for at in times
    ]


def test_keys_and_names_are_counted_apart(table: RateTable) -> None:
    limit = RateLimit(1, 1)
    rate, failures = table.limiter(limit, "rate"), table.limiter(limit, "failures")

    assert rate.check("ann", 1.0) == 0
    assert rate.check("ann", 1.0) == 1
    assert rate.check(("ann",), 1.0) == rate.check("ben", 1.0) == failures.check("ann", 1.0) == 0


def test_processes_that_count_at_once_let_through_what_one_would() -> None:
    memory = shared_memory()
    command = [sys.executable, "-c", COUNTING, str(memory)]
    with ExitStack() as ends:
        processes = [
            ends.enter_context(
                subprocess.Popen(command, pass_fds=[memory], stdin=PIPE, stdout=PIPE)
            )
            for _ in range(2)
        ]
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            process.stdin.flush()
        allowed = [int(process.communicate(timeout=30)[0]) for process in processes]

    assert sum(allowed) == 20_000
    assert min(allowed) > 0


def test_more_keys_than_there_is_room_for_are_still_limited(table: RateTable) -> None:
    limiter = table.limiter(RateLimit(1, 1), "rate")
    for number in range(2 * SETS * WAYS):
        assert limiter.check(number, 1.0) == 0

    assert limiter.check(2 * SETS * WAYS - 1, 1.0) == 1


def test_one_that_holds_a_lock_for_ever_does_not_hold_up_the_others(table: RateTable) -> None:
    memory = table._file
    command = [sys.executable, "-c", LOCKING, str(memory)]
    with subprocess.Popen(command, pass_fds=[memory], stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        began = time.monotonic()
        assert table.limiter(RateLimit(1, 1), "rate").check("ann", 1.0) == 0
        assert time.monotonic() - began < 1
        process.kill()


def test_the_memory_has_no_name() -> None:
    assert os.fstat(shared_memory()).st_nlink == 0
