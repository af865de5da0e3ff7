"""Events as log lines."""

from __future__ import annotations

import logging

from toolyard.core.context import Event
from toolyard.events.types import (
    CallFinished,
    RequestRefused,
    ServerStarted,
    ServerStopped,
    ServerStopping,
)

logger = logging.getLogger("toolyard")


def log_event(event: Event) -> None:
    """Write one line for what an operator wants to see; the start of a call is not."""
    match event:
        case CallFinished(tool, caller, address, duration_s, outcome):
            level = logging.INFO if outcome == "ok" else logging.WARNING
            took = f"{duration_s * 1000:.1f} ms"
            logger.log(level, "%s %s in %s for %s %s", tool, outcome, took, caller, address or "")
        case RequestRefused(reason, status, address, path):
            logger.warning("refused %s from %s: %s (%d)", path[:200], address, reason, status)
        case ServerStarted(name, url):
            logger.info("%s serves at %s", name, url)
        case ServerStopping(_, drain_s, in_flight):
            logger.info("stopping; %d calls have up to %g s to finish", in_flight, drain_s)
        case ServerStopped(_, interrupted):
            logger.info("stopped; %d calls were ended", interrupted)
        case _:
            pass
