"""As little as can be measured."""

from benchmarks.plan import Amount

BRIEF = Amount(
    name="brief",
    call_rounds=1,
    call_s=0.05,
    longest_s=1,
    tool_eras=(),
    tool_counts=(),
    tool_rounds=0,
    tool_s=0,
    lists=0,
    starts=0,
)
