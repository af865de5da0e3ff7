"""Programs that measure themselves as they are told, each where its framework is installed."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.environments import Environment
from benchmarks.pinned import Pinned, pinned
from benchmarks.plan import Plan, rounds
from benchmarks.table import Table, Values
from benchmarks.wire import BenchmarkError


def pythons_of(
    here: Sequence[str], others: Mapping[str, Environment]
) -> tuple[dict[str, Path], dict[str, str]]:
    """The interpreter for each framework, and why there is none for some.

    Args:
        here: Those that are installed with toolyard.
        others: Where the others are.
    """
    failed = {name: environment.set_up() for name, environment in others.items()}
    there = {name: others[name].python for name, reason in failed.items() if reason is None}
    missing = {name: reason for name, reason in failed.items() if reason is not None}
    return {**dict.fromkeys(here, Path(sys.executable)), **there}, missing


@contextmanager
def program(plan: Plan, module: str, name: str, python: Path) -> Generator[Pinned]:
    """`module` of these benchmarks, for the framework `name`; it ends with the block."""
    command = [str(python), "-m", f"benchmarks.{module}", name]
    with pinned(command, plan.cores, pipes=True) as started:
        yield started


def told(program: Pinned, asked: Sequence[str]) -> Values:
    """What a program says to these lines, all together."""
    asking, answers = program.process.stdin, program.process.stdout
    assert asking is not None
    assert answers is not None
    values = dict[str, float]()
    for line in asked:
        with suppress(BrokenPipeError):  # then it says nothing either
            asking.write(f"{line}\n".encode())
        answer = answers.readline()
        if not answer:
            raise BenchmarkError(f"A program that measures ended by itself:\n{program.said()}")
        values |= json.loads(answer)
    return values


def rounds_of(plan: Plan, table: Table) -> Generator[int]:
    """The rounds of `table`, as of `rounds`."""
    most = max(1, plan.amount.tool_rounds)
    for number in rounds(most, plan.amount):
        plan.say(f"{table.title}, round {number + 1} of {most}")
        yield number
