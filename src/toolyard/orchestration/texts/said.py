"""What is said to those who are no agents, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

from toolyard.agents.run_result import RunResult
from toolyard.core.content import Text
from toolyard.llm.session import Said
from toolyard.llm.usage import NO_USAGE


def text_of(said: Sequence[Said]) -> str:
    """All that is text, in paragraphs; pictures are left out."""
    texts = (each.text if isinstance(each, Text) else each for each in said)
    return "\n\n".join(text for text in texts if isinstance(text, str))


def shown(value: Any) -> str:
    """`value` as others read it: a text as it is, anything else as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    from pydantic_core import to_json  # whoever deals in texts alone does without it

    return to_json(value, indent=2, fallback=str).decode()


def result_of(
    output: Any,
    *,
    cost_usd: Decimal | None = Decimal(0),
    status: Literal["complete", "partial"] = "complete",
) -> RunResult[Any]:
    """The result of a run in which no model of ours was asked."""
    return RunResult(
        output=output,
        text=shown(output),
        status=status,
        usage=NO_USAGE,
        cost_usd=cost_usd,
        turns=0,
        tool_calls=0,
        run_id="",
    )
