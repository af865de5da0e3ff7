"""What a turn in a team of agents costs beside loops written by hand, and other frameworks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from benchmarks.asking import program, pythons_of, rounds_of, told
from benchmarks.environments import AGENT_FRAMEWORK, CREWAI, LANGGRAPH, Environment
from benchmarks.peers import TOOLYARD
from benchmarks.pinned import Pinned
from benchmarks.plan import Plan, in_turn
from benchmarks.table import Metric, Table, Values
from benchmarks.team_script import PATTERNS, Pattern, heard_in, turns_of

BARE = "bare loop"
DURABLE = f"{TOOLYARD}, durable"
OTHERS: Mapping[str, Environment] = {
    "langgraph": LANGGRAPH,
    "crewai": CREWAI,
    "agent-framework": AGENT_FRAMEWORK,
}
SIZES = FEW, SOME, MANY = 10, 100, 1_000
"""Agents in a team."""
TURN, MEMORY = Metric("cpu_us", "CPU µs per turn"), Metric("agent_kb", "kB per agent")
HEARD = Metric("heard_us", "CPU µs per message heard")
WALL = Metric("wall_us", "µs per turn")

_SHARE = 0.5
"""Of a usual stretch of load, for one row."""
_SLOW = "it takes a minute or more; --full measures it"
_SLOW_FROM: Mapping[tuple[str, Pattern], int] = {
    ("crewai", "round-robin"): SOME,
    ("crewai", "parallel"): SOME,
    ("agent-framework", "layers"): MANY,
}
_NEVER_FROM: Mapping[tuple[str, Pattern], tuple[int, str]] = {
    ("crewai", "layers"): (FEW, "of its tasks, none that is done with others hears of such"),
    ("agent-framework", "round-robin"): (SOME, "its group chat ends a run after 100 steps"),
}


def row(agents: int) -> str:
    """What a team of so many is called beside others of ours."""
    return f"{agents:,} agents"


def key(pattern: Pattern, agents: int | str) -> str:
    """The key of a table."""
    return f"teams/{pattern}/{agents}"


def measure_teams(plan: Plan, others: Mapping[str, Environment] = OTHERS) -> list[Table]:
    """Each framework in a process of its own."""
    pythons, missing = pythons_of((BARE, TOOLYARD, DURABLE), others)
    with ExitStack() as stack:
        teams = {
            name: stack.enter_context(program(plan, "team_loops", name, python))
            for name, python in pythons.items()
        }
        beside = [_beside(plan, each, size, teams) for each in PATTERNS.values() for size in SIZES]
        growth = [_growth(plan, each, teams[TOOLYARD]) for each in PATTERNS.values()]
        durable = _durable(plan, teams)
    for table in beside:
        table.missing |= missing
    return [*beside, *growth, durable]


def why_not(name: str, pattern: Pattern, agents: int, *, full: bool) -> str | None:
    """Why such a team is not measured; `None` if it is."""
    least, why = _NEVER_FROM.get((name, pattern), (agents + 1, ""))
    if agents >= least:
        return why
    slow = _SLOW_FROM.get((name, pattern), agents + 1)
    return _SLOW if agents >= slow and not full else None


def _beside(plan: Plan, pattern: Pattern, agents: int, teams: Mapping[str, Pinned]) -> Table:
    table = Table(
        *(key(pattern, agents), f"{_named(pattern)} of {row(agents)}", BARE, (TURN, MEMORY))
    )
    reasons = {
        name: why_not(name, pattern, agents, full=plan.full) for name in teams if name != DURABLE
    }
    table.missing |= {name: why for name, why in reasons.items() if why is not None}
    names = [name for name, why in reasons.items() if why is None]
    memory = dict[str, Values]()
    for number in rounds_of(plan, table):
        taken = {
            name: _turns(plan, teams[name], pattern, agents) for name in in_turn(names, number)
        }
        if not memory:  # which is counted, and so the same each time
            memory = {name: told(teams[name], [f"memory {pattern} {agents}"]) for name in names}
        table.rounds.append(
            {name: {"cpu_us": taken[name]["cpu_us"], **memory[name]} for name in names}
        )
    return table


def _growth(plan: Plan, pattern: Pattern, team: Pinned) -> Table:
    """Ours by the number of agents, in the same rounds."""
    base = row(SOME if pattern == "round-robin" else FEW)
    metrics = (TURN,) if pattern == "parallel" else (TURN, HEARD)
    title = f"{_named(pattern)}, toolyard, by the number of agents"
    table = Table(key(pattern, "growth"), title, base, metrics)
    for number in rounds_of(plan, table):
        taken = {
            size: _turns(plan, team, pattern, size)["cpu_us"] for size in in_turn(SIZES, number)
        }
        table.rounds.append({row(size): _grown(pattern, size, taken[size]) for size in SIZES})
    return table


def _grown(pattern: Pattern, agents: int, cpu_us: float) -> Values:
    heard = heard_in(pattern, agents)
    if not heard:
        return {"cpu_us": cpu_us}
    return {"cpu_us": cpu_us, "heard_us": cpu_us * turns_of(pattern, agents) / heard}


def _durable(plan: Plan, teams: Mapping[str, Pinned]) -> Table:
    title = f"Round robin of {row(FEW)}, with a journal in SQLite"
    table = Table("teams/durable", title, TOOLYARD, (TURN, WALL))
    for number in rounds_of(plan, table):
        taken = {
            name: _turns(plan, teams[name], "round-robin", FEW)
            for name in in_turn((TOOLYARD, DURABLE), number)
        }
        table.rounds.append({name: taken[name] for name in (TOOLYARD, DURABLE)})
    return table


def _turns(plan: Plan, team: Pinned, pattern: Pattern, agents: int) -> Values:
    return told(team, [f"turns {pattern} {agents} {plan.amount.call_s * _SHARE}"])


def _named(pattern: Pattern) -> str:
    return pattern.replace("-", " ").capitalize()
