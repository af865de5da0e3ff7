"""Results apart from what is printed, also while several threads want that."""

import io
import subprocess
import sys

import pytest

from toolyard.wiring.output import results_apart

SCRIPT = """
import os, sys, threading
from toolyard.wiring.output import results_apart

begun, go = threading.Barrier(3), [threading.Event(), threading.Event()]


def load(number):
    with results_apart():
        begun.wait(10)
        go[number].wait(10)
        print(f"noise {number}")
        os.system("echo noise of a process")


before = sys.stdout
threads = [threading.Thread(target=load, args=(number,)) for number in (0, 1)]
for each in threads:
    each.start()
begun.wait(10)
for event, thread in zip(go, threads):  # the one that came first leaves first
    event.set()
    thread.join(10)
assert sys.stdout is before
with results_apart() as results:
    print("noise")
    results.write("result\\n")
print("at the end")
"""


def test_threads_that_leave_in_any_order_leave_everything_as_it_was() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout) == (0, "result\nat the end\n"), done.stderr
    assert done.stderr.count("noise of a process\n") == 2


def test_a_stream_of_somebody_else_is_not_closed(capsys: pytest.CaptureFixture[str]) -> None:
    ours = sys.stdout
    with results_apart() as results:
        assert results is ours
        sys.stdout = io.StringIO()  # as a tool may do, in another thread
    assert not ours.closed
    assert sys.stdout is ours
    print("still here")
    assert capsys.readouterr().out == "still here\n"
