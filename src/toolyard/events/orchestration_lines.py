"""What teams of agents did, as lines for people at a terminal; each is safe to be written there."""

from __future__ import annotations

from toolyard.core.context import Event
from toolyard.core.printable import on_one_line, one_line
from toolyard.events.agent_lines import AgentLine, lasted, named
from toolyard.events.agent_log import CANCELLED, price
from toolyard.events.orchestration_events import (
    AgentFailed,
    ConvergenceChecked,
    OrchestrationEvent,
    RalphTaskCompleted,
    RoundStarted,
    RunCompleted,
    RunFailed,
    RunStarted,
    StepRecovered,
    TaskClaimed,
    TaskCompleted,
    TaskFailed,
)


def orchestration_line(event: Event) -> AgentLine | None:
    """What is worth a line once it has happened; `None` for the rest."""
    if not isinstance(event, OrchestrationEvent):
        return None
    line = _line_of_run(event) or _line_of_task(event)
    if line is None:
        return None
    mark, text, style = line
    return AgentLine(mark, named(event.orchestration_name), text, style)


def _line_of_run(event: OrchestrationEvent) -> tuple[str, str, str] | None:
    """The mark, the text and the style."""
    match event:
        case RunStarted(mode=mode, agent_count=count):
            members = f"{count} member{'' if count == 1 else 's'}"
            return "▶", f"{one_line(mode, 40)} with {members}", "bold cyan"
        case RoundStarted(round=number):
            return "─", f"round {number}", "dim"
        case ConvergenceChecked(score=score, threshold=threshold, converged=converged):
            style = "green" if converged else "dim"
            return "≈", f"agrees to {score:.2f}, of {threshold:.2f}", style
        case RunCompleted(duration_s=took, rounds=rounds, total_tokens=tokens, cost_usd=cost):
            how = "done" if event.is_complete else "not done"
            went = f"{rounds} round{'' if rounds == 1 else 's'}" if rounds else ""
            facts = (f"{how} after {lasted(took)}", went, f"{tokens:,} tokens", price(cost))
            style = "bold green" if event.is_complete else "yellow"
            return "●", " · ".join(filter(None, facts)), style
        case RunFailed(error=error):
            mark, style = ("■", "yellow") if error == CANCELLED else ("✗", "red")
            return mark, one_line(error, 300), style
        case _:
            return None


def _line_of_task(event: OrchestrationEvent) -> tuple[str, str, str] | None:
    match event:
        case TaskClaimed(agent_name=name, task_id=task):
            return "◔", f"{named(name)} took {one_line(task, 60)}", "cyan"
        case TaskCompleted(agent_name=name, task_id=task):
            return "✓", f"{named(name)} completed {one_line(task, 60)}", "green"
        case RalphTaskCompleted(agent_name=name, task_ids=tasks):
            done = f"{event.tasks_completed_total} of {event.tasks_total}"
            return "✓", f"{named(name)} completed {one_line(', '.join(tasks), 60)}: {done}", "green"
        case TaskFailed(agent_name=name, task_id=task, error=error):
            return "✗", f"{named(name)}, {one_line(task, 60)}: {on_one_line(error, 200)}", "red"
        case StepRecovered(step_id=step, recovery=recovery, error=error):
            said = f"{one_line(step, 60)}: {one_line(recovery, 20)}: {on_one_line(error, 200)}"
            return "↻", said, "yellow"
        case AgentFailed(agent_name=name, error=error):
            return "✗", f"{named(name)} gave no answer: {one_line(error, 200)}", "red"
        case _:
            return None
