"""A run as a file: what it ran on, every figure of every round, and what it says about goals."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.environments import ROOT
from benchmarks.goals import Outcome, outcomes
from benchmarks.table import Metric, Ratio, Table, Values, ratio_of

RESULTS = ROOT / "benchmarks" / "results.json"
"""The last run that counts, written by `python -m benchmarks --save` and never by hand."""

_DIGITS = 5
_NUMBERS = re.compile(r"\[\s+([-+.,\w\s]*?)\s+\]")


@dataclass(frozen=True)
class Record:
    """One run."""

    date: str
    environment: Mapping[str, str]
    """Processor, cores, system, Python, amount and versions, as they are shown."""
    missing: Mapping[str, str]
    """Why servers were left out, by name."""
    tables: Sequence[Table]

    @property
    def outcomes(self) -> list[Outcome]:
        """What it says about each goal."""
        return outcomes(self.tables, self.missing)

    def table(self, key: str) -> Table | None:
        """Its table of this key, if it has one."""
        return next((table for table in self.tables if table.key == key), None)


def as_text(record: Record) -> str:
    """What its file holds."""
    tables = [_of_table(table) for table in record.tables]
    # From the figures as they are kept, so that reading them again gives the same.
    judged = outcomes([_table_of(each) for each in tables], record.missing)
    content = {
        "date": record.date,
        "environment": dict(record.environment),
        "missing": dict(record.missing),
        "goals": {each.goal.key: _of_outcome(each) for each in judged},
        "tables": tables,
    }
    # Each figure's rounds in one line, so that a change of the file can be read.
    text = json.dumps(content, indent=1, ensure_ascii=False)
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def of_text(text: str) -> Record:
    """The run that a file holds; its goals are judged anew, from its figures."""
    content = json.loads(text)
    tables = [_table_of(each) for each in content["tables"]]
    return Record(content["date"], content["environment"], content["missing"], tables)


def read_results(path: Path = RESULTS) -> Record:
    """The run in a file."""
    return of_text(path.read_text(encoding="utf-8"))


def _of_outcome(outcome: Outcome) -> dict[str, Any]:
    goal = outcome.goal
    named = {"work": goal.work, "against": goal.against, "goal": goal.text}
    if outcome.ratio is None:
        return {**named, "not measured": outcome.reason}
    return {**named, **_of_ratio(outcome.ratio), "holds": outcome.holds}


def _of_table(table: Table) -> dict[str, Any]:
    return {
        "key": table.key,
        "title": table.title,
        "base": table.base,
        "metrics": [asdict(metric) for metric in table.metrics],
        "missing": table.missing,
        "rows": {row: _of_row([values[row] for values in table.rounds]) for row in table.rows},
    }


def _of_row(rounds: Sequence[Values]) -> dict[str, Any]:
    return {key: _of_figure([values[key] for values in rounds]) for key in rounds[0]}


def _of_figure(rounds: Sequence[float]) -> dict[str, Any]:
    taken = [_rounded(value) for value in rounds]
    spread = ratio_of(taken)
    return {**(_of_ratio(spread) if spread else {}), "rounds": taken}


def _of_ratio(ratio: Ratio) -> dict[str, float]:
    return {
        "median": _rounded(ratio.median),
        "low": _rounded(ratio.low),
        "high": _rounded(ratio.high),
    }


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _table_of(content: Mapping[str, Any]) -> Table:
    rows: dict[str, dict[str, dict[str, list[float]]]] = content["rows"]
    count = max((len(f["rounds"]) for row in rows.values() for f in row.values()), default=0)
    rounds: list[dict[str, Values]] = [
        {
            row: {key: figure["rounds"][number] for key, figure in figures.items()}
            for row, figures in rows.items()
        }
        for number in range(count)
    ]
    metrics = [Metric(**each) for each in content["metrics"]]
    named = (content["key"], content["title"], content["base"])
    return Table(*named, metrics, rounds, dict(content["missing"]))
