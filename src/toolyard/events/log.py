"""Events as log lines."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from toolyard.core.context import Event
from toolyard.core.printable import escaped
from toolyard.events.agent_events import AgentEvent
from toolyard.events.agent_log import log_agent_event
from toolyard.events.orchestration_events import OrchestrationEvent
from toolyard.events.orchestration_log import log_orchestration_event
from toolyard.events.types import (
    CallFinished,
    ConnectionCut,
    MountChanged,
    RequestRefused,
    ServerStarted,
    ServerStopped,
    ServerStopping,
    SettingsRead,
)

logger = logging.getLogger("toolyard")

FINE = ("ok", "input_required", "cancelled")
"""Outcomes that are nobody's fault."""

LONGEST_START = 11
"""Letters; no slice of a token that somebody put into a path is longer."""

LOGGED = (
    *(CallFinished, RequestRefused, ConnectionCut, ServerStarted, ServerStopping, ServerStopped),
    *(SettingsRead, MountChanged),
)
"""Servers' events that are written; the start of a call is not, nor what the registry logs."""


def log_event(event: Event) -> None:
    """Write one line for what an operator wants to see; the start of a call is not."""
    match event:
        case CallFinished(tool, caller, address, duration_s, outcome):
            level = logging.INFO if outcome in FINE else logging.WARNING
            if not logger.isEnabledFor(level):
                return
            took = f"{duration_s * 1000:.1f} ms"
            who = f"{caller} at {address}" if address else caller
            logger.log(level, "%s %s in %s for %s", escaped(tool), outcome, took, who)
        case RequestRefused(reason, status, address, path):
            logger.warning("refused %s from %s: %s (%d)", _start_of(path), address, reason, status)
        case ConnectionCut(reason, address):
            logger.warning("cut off a connection from %s: %s", address, reason)
        case ServerStarted(name, url):
            logger.info("%s serves at %s", name, url)
        case ServerStopping(_, drain_s, in_flight):
            logger.info("stopping; %d calls have up to %g s to finish", in_flight, drain_s)
        case ServerStopped(_, interrupted):
            logger.info("stopped; %d calls were ended", interrupted)
        case _:
            _log_change(event)


def _log_change(event: Event) -> None:
    """Of agents and their teams, and of what is served."""
    match event:
        case AgentEvent():
            log_agent_event(event)
        case OrchestrationEvent():
            log_orchestration_event(event)
        case SettingsRead(file, changed, problem):
            _log_edit(file, changed, problem)
        case MountChanged(mount, state, error):
            _log_mount(mount, state, error)
        case _:
            pass


def _log_edit(file: str, changed: Sequence[str], problem: str | None) -> None:
    if problem is not None:
        logger.error("%s was edited: %s", file, problem)
    if changed:
        logger.info("%s was edited; this changed: %s", file, ", ".join(changed))


def _log_mount(mount: str, state: str, error: str | None) -> None:
    if state == "failed":
        logger.warning("%r has failed: %s", mount, error)
    else:
        logger.info("%r is %s", mount, state)


def _start_of(path: str) -> str:
    """What was asked for, `/mcp` or `/mcp/…`: further on there may be a token."""
    start, _, rest = path.removeprefix("/").partition("/")
    shown = escaped(start) if len(start) <= LONGEST_START else "…"
    return f"/{shown}/…" if rest else f"/{shown}"
