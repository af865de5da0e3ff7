"""What is to be reached, each as figures of one table, and whether a run reached it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks import agent_turns, gateways, team_turns
from benchmarks.peers import BARE, FASTMCP, FASTMCP_JSON, SDK, SDK_JSON, TOOLYARD
from benchmarks.plan import SECTIONS, Section
from benchmarks.start import CALCULATOR, IMPORT_TOOLYARD, VERSION
from benchmarks.table import Ratio, Table, ratio_of
from benchmarks.team_script import Pattern
from benchmarks.tools import FEW, MANY
from benchmarks.workers import EVALUATING, ONE, TWO

Way = Literal["times less", "times more", "times at most"]


@dataclass(frozen=True)
class Goal:
    """One figure of one table, beside another row's figure of the same rounds or by itself."""

    key: str
    """What it is called in files; never changed."""
    work: str
    against: str
    """Whom, or nobody: then the figure itself has a bound."""
    section: Section
    table: str
    metric: str
    ours: str
    theirs: str | None
    way: Way
    bound: float
    unit: str = ""
    floor: float = 0.0
    """What no ratio can truly be less than; a round below it was lucky."""

    @property
    def text(self) -> str:
        """What must be reached."""
        if self.theirs is None:
            return f"at most {self.bound:g} {self.unit}"
        if self.way == "times at most":
            return f"at most {self.bound:g} times"
        return f"{self.bound:g} {self.way}"

    @property
    def more_is_better(self) -> bool:
        """Whether a larger ratio is."""
        return self.way != "times at most"

    def measured(self, table: Table) -> Ratio | None:
        """The ratio, or the figure itself, over the rounds of `table`; None without rounds."""
        if self.theirs is None:
            rounds = (values.get(self.ours) for values in table.rounds)
            return ratio_of([values[self.metric] for values in rounds if values])
        if self.way == "times less":
            return table.ratio(self.theirs, self.metric, self.ours)
        return table.ratio(self.ours, self.metric, self.theirs)


@dataclass(frozen=True)
class Outcome:
    """What a run says about a goal: a ratio with its spread, or why there is none."""

    goal: Goal
    ratio: Ratio | None
    reason: str = ""

    @property
    def holds(self) -> bool:
        """Whether the median of the rounds reaches the goal; nothing measured reaches none."""
        if self.ratio is None:
            return False
        if self.goal.more_is_better:
            return self.ratio.median >= self.goal.bound
        return self.ratio.median <= self.goal.bound


def outcomes(tables: Sequence[Table], missing: Mapping[str, str]) -> list[Outcome]:
    """One for each goal.

    Args:
        tables: Of one run.
        missing: Why servers were left out of all of them, by name.
    """
    by_key = {table.key: table for table in tables}
    return [_outcome(goal, by_key.get(goal.table), missing) for goal in GOALS]


def goal_sections() -> tuple[Section, ...]:
    """The measurements that goals need, in their usual order."""
    return tuple(section for section in SECTIONS if any(g.section == section for g in GOALS))


def _outcome(goal: Goal, table: Table | None, missing: Mapping[str, str]) -> Outcome:
    if table is None:
        return Outcome(goal, None, "it was not part of the run")
    ratio = goal.measured(table)
    if ratio is not None:
        return Outcome(goal, ratio)
    reasons = {**missing, **table.missing}
    named = [reasons[row] for row in (goal.ours, goal.theirs) if row in reasons]
    return Outcome(goal, None, named[0] if named else "it was not part of the run")


def _call(key: str, theirs: str, way: Way, bound: float) -> Goal:
    """Beside who answers in the same way: with one JSON text, not with a stream."""
    work = "modern `tools/call`, 32 connections, CPU"
    figures = ("calls/modern/32", "cpu_us", TOOLYARD, theirs)
    return Goal(key, work, theirs, "calls", *figures, way, bound)


def _stateless(key: str, theirs: str, bound: float) -> Goal:
    work = "legacy stateless call, 32 connections, CPU"
    figures = ("calls/stateless/32", "cpu_us", TOOLYARD, theirs)
    return Goal(key, work, theirs, "stateless", *figures, "times less", bound)


def _session(key: str, way: Way, bound: float) -> Goal:
    work = "legacy session call, 32 connections, CPU"
    figures = ("calls/legacy/32", "cpu_us", TOOLYARD, SDK_JSON)
    return Goal(key, work, f"{SDK}, one JSON answer", "calls", *figures, way, bound)


def _list(key: str, theirs: str, bound: float) -> Goal:
    figures = ("tools/modern/1000", "list_cpu_ms", TOOLYARD, theirs)
    work = "`tools/list` of 1,000 tools, CPU"
    return Goal(key, work, theirs, "tools", *figures, "times less", bound)


def _growth(era: str) -> Goal:
    figures = (f"growth/{era}", "cpu_us", MANY, FEW)
    work = f"{era} call with 10,000 tools, CPU"
    return Goal(f"growth-{era}", work, "with one", "tools", *figures, "times at most", 1.1, floor=1)


def _stdio(era: str) -> Goal:
    figures = (f"stdio/{era}", "p50_us", TOOLYARD, SDK)
    work = f"{era} round trip over stdio, p50"
    return Goal(f"stdio-{era}", work, SDK, "stdio", *figures, "times at most", 0.5)


def _start(key: str, work: str, table: str, metric: str, row: str, bound: float) -> Goal:
    unit = "MB" if metric == "rss_mb" else "ms"
    figures = (table, metric, row, None)
    return Goal(key, work, "", "start", *figures, "times at most", bound, unit)


def _agents(key: str, work: str, metric: str, bound: float, theirs: str | None = None) -> Goal:
    figures = (f"agents/{agent_turns.MANY}", metric, TOOLYARD, theirs)
    unit = "" if theirs else "kB"
    return Goal(key, work, theirs or "", "agents", *figures, "times at most", bound, unit)


def _teams(key: str, work: str, pattern: Pattern, metric: str, fewer: int, bound: float) -> Goal:
    """The largest team beside one of `fewer`, in the same rounds."""
    rows = (team_turns.row(team_turns.MANY), team_turns.row(fewer))
    figures = (team_turns.key(pattern, "growth"), metric, *rows)
    return Goal(key, work, f"of {fewer}", "teams", *figures, "times at most", bound)


GOALS: tuple[Goal, ...] = (
    _call("call-sdk", SDK_JSON, "times less", 8),
    _call("call-fastmcp", FASTMCP_JSON, "times less", 25),
    _call("call-bare", BARE, "times at most", 1.5),
    Goal(
        *("p50-sdk", "modern `tools/call`, 1 connection, p50", SDK, "calls"),
        *("calls/modern/1", "p50_ms", TOOLYARD, SDK, "times at most", 0.5),
    ),
    _stateless("stateless-sdk", SDK, 12),
    _stateless("stateless-fastmcp", FASTMCP, 20),
    _session("session-sdk", "times at most", 1),
    _session("session-sdk-lane", "times less", 6),
    _list("list-sdk", SDK, 20),
    _list("list-fastmcp", FASTMCP, 40),
    _growth("modern"),
    _growth("legacy"),
    Goal(
        *("gateway-fastmcp", "through the gateway, 16 callers, calls/s", gateways.FASTMCP),
        *("gateway", "gateway/modern/16", "rate", TOOLYARD, gateways.FASTMCP, "times more", 60),
    ),
    Goal(
        *("workers", "`serve calculator`, 2 workers and the load on 2 cores, calls/s", ONE),
        *("workers", EVALUATING, "rate", TWO, ONE, "times more", 1.5),
    ),
    _stdio("modern"),
    _stdio("legacy"),
    _start("start-import", "`import toolyard`", "imports", "wall_ms", IMPORT_TOOLYARD, 60),
    _start("start-version", "`toolyard --version`", "imports", "wall_ms", VERSION, 150),
    _start(
        *("start-serve", "`serve calculator`, first answer", "calculator", "start_ms"),
        *(CALCULATOR, 400),
    ),
    _start("memory", "a serving calculator, memory", "calculator", "rss_mb", CALCULATOR, 45),
    _agents("agent-bare", "a turn of 1,000 agents at once, CPU", "cpu_us", 8, agent_turns.BARE),
    Goal(
        *("agent-growth", "a turn in a run of 200 tool calls, CPU", "with 10", "agents"),
        *("agents/growth", "cpu_us", agent_turns.row(TOOLYARD, agent_turns.LONG)),
        *(agent_turns.row(TOOLYARD, agent_turns.SHORT), "times at most", 1.2),
    ),
    _agents("agent-memory", "one of 1,000 agents in flight, memory", "agent_kb", 15),
    _teams(
        *("team-heard", "a message heard in a round robin of 1,000 agents, CPU"),
        *("round-robin", "heard_us", team_turns.SOME, 1),
    ),
    _teams(
        *("team-parallel", "a turn of 1,000 agents in parallel, CPU"),
        *("parallel", "cpu_us", team_turns.FEW, 1.3),
    ),
    _teams(
        *("team-layers", "a turn of 1,000 agents in layers, CPU"),
        *("layers", "cpu_us", team_turns.FEW, 1.5),
    ),
    Goal(
        *("team-langgraph", "a turn in a round robin of 100 agents, CPU", "langgraph", "teams"),
        *(team_turns.key("round-robin", team_turns.SOME), "cpu_us", TOOLYARD, "langgraph"),
        *("times less", 4),
    ),
)
