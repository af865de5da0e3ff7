"""What a turn of an agent costs beside a loop written by hand, and beside other frameworks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from benchmarks.asking import program, pythons_of, rounds_of, told
from benchmarks.environments import LANGGRAPH, OPENAI_AGENTS, PYDANTIC_AI, Environment
from benchmarks.peers import TOOLYARD
from benchmarks.pinned import Pinned
from benchmarks.plan import Plan, in_turn
from benchmarks.table import Metric, Table, Values

BARE = "bare loop"
OTHERS: Mapping[str, Environment] = {
    "pydantic-ai": PYDANTIC_AI,
    "openai-agents": OPENAI_AGENTS,
    "langgraph": LANGGRAPH,
}
FEW, MANY = 100, 1_000
"""Agents at once: with many, a round of those that are slow takes a minute."""
SHORT, LONG = 10, 200
"""Tool calls in a run."""
TURN = Metric("cpu_us", "CPU µs per turn")
METRICS = (TURN, Metric("agent_kb", "kB per agent"), Metric("run_kb", "kB per further run"))
_SLOW = "with 1,000 agents it takes minutes; --full measures it"

Loops = Mapping[str, Pinned]


def row(name: str, calls: int) -> str:
    """What a run of so many tool calls is called."""
    return f"{name}, {calls} calls"


def measure_agents(plan: Plan, others: Mapping[str, Environment] = OTHERS) -> list[Table]:
    """Each loop in a process of its own."""
    pythons, missing = pythons_of((BARE, TOOLYARD), others)
    with ExitStack() as stack:
        loops = {
            name: stack.enter_context(program(plan, "agent_loops", name, python))
            for name, python in pythons.items()
        }
        ours = {name: loop for name, loop in loops.items() if name in (BARE, TOOLYARD)}
        few, growth = _at_once(plan, FEW, loops), _growth(plan, loops)
        many = _at_once(plan, MANY, loops if plan.full else ours)
    for table in (few, many, growth):
        table.missing |= missing
    if not plan.full:
        many.missing |= {name: _SLOW for name in loops if name not in ours}
    return [few, many, growth]


def _at_once(plan: Plan, agents: int, loops: Loops) -> Table:
    title = f"{agents:,} agents at once, {SHORT} tool calls each"
    table = Table(f"agents/{agents}", title, BARE, METRICS)
    asked = (f"turns {agents} {SHORT} {plan.amount.call_s}", f"memory {agents}")
    for number in rounds_of(plan, table):
        taken = {name: told(loops[name], asked) for name in in_turn(list(loops), number)}
        table.rounds.append({name: taken[name] for name in loops})
    return table


def _growth(plan: Plan, loops: Loops) -> Table:
    title = "One agent, by the length of its run"
    table = Table("agents/growth", title, row(BARE, SHORT), (TURN,))
    rows = {row(name, calls): (name, calls) for name in loops for calls in (SHORT, LONG)}
    for number in rounds_of(plan, table):
        taken = dict[str, Values]()
        for label in in_turn(list(rows), number):
            name, calls = rows[label]
            taken[label] = told(loops[name], [f"turns 1 {calls} {plan.amount.call_s}"])
        table.rounds.append({label: taken[label] for label in rows})
    return table
