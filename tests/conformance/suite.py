"""Runs the official conformance suite and reads what it found."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from tests.support.node import Node
from tests.support.process import run

Side = Literal["server", "client"]

RUN_TIMEOUT_S = 300
SCENARIO_TIMEOUT_MS = 200_000
"""All client scenarios start at once, so on a small machine each takes its time."""

_LEGS: Mapping[Side, str] = {"server": "Server scenarios", "client": "Client scenarios"}
_RESULT_DIRECTORY = re.compile(r"-\d{4}-\d\d-\d\dT[\d-]+Z$")
"""The suite ends the name of a scenario's directory with the time it ran."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the suite looked at; `status` is SUCCESS, FAILURE, WARNING, SKIPPED or INFO."""

    name: str
    status: str
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What the suite found in the scenarios that a revision of the protocol requires."""

    code: int
    checks: Mapping[str, Sequence[Check]]
    """The checks of each required scenario; none for one that left no result."""
    said: str

    @property
    def passed(self) -> Sequence[str]:
        """The scenarios in which something was checked and nothing failed or warned."""
        return [name for name, checks in self.checks.items() if _is_clean(checks)]

    @property
    def problems(self) -> Sequence[str]:
        """Each failed check and each warning, readable, and each scenario without a result."""
        bad = self._with_status("FAILURE", "WARNING")
        empty = [f"{name}: nothing was checked" for name, found in self.checks.items() if not found]
        return [*bad, *empty]

    @property
    def skipped(self) -> Sequence[str]:
        """Each check that the suite left out, which it counts as green."""
        return self._with_status("SKIPPED")

    def _with_status(self, *statuses: str) -> Sequence[str]:
        return [
            f"{scenario}: {check.name}: {check.status}: {check.message}"
            for scenario, checks in self.checks.items()
            for check in checks
            if check.status in statuses
        ]


def run_suite(node: Node, side: Side, revision: str, *options: str, output: Path) -> Report:
    """Test one `side` against everything that `revision` requires.

    Args:
        node: Where the suite is installed.
        side: What is tested; `options` then name it, as `--url` or `--command`.
        revision: A protocol revision that the suite has a set of requirements for.
        options: Passed to the suite.
        output: An empty directory for the suite's results.
    """
    finished = run(
        node.conformance(side, "--requirements", revision, "--output-dir", str(output), *options),
        timeout_s=RUN_TIMEOUT_S,
    )
    results = read_results(output, side)
    required = _required(node, side, revision)
    return Report(finished.code, {name: results.get(name, ()) for name in required}, str(finished))


def _required(node: Node, side: Side, revision: str) -> Sequence[str]:
    """The names of the scenarios that count, from the suite itself."""
    section = _listed(node, revision).partition(_LEGS[side])[2].partition("\n\n")[0]
    return re.findall(r"^ +- (\S+)$", section, re.MULTILINE)


@cache
def _listed(node: Node, revision: str) -> str:
    return run(node.conformance("list", "--requirements", revision)).output


def read_results(output: Path, side: Side) -> Mapping[str, Sequence[Check]]:
    """The checks by scenario; the name of a scenario may hold slashes, as its directory does."""
    results: dict[str, Sequence[Check]] = {}
    for file in sorted(output.rglob("checks.json")):
        directory = _RESULT_DIRECTORY.sub("", file.parent.relative_to(output).as_posix())
        name = directory.removeprefix("server-") if side == "server" else directory
        results[name] = [_check(item) for item in json.loads(file.read_text())]
    return results


def _check(item: Mapping[str, Any]) -> Check:
    message = item.get("errorMessage") or item.get("description", "")
    return Check(name=item["id"], status=item["status"], message=message)


def _is_clean(checks: Sequence[Check]) -> bool:
    statuses = {check.status for check in checks}
    return "SUCCESS" in statuses and not statuses & {"FAILURE", "WARNING"}
