"""What teams of agents do, as log lines: nothing that was said is in them, only how much."""

from __future__ import annotations

import logging
from typing import Any

from toolyard.core.printable import escaped
from toolyard.events.agent_log import CANCELLED, price
from toolyard.events.orchestration_events import (
    AgentFailed,
    AgentResponded,
    AgentSelected,
    ConvergenceChecked,
    OrchestrationEvent,
    RalphIterationStarted,
    RalphTaskCompleted,
    RoundStarted,
    RunCompleted,
    RunFailed,
    RunStarted,
    Scored,
    StepRecovered,
    TaskClaimed,
    TaskCompleted,
    TaskFailed,
)

logger = logging.getLogger("toolyard.orchestration")


def log_orchestration_event(event: OrchestrationEvent) -> None:
    """Write one line; how a run and its tasks ended from INFO on, its steps for DEBUG only."""
    match event:
        case RunCompleted():
            _log_end(event)
        case RunFailed(error=error):
            level = logging.INFO if error == CANCELLED else logging.WARNING
            _log(level, event, "%s came to no result: %s", escaped(error))
        case AgentFailed(agent_name=name, error=error):
            said = "%s: %s gave no answer: %s"
            _log(logging.WARNING, event, said, escaped(name), escaped(error))
        case StepRecovered(step_id=step, recovery=recovery, error=error):
            said = "%s: step %s failed (%s); recovery: %s"
            _log(logging.WARNING, event, said, escaped(step), escaped(error), escaped(recovery))
        case TaskCompleted(agent_name=name, task_id=task):
            said = "%s: %s completed task %s"
            _log(logging.INFO, event, said, escaped(name), escaped(task), task=task)
        case RalphTaskCompleted(agent_name=name, task_ids=tasks):
            said = "%s: %s completed %s; %d of %d tasks are done"
            done = (event.tasks_completed_total, event.tasks_total)
            _log(logging.INFO, event, said, escaped(name), escaped(", ".join(tasks)), *done)
        case TaskFailed(agent_name=name, task_id=task, error=error):
            said = "%s: %s did not get task %s done: %s"
            who = (escaped(name), escaped(task), escaped(error))
            _log(logging.WARNING, event, said, *who, task=task)
        case _:
            _log_step(event)


def _log_end(event: RunCompleted) -> None:
    how = "is done" if event.is_complete else "ended before it was done"
    _log(
        logging.INFO,
        event,
        f"%s {how} after %.1f s: %d rounds, %d tokens, %s",
        *(event.duration_s, event.rounds, event.total_tokens, price(event.cost_usd)),
        latency_s=event.duration_s,
        tokens=event.total_tokens,
        cost_usd=event.cost_usd,
    )


def _log_step(event: OrchestrationEvent) -> None:
    match event:
        case RunStarted(mode=mode, agent_count=count):
            _log(logging.DEBUG, event, "%s begins: %s with %d members", escaped(mode), count)
        case RoundStarted(round=number):
            _log(logging.DEBUG, event, "%s begins round %d", number)
        case AgentSelected(agent_name=name, reason=reason):
            _log(logging.DEBUG, event, "%s asks %s: %s", escaped(name), escaped(reason))
        case AgentResponded(agent_name=name, duration_s=took, response_length=length):
            said = "%s: %s answered in %.1f s, with %d bytes"
            _log(logging.DEBUG, event, said, escaped(name), took, length, latency_s=took)
        case TaskClaimed(agent_name=name, task_id=task):
            _log(logging.DEBUG, event, "%s: %s took task %s", escaped(name), escaped(task))
        case _:
            _log_progress(event)


def _log_progress(event: OrchestrationEvent) -> None:
    match event:
        case RalphIterationStarted(tasks_completed=done, tasks_total=total):
            said = "%s begins iteration %d of %d; %d of %d tasks are done"
            _log(logging.DEBUG, event, said, event.iteration, event.max_iterations, done, total)
        case ConvergenceChecked(score=score, threshold=threshold):
            _log(logging.DEBUG, event, "%s agrees to %.2f of %.2f", score, threshold)
        case Scored(subject=subject, score=score):
            _log(logging.DEBUG, event, "%s: %s scores %.2f", escaped(subject), score)
        case _:
            pass


def _log(level: int, event: OrchestrationEvent, text: str, *values: object, **more: Any) -> None:
    if logger.isEnabledFor(level):
        extra = {"orchestration": event.orchestration_name, "run_id": event.run_id, **more}
        logger.log(level, text, escaped(event.orchestration_name), *values, extra=extra)
