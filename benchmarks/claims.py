"""What the tables say, in sentences, and which claims they refute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.conversation import ERAS, NAMES
from benchmarks.gateways import DIRECT, FASTMCP, MCP_PROXY_STDIO, TOOLYARD_STDIO
from benchmarks.peers import SDK, TOOLYARD
from benchmarks.start import IMPORT_TOOLYARD
from benchmarks.table import Ratio, Table, growth

Tables = Mapping[str, Table]

_ENOUGH = 5
"""Rounds: three short ones in a row were seen to agree on 0.6x for equals on a busy machine."""
_CLEARLY = 1.05
"""Each round must lose by this ratio: what is less, nobody notices."""
_NO_GROWTH = 1.25
"""Up to this ratio a call costs the same: memory is slower when there is more of it, while a look
at each of 10,000 tools would cost more than the rest of the call."""
_TIMES_FASTMCP = 10
"""Calls per second through our gateway, over those through FastMCP's, at many callers."""


def claims(tables: Sequence[Table]) -> list[str]:
    """One sentence for each comparison of toolyard with the SDK that was measured."""
    said = [sentence for table in tables for sentence in _about(table)]
    return said + _growth({table.key: table for table in tables})


def lost(tables: Sequence[Table]) -> list[str]:
    """One sentence for each claim that these numbers clearly refute; doubt refutes nothing.

    The claims: toolyard serves no fewer calls per second than the SDK, its gateway ten times as
    many as FastMCP's, and the cost of a call does not grow with the number of tools.
    """
    slower = [sentence for table in tables for sentence in (*_slower(table), *_nearer(table))]
    return slower + _grown({table.key: table for table in tables})


def _slower(table: Table) -> list[str]:
    rate = table.ratio(TOOLYARD, "rate") if table.key.startswith("calls/") else None
    if rate is None or rate.rounds < _ENOUGH or not rate.tells_apart:
        return []
    if rate.high > 1 / _CLEARLY:
        return []
    return [f"{table.title}: toolyard is {_times(rate)} the SDK's calls per second{_spread(rate)}."]


def _nearer(table: Table) -> list[str]:
    """Where our gateway is not as far ahead as it should be."""
    rate = table.ratio(TOOLYARD, "rate", FASTMCP) if _has_many_callers(table) else None
    if rate is None or rate.rounds < _ENOUGH or rate.high > _TIMES_FASTMCP / _CLEARLY:
        return []
    return [f"{table.title}: toolyard is only {_times(rate)} {FASTMCP}{_spread(rate)}."]


def _has_many_callers(table: Table) -> bool:
    return table.key.startswith("gateway/") and not table.key.endswith("/1")


def _grown(tables: Tables) -> list[str]:
    said: list[str] = []
    for era, few, many in _extremes(tables):
        ratio = growth(few, many, TOOLYARD, "cpu_us")
        if ratio is not None and ratio.tells_apart and ratio.low > _NO_GROWTH:
            said.append(
                f"Growth: a call of toolyard costs {_times(ratio)} the CPU at 10,000 tools, "
                f"{era} era{_spread(ratio)}."
            )
    return said


def _extremes(tables: Tables) -> list[tuple[str, Table, Table]]:
    """Each era that was measured with the fewest and with the most tools."""
    found: list[tuple[str, Table, Table]] = []
    for era in ERAS:
        few, many = tables.get(f"tools/{era}/1"), tables.get(f"tools/{era}/10000")
        if few is not None and many is not None:
            found.append((era, few, many))
    return found


def _about(table: Table) -> list[str]:
    section, *rest = table.key.split("/")
    if section == "gateway":
        return _through(table)
    if not {TOOLYARD, SDK} <= set(table.rows):
        return []
    if section == "calls":
        era, connections = rest
        return [_calls(table, NAMES[era], connections)]
    if section == "tools":
        return [f"{table.title}: " + _pair(table, "list_ms", "tools/list", "p50_ms", "a call")]
    if section == "start":
        return ["Start: " + _pair(table, "start_ms", "first answer", "rss_mb", "memory")]
    if section != "imports":
        return []
    ratio = _times(table.ratio(IMPORT_TOOLYARD, "cpu_ms"))
    return [f"Imports: `import toolyard` takes {ratio} the CPU of importing the SDK's server."]


def _calls(table: Table, era: str, connections: str) -> str:
    noun = "connection" if connections == "1" else "connections"
    rate = table.ratio(TOOLYARD, "rate")
    cpu = _times(table.ratio(TOOLYARD, "cpu_us"))
    return (
        f"Calls: toolyard is {_times(rate)} the SDK's calls per second at {connections} {noun}, "
        f"{era}{_spread(rate)}, for {cpu} its CPU per call."
    )


def _through(table: Table) -> list[str]:
    """What calls through gateways cost: added time for one caller, rates for many."""
    if not _has_many_callers(table):
        added = (
            f"{row} {table.value(row, 'added_ms'):.2f} ms" for row in table.rows if row != DIRECT
        )
        return [f"{table.title}: added to the p50 of a call: {', '.join(added)}."]
    pairs = ((TOOLYARD, FASTMCP), (TOOLYARD_STDIO, MCP_PROXY_STDIO))
    rates = ((ours, theirs, table.ratio(ours, "rate", theirs)) for ours, theirs in pairs)
    compared = (
        f"{ours} is {_times(rate)} {theirs}{_spread(rate)}" for ours, theirs, rate in rates if rate
    )
    return [f"{table.title}: in calls per second {each}." for each in compared]


def _pair(table: Table, first: str, its_name: str, second: str, other_name: str) -> str:
    one, two = table.ratio(TOOLYARD, first), table.ratio(TOOLYARD, second)
    return (
        f"toolyard's {its_name} is {_times(one)} the SDK's{_spread(one)}, "
        f"{other_name} {_times(two)}{_spread(two)} (less is better)."
    )


def _growth(tables: Tables) -> list[str]:
    """How the cost of a call changes from the fewest to the most tools."""
    said: list[str] = []
    for era, few, many in _extremes(tables):
        grown = [
            f"{many.value(row, 'cpu_us') / few.value(row, 'cpu_us'):.2f}x for {row}"
            for row in many.rows
            if row in few.rows
        ]
        said.append(f"Growth: the CPU of a call at 10,000 tools, {era} era: {', '.join(grown)}.")
    return said


def _times(ratio: Ratio | None) -> str:
    return "?" if ratio is None else f"{ratio.median:.2f}x"


def _spread(ratio: Ratio | None) -> str:
    if ratio is None or ratio.rounds == 1:
        return ""
    doubt = "" if ratio.tells_apart else ", not told apart"
    return f" ({ratio.low:.2f} to {ratio.high:.2f}{doubt})"
