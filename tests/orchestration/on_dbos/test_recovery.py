"""Runs on DBOS whose processes are killed, and runs that several processes do together."""

import json
from pathlib import Path

from tests.orchestration.on_dbos.killing import assert_the_same, command, requests, uninterrupted
from tests.support.process import run, running


def test_runs_of_a_killed_process_come_to_the_same(sqlite_url: str, tmp_path: Path) -> None:
    log = tmp_path / "log"

    killed = run(command(sqlite_url, log, "10", "6"), timeout_s=50)
    before = requests(log)
    done = run(command(sqlite_url, log, "10"), timeout_s=50)

    assert killed.code == -9
    assert_the_same(done, log, before)


def test_another_process_goes_on_with_runs_of_a_killed_one(
    postgres_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"

    killed = run(command(postgres_url, log, "10", "9"), timeout_s=50)
    before = requests(log)
    with running(command(postgres_url, log, "10", "", "serve")) as other:
        other.line("serving", timeout_s=30)
        done = run(command(postgres_url, log, "0"), timeout_s=50)

    assert killed.code == -9
    assert_the_same(done, log, before)


def test_two_processes_do_the_work_of_one_run_each_part_once(
    postgres_url: str, tmp_path: Path
) -> None:
    results, asked = uninterrupted()
    log = tmp_path / "log"

    with (
        running(command(postgres_url, log, "2", "", "serve")) as one,
        running(command(postgres_url, log, "2", "", "serve")) as other,
    ):
        one.line("serving", timeout_s=30)
        other.line("serving", timeout_s=30)
        done = run(command(postgres_url, log, "0"), timeout_s=50)

    assert json.loads(done.output) == results
    assert requests(log) == asked
    assert len({line.split()[0] for line in log.read_text().splitlines()}) == 2
