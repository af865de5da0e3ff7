"""A call that shows whether a source is fit to take another's place."""

from __future__ import annotations

import anyio

from toolyard.core.context import CallContext
from toolyard.core.errors import SwapRefused, ToolyardError
from toolyard.core.tool import ToolCall
from toolyard.registry.mount import Mount

PROBE_S = 30.0


async def check(mount: Mount, probe: ToolCall) -> None:
    """Raise `SwapRefused` unless `mount` answers `probe` well; it has its own name of the tool."""
    problem = None
    try:
        with anyio.fail_after(PROBE_S):
            result = await mount.life.call(probe, CallContext())
    except (ToolyardError, TimeoutError) as error:
        problem = str(error) or f"no answer within {PROBE_S:g} s"
    else:
        problem = result.text if result.is_error else None
    if problem is not None:
        raise SwapRefused(mount.name, [f"The probe {probe.name!r} failed: {problem}"])
