"""What asking a model costs on top of its provider's own library, beside other layers."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.environments import ANY_LLM, LITELLM, ROOT, Environment
from benchmarks.host import host
from benchmarks.pinned import Pinned, pinned
from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.start import IMPORT_METRICS, time_import
from benchmarks.table import Metric, Table, Values
from benchmarks.wire import BenchmarkError

BARE = "openai"
CALLS = {"call": "A call of a model", "stream": "A stream of 100 pieces from a model"}
METRICS = (Metric("cpu_ms", "CPU ms"), Metric("p50_ms", "p50 ms"))
OTHERS: Mapping[str, Environment] = {"any-llm": ANY_LLM, "litellm": LITELLM}
_OURS = "from toolyard.llm.models import chat_model"
_IMPORTS: Mapping[str, str] = {
    "toolyard, no extra": _OURS,
    **{
        f"toolyard, {name}": f"{_OURS}; import {library}"
        for name, library in (
            ("openai", "openai"),
            ("anthropic", "anthropic"),
            ("gemini", "google.genai"),
        )
    },
}
"""What has been loaded when a model of the extra is asked for the first time."""
_THEIRS = {"any-llm": "import any_llm", "litellm": "import litellm"}


def measure_models(plan: Plan) -> list[Table]:
    """Each library in a process of its own, the provider in another on the core of the load."""
    tables = {what: Table(f"models/{what}", title, BARE, METRICS) for what, title in CALLS.items()}
    imports = Table("models/imports", "Imports of what asks models", BARE, IMPORT_METRICS)
    pythons, missing = _pythons()
    for table in (*tables.values(), imports):
        table.missing |= missing
    with host("model_provider") as port, ExitStack() as stack:
        url = f"http://127.0.0.1:{port}/v1"
        clients = {
            name: stack.enter_context(_client(plan, name, python, url))
            for name, python in pythons.items()
        }
        for number in rounds(plan.amount.call_rounds, plan.amount):
            plan.say(f"Models, round {number + 1} of {plan.amount.call_rounds}")
            for what, table in tables.items():
                order = in_turn(list(clients), number)
                taken = {name: _taken(clients[name], what, plan.amount.call_s) for name in order}
                table.rounds.append({name: taken[name] for name in clients})
    for _ in rounds(plan.amount.starts, plan.amount):
        imports.rounds.append(_imported(pythons))
    return [*tables.values(), imports]


def _pythons() -> tuple[dict[str, Path], dict[str, str]]:
    """The interpreter for each library, and why there is none for some."""
    here = Path(sys.executable)
    found, missing = {BARE: here, "toolyard": here}, dict[str, str]()
    for name, environment in OTHERS.items():
        reason = environment.set_up()
        if reason is None:
            found[name] = environment.python
        else:
            missing[name] = reason
    return found, missing


@contextmanager
def _client(plan: Plan, name: str, python: Path, url: str) -> Generator[Pinned]:
    command = [str(python), str(ROOT / "benchmarks" / "model_clients.py"), name, url]
    with pinned(command, plan.cores, pipes=True) as client:
        yield client


def _taken(client: Pinned, what: str, seconds: float) -> Values:
    asked, told = client.process.stdin, client.process.stdout
    assert asked is not None
    assert told is not None
    asked.write(f"{what} {seconds}\n".encode())
    line = told.readline()
    if not line:
        raise BenchmarkError(f"A client of a model ended by itself:\n{client.said()}")
    return json.loads(line)


def _imported(pythons: Mapping[str, Path]) -> dict[str, Values]:
    here = Path(sys.executable)
    theirs = {name: time_import(pythons[name], _THEIRS[name]) for name in OTHERS if name in pythons}
    ours = {name: time_import(here, statement) for name, statement in _IMPORTS.items()}
    return {BARE: time_import(here, "import openai"), **ours, **theirs}
