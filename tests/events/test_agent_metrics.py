"""Prometheus sees what agents use, however many names there are."""

import sys
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from tests.events.examples import HOSTILE, example, hostile, kinds
from tests.support.process import run

from toolyard.events.agent_events import (
    LLMCallCompleted,
    SendCompleted,
    SendFailed,
    ToolExecutionCompleted,
)
from toolyard.events.agent_metrics import MOST_SERIES, AgentMetrics


def samples(metrics: AgentMetrics) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(metrics)  # pyright: ignore[reportArgumentType]
    lines = generate_latest(registry).decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_tokens_money_tools_and_runs_are_counted() -> None:
    metrics = AgentMetrics()
    who: dict[str, Any] = {"agent_name": "ann", "model": "openai:gpt"}
    for cost in (0.25, 0.5, None, float("nan"), -1.0):
        event = example(LLMCallCompleted, **who, cost_usd=cost, input_tokens=10, output_tokens=3)
        metrics(event)
    metrics(example(LLMCallCompleted, **who, input_tokens=-5, output_tokens=0))
    for success in (True, True, False):
        metrics(example(ToolExecutionCompleted, **who, tool_name="add", success=success))
    metrics(example(SendCompleted, **who))
    metrics(example(SendFailed, **who, error="cancelled"))
    metrics(example(SendFailed, **who, error="It broke."))

    model = 'agent="ann",model="openai:gpt"'
    assert samples(metrics) == {
        'toolyard_model_tokens_total{agent="ann",kind="input",model="openai:gpt"}': 50,
        'toolyard_model_tokens_total{agent="ann",kind="output",model="openai:gpt"}': 15,
        f"toolyard_model_cost_usd_total{{{model}}}": 0.75,
        'toolyard_agent_tool_calls_total{agent="ann",outcome="ok",tool="add"}': 2,
        'toolyard_agent_tool_calls_total{agent="ann",outcome="error",tool="add"}': 1,
        'toolyard_agent_runs_total{agent="ann",outcome="ok"}': 1,
        'toolyard_agent_runs_total{agent="ann",outcome="cancelled"}': 1,
        'toolyard_agent_runs_total{agent="ann",outcome="error"}': 1,
    }


def test_names_that_others_choose_are_bounded_in_number_and_length() -> None:
    metrics = AgentMetrics()
    for each in range(MOST_SERIES + 50):
        metrics(example(ToolExecutionCompleted, agent_name="ann", tool_name=f"{each}" + "x" * 999))
    metrics(example(ToolExecutionCompleted, agent_name="ann", tool_name="0" + "x" * 999))
    counted = samples(metrics)
    assert len(counted) == MOST_SERIES + 1
    other = 'toolyard_agent_tool_calls_total{agent="other",outcome="ok",tool="other"}'
    assert counted[other] == 50
    assert sum(counted.values()) == MOST_SERIES + 51
    assert max(map(len, counted)) < 300


def test_hostile_names_forge_no_sample() -> None:
    metrics = AgentMetrics()
    for kind in kinds():
        metrics(hostile(kind))
    for name in samples(metrics):
        assert name.startswith("toolyard_")
        assert name.isprintable()
        assert HOSTILE not in name


def test_prometheus_is_not_loaded_until_somebody_asks() -> None:
    script = (
        "import sys; from toolyard import AgentMetrics, SendFailed\n"
        "AgentMetrics()(SendFailed(agent_id='1', agent_name='a', error='b'))\n"
        "print('prometheus_client' in sys.modules)"
    )
    assert run([sys.executable, "-c", script]).output == "False\n"
