"""The reader of the suite's results: what the suite itself counts as green is looked at twice."""

import json
from pathlib import Path

from tests.conformance.suite import Check, Report, read_results


def report(**statuses: list[str]) -> Report:
    checks = {
        name: [Check("a-check", status, "as it said") for status in found]
        for name, found in statuses.items()
    }
    return Report(code=0, checks=checks, said="")


def test_a_scenario_passes_when_something_succeeded_and_nothing_failed() -> None:
    assert report(ping=["SUCCESS", "INFO"]).passed == ["ping"]
    assert report(ping=["SUCCESS", "FAILURE"]).passed == []
    assert report(ping=["SUCCESS", "WARNING"]).passed == []


def test_a_scenario_in_which_nothing_was_checked_does_not_pass() -> None:
    assert report(ping=["INFO"]).passed == []
    nothing = report(ping=[])
    assert nothing.passed == []
    assert nothing.problems == ["ping: nothing was checked"]


def test_a_failed_check_says_where_and_what() -> None:
    assert report(ping=["FAILURE"]).problems == ["ping: a-check: FAILURE: as it said"]


def test_a_skipped_check_is_told() -> None:
    assert report(listen=["SUCCESS", "SKIPPED"]).skipped == ["listen: a-check: SKIPPED: as it said"]


def test_results_are_found_by_scenario_even_where_its_name_has_a_slash(tmp_path: Path) -> None:
    found = [{"id": "a", "status": "SUCCESS", "description": "it is so"}]
    for directory in ("server-ping-2026-11-21T08-03-50-036Z", "auth/basic-2026-11-21T08-03-50-1Z"):
        (tmp_path / directory).mkdir(parents=True)
        (tmp_path / directory / "checks.json").write_text(json.dumps(found))
    check = [Check("a", "SUCCESS", "it is so")]
    assert read_results(tmp_path, "server") == {"ping": check, "auth/basic": check}
