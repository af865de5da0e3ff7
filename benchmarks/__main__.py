"""Measure toolyard beside the SDK's MCPServer, FastMCP, a bare ASGI function and a bare open."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.check import compare, pooled, sections_to_repeat
from benchmarks.goals import goal_sections
from benchmarks.measuring import Wanted, measure
from benchmarks.page import write_page
from benchmarks.peers import PEERS, SDK
from benchmarks.plan import CHECK, QUICK, SECTIONS, USUAL, Section
from benchmarks.record import RESULTS, Record, as_text, read_results
from benchmarks.report import show_comparisons, show_record, show_verdict
from benchmarks.wire import BenchmarkError

EXAMPLES = """\
examples:
  python -m benchmarks                            everything, 12 to 17 minutes
  python -m benchmarks --quick                    everything, 6 to 10 minutes, noisier
  python -m benchmarks --save                     everything, into benchmarks/results.json and
                                                  docs/performance.md, which are never edited
  python -m benchmarks --check                    the goals only, and fail where a ratio is clearly
                                                  15 % short of benchmarks/results.json, or
                                                  a time or memory is past its bound
  python -m benchmarks --render                   docs/performance.md anew, nothing measured
  python -m benchmarks --only calls               calls per second, latency, CPU per call
  python -m benchmarks --only tools --full        FastMCP with 10,000 tools as well
  python -m benchmarks --only gateway             calls through a gateway, beside other gateways
  python -m benchmarks --only teams --full        large teams of slow frameworks as well
  python -m benchmarks --servers toolyard         toolyard and MCPServer only
  python -m benchmarks --json numbers.json        every round's numbers in a file as well
  make bench BENCH="--quick --only start"         the same through make

exit codes:
  0    measured; a goal that is not reached is shown, and is no error
  1    the numbers clearly refute a claim, or with --check a goal fell short, or there is no result
  2    the command line makes no sense
  130  interrupted

The claims: toolyard serves no fewer calls per second than the SDK's MCPServer, its gateway passes
on ten times as many as FastMCP's, and the cost of a call does not grow with the number of tools.
Where the rounds disagree, nothing is refuted; a quick run has too few of them to refute anything.
"""


@dataclass(frozen=True)
class Given:
    """The command line."""

    quick: bool
    full: bool
    only: Section | None
    servers: str | None
    json: Path | None
    save: bool
    check: bool
    render: bool


def main() -> int:
    given = _read_arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the servers end as well
    console = Console()
    started = time.monotonic()
    try:
        good = _done(given, console)
    except BenchmarkError as error:
        console.print(f"The benchmark ended without a result. {error}", style="bold red")
        return 1
    except KeyboardInterrupt:
        return 130
    console.print(f"Took {time.monotonic() - started:.0f} s.", style="dim")
    return 0 if good else 1


def _done(given: Given, console: Console) -> bool:
    if given.render:
        return _render()
    return _check(console) if given.check else _run(given, console)


def _read_arguments() -> Given:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="fewer and shorter rounds")
    add(
        "--full",
        action="store_true",
        help="also what takes minutes: FastMCP with 10,000 tools, large teams",
    )
    add("--only", choices=SECTIONS, help="one of the measurements")
    names = ", ".join(peer.name for peer in PEERS)
    add("--servers", metavar="A,B", help=f"which to measure; {SDK} always is (of {names})")
    add("--json", type=Path, metavar="FILE", help="write every number to FILE")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument(
        "--save", action="store_true", help="keep a whole run as the one that counts"
    )
    modes.add_argument("--check", action="store_true", help="compare with the run that counts")
    modes.add_argument("--render", action="store_true", help="draw the page of the run that counts")
    given = Given(**vars(parser.parse_args()))
    if given.save and (given.quick or given.only or given.servers):
        parser.error("--save keeps a whole run: leave out --quick, --only and --servers.")
    return given


def _run(given: Given, console: Console) -> bool:
    sections = (given.only,) if given.only else SECTIONS
    amount = QUICK if given.quick else USUAL
    wanted = Wanted(sections, amount, given.servers, given.full, needs_all=given.save)
    record = measure(wanted, console)
    if given.json:
        given.json.write_text(as_text(record), encoding="utf-8")
    if given.save:
        RESULTS.write_text(as_text(record), encoding="utf-8")
        _render()
    show_record(console, record, sections)
    return show_verdict(console, record.tables)


def _check(console: Console) -> bool:
    """Measure what goals are about, and once more what falls short, before it counts."""
    then = read_results()
    now = measure(Wanted(goal_sections(), CHECK), console)
    if again := sections_to_repeat(compare(then, now)):
        console.print(f"Again, to be sure: {', '.join(again)}.")
        repeated = measure(Wanted(again, CHECK), console)
        now = Record(now.date, now.environment, now.missing, pooled(now.tables, repeated.tables))
    return show_comparisons(console, compare(then, now))


def _render() -> bool:
    write_page(read_results())
    return True


if __name__ == "__main__":
    sys.exit(main())
